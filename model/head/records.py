"""Records of the head: the last maps, their means, the logits, and the probabilities."""

from dataclasses import dataclass

import numpy as np

from model.records import Activation, Numbers


@dataclass(frozen=True, eq=False, slots=True)
class Head:
    """The arithmetic from the last maps to the logits, in double precision.

    ``logit[k] = Σ_c weights[k, c] × mean(maps[c]) + biases[k]``. The mean and the weighted sum commute, so the logit is
    also ``mean(class_maps[k]) + biases[k]``.

    Attributes:
        source: Name of the step whose maps are averaged.
        pool: Name of the average pool.
        convolution: Name of the 1x1 convolution after the pool.
        maps: (C, H, W).
        weights: (K, C).
        biases: (K,).
        logits: The logits that the network computed, (K,).
    """

    source: str
    pool: str
    convolution: str
    maps: Numbers
    weights: Numbers
    biases: Numbers
    logits: Activation

    @property
    def units(self) -> int:
        """Number of units of one map."""
        return int(self.maps[0].size)

    @property
    def sums(self) -> Numbers:
        """The sum of each map, (C,)."""
        summed: Numbers = self.maps.sum(axis=(1, 2))
        return summed

    @property
    def means(self) -> Numbers:
        """The mean of each map, (C,)."""
        return self.sums / self.units

    @property
    def contributions(self) -> Numbers:
        """The contribution of each map to the logit of each class, (K, C)."""
        products: Numbers = self.weights * self.means
        return products

    @property
    def class_maps(self) -> Numbers:
        """The weighted sum of the maps for each class, (K, H, W)."""
        summed: Numbers = np.einsum("kc,cyx->kyx", self.weights, self.maps)
        return summed

    @property
    def exact_logits(self) -> Numbers:
        """The logits in double precision, (K,)."""
        summed: Numbers = self.contributions.sum(axis=1) + self.biases
        return summed

    @property
    def ranking(self) -> tuple[int, ...]:
        """The classes, sorted by their logits, the largest first."""
        return tuple(int(k) for k in (-self.logits).argsort(kind="stable"))


@dataclass(frozen=True, eq=False, slots=True)
class ScaledSoftmax:
    """The arithmetic of a softmax with temperature scaling.

    ``probability[k] = exp(logits[k] / T) / Σ exp(logits / T)``; the network itself has T = 1.

    Attributes:
        temperature: T, above 0.
        logits: (K,).
        exponentials: Exponentials of the logits over T, (K,); infinite beyond the range of a float.
        total: Sum of the exponentials.
        log_total: Logarithm of the sum, always finite.
    """

    temperature: float
    logits: Numbers
    exponentials: Numbers
    total: float
    log_total: float

    @property
    def scaled(self) -> Numbers:
        """The logits over T, (K,)."""
        return self.logits / self.temperature

    @property
    def log_probabilities(self) -> Numbers:
        """The logarithms of the probabilities, (K,)."""
        return self.scaled - self.log_total

    @property
    def probabilities(self) -> Numbers:
        """The probabilities, (K,)."""
        return np.exp(self.log_probabilities)


@dataclass(frozen=True, eq=False, slots=True)
class RowChange:
    """The outputs of one row in two traces.

    Attributes:
        name: Name of the row.
        kind: Kind of the row.
        before: Output in the first trace, (C, H, W).
        after: Output in the second trace, (C, H, W).
    """

    name: str
    kind: str
    before: Activation
    after: Activation

    @property
    def difference(self) -> Activation:
        """The second output minus the first, (C, H, W)."""
        return self.after - self.before

    @property
    def relative(self) -> float:
        """``|after − before| / |before|`` with Euclidean norms; infinite if only ``before`` is all zero."""
        changed, norm = (float(np.linalg.norm(values)) for values in (self.difference, self.before))
        return changed / norm if norm else (float("inf") if changed else 0.0)
