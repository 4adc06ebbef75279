"""Records of the head: the last maps, their means, the logits, and the probabilities."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.records import Activation, Numbers


@dataclass(frozen=True, eq=False, slots=True)
class Head:
    """The arithmetic from the last maps to the logits, in double precision; the logits are linear in these maps.

    Where the head averages each map, ``logit[k] = Σ_c weights[k, c] × mean(maps[c]) + biases[k]``. The mean and the
    weighted sum commute, so the logit is also ``mean(class_maps[k]) + biases[k]``. Where it flattens the maps, each
    unit has a weight of its own: ``logit[k] = Σ_cyx weights[k, c, y, x] × maps[c, y, x] + biases[k]``, which is
    ``sum(class_maps[k]) + biases[k]``.

    Attributes:
        source: Name of the step that gives the maps.
        pool: Name of the step that averages them; empty where none does.
        convolution: Name of the last step with weights, a 1x1 convolution or a linear layer; empty where none has any.
        maps: (C, H, W).
        weights: (K, C) of the means, or (K, C, H, W) of the units.
        biases: (K,).
        logits: The logits that the network computed, (K,).
        steps: Names of the steps from the maps to the logits, in the order they run.
        classes: The name of each class, K or none; without names a class is called by its number.
    """

    source: str
    pool: str
    convolution: str
    maps: Numbers
    weights: Numbers
    biases: Numbers
    logits: Activation
    steps: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()

    def class_name(self, k: int) -> str:
        """Return what a class is called."""
        return self.classes[k] if self.classes else str(k)

    @property
    def averages(self) -> bool:
        """Whether all units of a map have the same weight, so that only its mean counts."""
        return self.weights.ndim == 2

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
        if self.averages:
            products: Numbers = self.weights * self.means
            return products
        summed: Numbers = np.einsum("kcyx,cyx->kc", self.weights, self.maps)
        return summed

    @property
    def class_maps(self) -> Numbers:
        """The weighted sum of the maps for each class, (K, H, W)."""
        axes = "kc,cyx->kyx" if self.averages else "kcyx,cyx->kyx"
        summed: Numbers = np.einsum(axes, self.weights, self.maps)
        return summed

    @property
    def totals(self) -> Numbers:
        """What each class map adds to its logit, (K,): its mean, or its sum where units have weights of their own."""
        maps = self.class_maps.reshape(len(self.biases), -1)
        found: Numbers = maps.mean(axis=1) if self.averages else maps.sum(axis=1)
        return found

    @property
    def exact_logits(self) -> Numbers:
        """The logits in double precision, (K,)."""
        summed: Numbers = self.contributions.sum(axis=1) + self.biases
        return summed

    def parts(self, k: int) -> Numbers:
        """Return what each unit of a class map adds to the logit of its class, (H, W); a bias is the rest."""
        divided: Numbers = self.class_maps[k] / (self.units if self.averages else 1)
        return divided

    @property
    def ranking(self) -> tuple[int, ...]:
        """The classes, sorted by their logits, the largest first."""
        return _ranking(self.logits)


@dataclass(frozen=True, eq=False, slots=True)
class Evidence:
    """The part of a class map around its largest value.

    Attributes:
        k: The class.
        units: Which units of the class map are in it, (H, W).
        amount: What these units add to the logit.
        logit: The logit of the class, in double precision.
        place: Where the part lies on the ink, or on a picture without ink: ``top right``, ``left``, ``middle``.
        ink: What ink is there, where that can be told; else empty.
    """

    k: int
    units: NDArray[np.bool_]
    amount: float
    logit: float
    place: str
    ink: str


@dataclass(frozen=True, eq=False, slots=True)
class Tail:
    """The last steps of a network that are linear together, from a vector to the logits, in double precision.

    ``logit[k] = Σ_n weights[k, n] × values[n] + biases[k]``.

    Attributes:
        source: Name of the step that gives the vector.
        steps: Names of the steps from the vector to the logits, in the order they run.
        values: The vector, (N,).
        weights: (K, N).
        biases: (K,).
        logits: The logits that the network computed, (K,).
    """

    source: str
    steps: tuple[str, ...]
    values: Numbers
    weights: Numbers
    biases: Numbers
    logits: Activation

    @property
    def contributions(self) -> Numbers:
        """The contribution of each unit to the logit of each class, (K, N)."""
        products: Numbers = self.weights * self.values
        return products

    @property
    def exact_logits(self) -> Numbers:
        """The logits in double precision, (K,)."""
        summed: Numbers = self.contributions.sum(axis=1) + self.biases
        return summed

    @property
    def ranking(self) -> tuple[int, ...]:
        """The classes, sorted by their logits, the largest first."""
        return _ranking(self.logits)


def _ranking(logits: Activation) -> tuple[int, ...]:
    return tuple(int(k) for k in (-logits).argsort(kind="stable"))


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
