"""The end of the network, where nothing bends: the last maps, their means, and the scores made of them."""

from dataclasses import dataclass

import numpy as np

from model.records import Activation, Numbers
from model.trace.records import LayerKind


@dataclass(frozen=True, eq=False, slots=True)
class Head:
    """How the logits come of the last maps, in double precision.

    ``logit[k] = Σ_c weights[k, c] × mean(maps[c]) + biases[k]``. A mean and a weighted sum may change places, so
    the same logit is ``mean(class_maps[k]) + biases[k]``.

    Attributes:
        source: The step whose maps are averaged.
        pool: The step that averages them.
        scorer: The step that weighs the averages.
        maps: (C, H, W).
        weights: (K, C), one line for each class.
        biases: (K,).
        logits: (K,), as the network computed them.
    """

    source: str
    pool: str
    scorer: str
    maps: Numbers
    weights: Numbers
    biases: Numbers
    logits: Activation

    @property
    def places(self) -> int:
        """How many units one map has."""
        return int(self.maps[0].size)

    @property
    def sums(self) -> Numbers:
        """The sum of each map, (C,)."""
        summed: Numbers = self.maps.sum(axis=(1, 2))
        return summed

    @property
    def means(self) -> Numbers:
        """The mean of each map, (C,)."""
        return self.sums / self.places

    @property
    def parts(self) -> Numbers:
        """What each map adds to each class's logit, (K, C)."""
        products: Numbers = self.weights * self.means
        return products

    @property
    def class_maps(self) -> Numbers:
        """What each place adds to each class, before the mean is taken, (K, H, W)."""
        summed: Numbers = np.einsum("kc,cyx->kyx", self.weights, self.maps)
        return summed

    @property
    def scores(self) -> Numbers:
        """The logits as these sums give them, (K,)."""
        summed: Numbers = self.parts.sum(axis=1) + self.biases
        return summed

    @property
    def ranking(self) -> tuple[int, ...]:
        """The classes, the one with the largest logit first."""
        return tuple(int(k) for k in (-self.logits).argsort(kind="stable"))


@dataclass(frozen=True, eq=False, slots=True)
class Softened:
    """From logits to probabilities, step by step, with a temperature.

    ``probability[k] = exp(logits[k] / T) / Σ exp(logits / T)``; the network itself has T = 1.

    Attributes:
        temperature: T, above 0.
        logits: (K,).
        exponentials: Of the logits over T, (K,); infinite where a float cannot hold it.
        total: Their sum.
        log_total: The logarithm of that sum, finite in any case.
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
        """(K,)."""
        return self.scaled - self.log_total

    @property
    def probabilities(self) -> Numbers:
        """(K,), summing to 1."""
        return np.exp(self.log_probabilities)


@dataclass(frozen=True, eq=False, slots=True)
class Effect:
    """What one row put out in two runs.

    Attributes:
        name: Of the row.
        kind: What it does.
        before: Its output in the one, (C, H, W).
        after: Its output in the other, likewise.
    """

    name: str
    kind: LayerKind
    before: Activation
    after: Activation

    @property
    def difference(self) -> Activation:
        """How much more it put out in the other run, (C, H, W)."""
        return self.after - self.before

    @property
    def relative(self) -> float:
        """``|after − before| / |before|``, lengths of vectors; infinite where only ``before`` is all zero."""
        changed, whole = (float(np.linalg.norm(values)) for values in (self.difference, self.before))
        return changed / whole if whole else (float("inf") if changed else 0.0)
