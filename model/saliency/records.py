"""Methods of attribution and the attributions that they return."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from model.records import Activation

Output = Literal["logit", "log_probability", "difference"]


@dataclass(frozen=True, slots=True)
class MethodOption:
    """A numeric option of a method of attribution.

    Attributes:
        name: As ``attribute`` takes it.
        label: As the page shows it.
        default: The default value.
        least: The smallest value allowed.
        most: The largest value allowed.
        step: Between values; if it is a whole number, so are all values.
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
    """The description of a method of attribution.

    Attributes:
        name: As ``attribute`` takes it: ``integrated_gradients``.
        title: As the page shows it: Integrated gradients.
        idea: One sentence.
        formula: One line that ``mathematics.typeset`` can set.
        where: What the symbols of the formula mean.
        paper: Authors, title and year.
        link: To the paper.
        cost: How often the network runs for one map, in words: "1 forward and 1 backward pass".
        options: Its options.
        adds_up: Whether its attributions are meant to sum to the score less the baseline's score.
        starts_from_score: Whether it passes the score itself back, without a baseline, and loses a part on the way.
        uses_baseline: Whether a baseline changes its map.
        uses_layer: Whether it uses the maps of a chosen step.
        is_random: Whether it draws random numbers, so that a seed changes its map.
        is_gradient: Whether its attributions say how a small change of each pixel would change the score, and not what
            each pixel contributes.
        outputs: The scores that it can explain.
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
    is_random: bool = False
    is_gradient: bool = False
    outputs: tuple[Output, ...] = ("logit", "log_probability", "difference")


@dataclass(frozen=True, slots=True)
class AttributionPlan:
    """Everything that determines a map except the network and the digit; plain values, so that it can key a cache.

    Attributes:
        method: The name of the method.
        target: The class explained.
        output: The score explained.
        against: The other class of a difference.
        baseline: The name of the baseline.
        layer: The step whose maps the method uses, if it uses any; None for the default.
        at: The step whose activation is explained, or None for the image.
        seed: For the random numbers of the method or the baseline.
        options: Options of the method, by name; the others have their defaults.
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
    """The contribution of each pixel to a score, according to one method.

    Attributes:
        method: The name of the method.
        target: The class explained.
        against: The other class of a difference.
        output: The score explained.
        values: Signed, (H, W) of the image, or of the step ``at`` if the method explains a step's activation; the sum
            over channels.
        raw: Before they are stretched to the image, (H, W): smaller than ``values`` for Grad-CAM only.
        baseline: The normalised baseline, (H, W), or (C, H, W) in colour.
        score: The score of this digit.
        baseline_score: The score of the baseline.
        layer: The step whose maps the method uses, if it uses any.
        at: The step whose activation is explained, or None for the image.
        seconds: How long it took.
        channels: For each channel, (C, H, W), or (1, H, W) where the method treats all channels at once.
        classes: The name of each class, K or none; without names a class is called by its number.
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
    channels: Activation
    classes: tuple[str, ...] = ()

    def class_name(self, target: int) -> str:
        """Return what a class is called."""
        return self.classes[target] if self.classes else str(target)

    @property
    def significant(self) -> Activation:
        """The values, with 0 for those below a millionth of the largest.

        Where the rule of a method gives 0, single precision can leave a rounding error; it must not be counted or
        ranked.
        """
        return np.where(np.abs(self.values) < 1e-6 * self.largest, np.float32(0), self.values)

    @property
    def total(self) -> float:
        """The sum of all attributions."""
        return float(self.values.sum(dtype=np.float64))

    @property
    def gain(self) -> float:
        """The score of the digit less the score of the baseline."""
        return self.score - self.baseline_score

    @property
    def delta(self) -> float:
        """The sum of the attributions less the gain: 0 for a map that adds up."""
        return self.total - self.gain

    @property
    def gap(self) -> float:
        """The absolute value of ``delta`` as a share of the gain; infinite if there is no gain."""
        return abs(self.delta / self.gain) if self.gain else float("inf")

    @property
    def remainder(self) -> float:
        """The score less the sum of the attributions, without regard to the baseline."""
        return self.score - self.total

    @property
    def largest(self) -> float:
        """The largest absolute value: both ends of a scale that is symmetric about zero."""
        return float(np.abs(self.values).max())

    @property
    def is_blank(self) -> bool:
        """Whether every attribution is 0."""
        return not self.values.any()
