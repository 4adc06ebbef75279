"""Which pixels spoke for a score, by which method, and what can be said against the answer."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from model.records import Activation

Output = Literal["logit", "log_probability", "difference"]


@dataclass(frozen=True, slots=True)
class MethodOption:
    """A number that a method of attribution lets one choose.

    Attributes:
        name: As ``attribute`` takes it.
        label: For a person.
        default: What is taken where nothing is chosen.
        least: The smallest value allowed.
        most: The largest.
        step: Between values; whole numbers where this is a whole number.
        about: One sentence on what it changes.
    """

    name: str
    label: str
    default: float
    least: float
    most: float
    step: float
    about: str


@dataclass(frozen=True, slots=True)
class Method:
    """What is known of a method of attribution.

    Attributes:
        name: As ``attribute`` takes it: ``integrated_gradients``.
        title: As it is printed: Integrated gradients.
        idea: One sentence.
        formula: One line that ``mathematics.typeset`` can set.
        where: What the symbols of the formula mean.
        paper: Authors, title and year.
        link: To the paper.
        cost: How often the network runs for one map, in words: "1 forward and 1 backward pass".
        options: What can be chosen.
        adds_up: Whether its attributions are meant to sum to the score less the baseline's score.
        starts_from_score: Whether it hands the score itself back, without a baseline, some of it staying on the way.
        uses_baseline: Whether a baseline changes its map.
        uses_layer: Whether it looks at the maps of a chosen step.
        draws: Whether it draws random numbers, so that a seed changes its map.
        is_slope: Whether its attributions say what a small change of each pixel does, not what each pixel did.
        outputs: What it can explain.
    """

    name: str
    title: str
    idea: str
    formula: str
    where: str
    paper: str
    link: str
    cost: str
    options: tuple[MethodOption, ...] = ()
    adds_up: bool = False
    starts_from_score: bool = False
    uses_baseline: bool = False
    uses_layer: bool = False
    draws: bool = False
    is_slope: bool = False
    outputs: tuple[Output, ...] = ("logit", "log_probability", "difference")


@dataclass(frozen=True, slots=True)
class AttributionPlan:
    """Everything that decides a map but the network and the digit; plain values, so that it can key a cache.

    Attributes:
        method: Its name.
        target: The class explained.
        output: What of the class is explained.
        against: The class that it is held against, where the output is a difference.
        baseline: What stands for "nothing".
        layer: The step whose maps a method looks at, where it looks at one; None for the usual one.
        at: The step whose activation is explained in the image's place, or None for the image.
        seed: For what the method, or the baseline, draws.
        options: Of the method, by name; the others are as usual.
    """

    method: str
    target: int
    output: Output = "logit"
    against: int | None = None
    baseline: str = "black"
    layer: str | None = None
    at: str | None = None
    seed: int = 0
    options: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class Attribution:
    """What each pixel contributed to a score, as one method sees it.

    Attributes:
        method: Its name.
        target: The class explained.
        against: The class that it is held against, where the output is a difference.
        output: What of the class is explained.
        values: Signed, (28, 28); (H, W) of the step ``at`` where the method was applied to a step's activation.
        raw: Before anything is stretched to the image, (H, W): smaller than ``values`` for Grad-CAM alone.
        baseline: The normalised image that stands for "nothing", (28, 28).
        score: The output for this digit.
        baseline_score: The output for the baseline.
        layer: The step whose maps were looked at, for a method that looks at one.
        at: The step whose activation is explained in the image's place, or None for the image.
        seconds: How long it took.
    """

    method: str
    target: int
    against: int | None
    output: Output
    values: Activation
    raw: Activation
    baseline: Activation
    score: float
    baseline_score: float
    layer: str | None
    at: str | None
    seconds: float

    @property
    def settled(self) -> Activation:
        """The values, 0 where they are under a millionth of the largest.

        Where a method's rule gives 0, single precision leaves crumbs: they would be counted, and ranked.
        """
        return np.where(np.abs(self.values) < 1e-6 * self.limit, np.float32(0), self.values)

    @property
    def total(self) -> float:
        """The sum of all attributions."""
        return float(self.values.sum(dtype=np.float64))

    @property
    def gained(self) -> float:
        """How much more the digit scores than the baseline."""
        return self.score - self.baseline_score

    @property
    def delta(self) -> float:
        """How far the sum of the attributions is from what the digit gained: 0 for one that adds up."""
        return self.total - self.gained

    @property
    def gap(self) -> float:
        """The size of ``delta`` as a share of what was gained; infinite where nothing was."""
        return abs(self.delta / self.gained) if self.gained else float("inf")

    @property
    def kept(self) -> float:
        """How much of the score itself the attributions leave out, whatever the baseline scores."""
        return self.score - self.total

    @property
    def limit(self) -> float:
        """The largest attribution, sign aside: both ends of a scale that is symmetric about zero."""
        return float(np.abs(self.values).max())

    @property
    def is_blank(self) -> bool:
        """Whether nothing is attributed to any pixel."""
        return not self.values.any()


@dataclass(frozen=True, eq=False, slots=True)
class Collapse:
    """A map while the network's weights are made random from the top, row by row.

    Attributes:
        rows: The rows made random, the last row of the network first; each stage keeps those before it random.
        attributions: The map with nothing random, then the map after each row: one more than there are rows.
        rank_correlations: Spearman's, of the sizes of each map with those of the first; nan where one is constant.
        signed_rank_correlations: Of the maps as they are.
        similarities: Structural similarity of the sizes of each map with those of the first, each scaled to 0..1.
    """

    rows: tuple[str, ...]
    attributions: tuple[Attribution, ...]
    rank_correlations: tuple[float, ...]
    signed_rank_correlations: tuple[float, ...]
    similarities: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Reaction:
    """Whether a map changes as much when the network forgets as it does when the digit is another.

    Attributes:
        forgotten: The mean rank correlation of the map with those of the networks that forgot.
        others: The rank correlation of the map with the map of each of some other digits.
        floor: Below this the map has reacted, whatever the other digits give.
        ceiling: Above this the map has not reacted, whatever the other digits give.
    """

    forgotten: float
    others: tuple[float, ...]
    floor: float
    ceiling: float

    @property
    def limit(self) -> float:
        """The rank correlation that a map which reacts stays under."""
        return min(self.ceiling, max(self.floor, *self.others))

    @property
    def reacts(self) -> bool:
        """Whether the map reacted; a blank map cannot."""
        return self.forgotten < self.limit


@dataclass(frozen=True, eq=False, slots=True)
class EdgeControl:
    """How much a map looks like the plain edges of the digit, for which no network is needed.

    Attributes:
        edges: The size of Sobel's gradient, (28, 28).
        rank_correlation: Spearman's, of the sizes of the map with the edges; nan where one is constant.
        similarity: Structural similarity of both, each scaled to 0..1.
    """

    edges: Activation
    rank_correlation: float
    similarity: float


@dataclass(frozen=True, eq=False, slots=True)
class PixelCurves:
    """The probability of the target while pixels are taken away, or brought back, in order of attribution.

    Attributes:
        counts: How many pixels were changed, from 0 to all, (n,).
        deletion: The probability after the highest pixels became the baseline's, (n,).
        insertion: The probability after the highest pixels of the digit were put into the baseline, (n,).
        random_deletion: The same in random orders, (orders, n).
        random_insertion: Likewise.
    """

    counts: npt.NDArray[np.int64]
    deletion: Activation
    insertion: Activation
    random_deletion: Activation
    random_insertion: Activation

    def area(self, curve: Activation) -> npt.NDArray[np.float64]:
        """The area under a curve, or under each of several, with all pixels as 1: between 0 and 1."""
        return np.asarray(np.trapezoid(curve, self.counts / self.counts[-1], axis=-1), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Robustness:
    """How a map fares when the digit is changed a little.

    Attributes:
        sensitivity: The largest change of the map over the trials, as a share of its length.
        infidelity: The mean squared difference between what the map predicts and what the score did.
        best_infidelity: The same for the map times the one number that makes it smallest.
        blank_infidelity: The same for a blank map: the mean square of what the score did.
        radius: How far each pixel may move, in normalised ink, for the sensitivity.
        noise: The deviation of the noise, in normalised ink, for the infidelity.
        trials: How many changed digits were explained, for the sensitivity.
        probes: How many changed digits were scored, for the infidelity.
    """

    sensitivity: float
    infidelity: float
    best_infidelity: float
    blank_infidelity: float
    radius: float
    noise: float
    trials: int
    probes: int

    @property
    def missed(self) -> float:
        """The share of what the score did that no multiple of the map predicts; nan where it did nothing."""
        return self.best_infidelity / self.blank_infidelity if self.blank_infidelity else float("nan")
