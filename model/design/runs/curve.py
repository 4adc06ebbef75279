"""The losses of a run as a curve of few points, however many steps it has."""

import numpy as np

from model.design.runs.records import RunProgress
from model.records import Numbers

_MOST_POINTS = 500


class Curve:
    """The losses so far, as means of groups that grow so that there are never too many.

    Args:
        before: Of the run until now.
    """

    def __init__(self, before: RunProgress) -> None:
        self.count, self.group = before.step, before.group
        self._sums: list[float] = (before.losses * self._sizes(len(before.losses))).tolist()
        self._since: list[float] = []

    def _sizes(self, groups: int) -> Numbers:
        """Return how many steps each group has."""
        sizes = np.full(groups, self.group, np.float64)
        sizes[-1:] = self.count - self.group * (groups - 1)
        return sizes

    def add(self, loss: float) -> None:
        """Add the loss of a step."""
        if self.count % self.group == 0:
            self._sums.append(0.0)
        self._sums[-1] += loss
        self._since.append(loss)
        self.count += 1
        if len(self._sums) == _MOST_POINTS and self.count % self.group == 0:
            self._sums = [a + b for a, b in zip(self._sums[::2], self._sums[1::2], strict=True)]
            self.group *= 2

    def values(self) -> Numbers:
        """Return the mean of each group; the last one may have fewer steps."""
        return np.asarray(self._sums, np.float64) / self._sizes(len(self._sums))

    def mean_since_mark(self) -> float:
        """Return the mean loss since the last call."""
        found, self._since = float(np.mean(self._since)), []
        return found
