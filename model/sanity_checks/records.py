"""Results of the sanity checks of an attribution."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from model.records import Activation
from model.saliency.records import Attribution


@dataclass(frozen=True, eq=False, slots=True)
class Randomization:
    """The map while the weights of the network are randomized row by row, from the last row to the first.

    Attributes:
        rows: The rows randomized, the last row of the network first; each stage keeps the earlier ones randomized.
        attributions: The map of the trained network, then the map after each row: one more than there are rows.
        rank_correlations: Spearman's, of the absolute values of each map with those of the first; nan for a constant
            map.
        signed_rank_correlations: The same for the signed values.
        similarities: Structural similarity of the absolute values of each map and of the first, each scaled to 0..1.
    """

    rows: tuple[str, ...]
    attributions: tuple[Attribution, ...]
    rank_correlations: tuple[float, ...]
    signed_rank_correlations: tuple[float, ...]
    similarities: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class WeightDependence:
    """Whether randomized weights change a map as much as another digit does.

    Attributes:
        correlation: The mean rank correlation of the map with those of the randomized networks.
        others: The rank correlation of the map with the map of each of some other digits.
        floor: Below this correlation the map depends on the weights, for any maps of other digits.
        ceiling: Above this correlation it does not, for any maps of other digits.
    """

    correlation: float
    others: tuple[float, ...]
    floor: float
    ceiling: float

    @property
    def limit(self) -> float:
        """The rank correlation below which a map depends on the weights."""
        return min(self.ceiling, max(self.floor, *self.others))

    @property
    def is_dependent(self) -> bool:
        """Whether the map depends on the weights; false for a blank map."""
        return self.correlation < self.limit


@dataclass(frozen=True, eq=False, slots=True)
class EdgeComparison:
    """How similar a map is to the edges of the digit, which need no network.

    Attributes:
        edges: The magnitude of Sobel's gradient, (28, 28).
        rank_correlation: Spearman's, of the absolute values of the map with the edges; nan if one is constant.
        similarity: Structural similarity of both, each scaled to 0..1.
    """

    edges: Activation
    rank_correlation: float
    similarity: float


@dataclass(frozen=True, eq=False, slots=True)
class PixelCurves:
    """The probability of the target while pixels are deleted or inserted, in order of attribution.

    Attributes:
        counts: How many pixels are changed, from 0 to all, (n,).
        deletion: The probability after the pixels with the highest attributions are replaced by the baseline, (n,).
        insertion: The probability after these pixels of the digit are inserted into the baseline, (n,).
        random_deletion: Deletion in random orders, (orders, n).
        random_insertion: Insertion in the same random orders, (orders, n).
    """

    counts: npt.NDArray[np.int64]
    deletion: Activation
    insertion: Activation
    random_deletion: Activation
    random_insertion: Activation

    def area(self, curve: Activation) -> npt.NDArray[np.float64]:
        """The area under a curve, or under each of several, if all pixels are 1 wide: between 0 and 1."""
        return np.asarray(np.trapezoid(curve, self.counts / self.counts[-1], axis=-1), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Robustness:
    """How a map behaves when the digit changes a little.

    Attributes:
        sensitivity: The largest change of the map over the trials, as a share of its norm.
        infidelity: The mean squared difference between the predicted and the real change of the score.
        best_infidelity: The same for the map times the factor that makes it smallest.
        blank_infidelity: The same for a blank map: the mean squared change of the score.
        radius: How far each pixel may move, in normalised ink, for the sensitivity.
        noise: The standard deviation of the noise, in normalised ink, for the infidelity.
        trials: How many changed digits are explained, for the sensitivity.
        probes: How many changed digits are scored, for the infidelity.
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
    def unexplained(self) -> float:
        """The share of the score's change that no multiple of the map predicts; nan if the score does not change."""
        return self.best_infidelity / self.blank_infidelity if self.blank_infidelity else float("nan")


@dataclass(frozen=True, eq=False, slots=True)
class CheckResults:
    """A map and the results of its checks so far; None for a check that is still running.

    Attributes:
        attribution: The map.
        edges: Its comparison with the edges of the digit.
        dependence: On the weights.
        curves: Deletion and insertion in the order of its pixels.
        robustness: Against noise.
    """

    attribution: Attribution
    edges: EdgeComparison
    dependence: WeightDependence | None = None
    curves: PixelCurves | None = None
    robustness: Robustness | None = None
