"""What the assignment logged of its training: one run, judged on the test images after every epoch."""

import numpy as np

from model.training.records import LoggedEpoch, LoggedRun

BAR = 0.994  # what the assignment asks for
EPOCHS = (
    LoggedEpoch(1, 0.0611, 9818),
    LoggedEpoch(2, 0.0495, 9848),
    LoggedEpoch(3, 0.0364, 9885),
    LoggedEpoch(4, 0.0294, 9906),
    LoggedEpoch(5, 0.0243, 9916),
    LoggedEpoch(6, 0.0267, 9911),
    LoggedEpoch(7, 0.0245, 9920),
    LoggedEpoch(8, 0.0245, 9923),
    LoggedEpoch(9, 0.0254, 9916),
    LoggedEpoch(10, 0.0258, 9913),
    LoggedEpoch(11, 0.0215, 9933),
    LoggedEpoch(12, 0.0246, 9922),
    LoggedEpoch(13, 0.0243, 9919),
    LoggedEpoch(14, 0.0223, 9933),
    LoggedEpoch(15, 0.0237, 9928),
    LoggedEpoch(16, 0.0230, 9920),
    LoggedEpoch(17, 0.0186, 9941),
)
_IMAGES = 10_000
_BEFORE = 6  # epochs before the peak that say how good the network was when nobody chose


def logged_run() -> LoggedRun:
    """Return the run with its peak, and the six epochs just before it.

    >>> run = logged_run()
    >>> run.reported, float(run.accuracies[run.around].mean().round(6))
    (0.9941, 0.992583)
    """
    numbers, losses, correct = (np.asarray(column) for column in zip(*_columns(), strict=True))
    peak = int(correct.argmax())
    return LoggedRun(numbers, losses, correct / _IMAGES, peak, slice(max(0, peak - _BEFORE), peak))


def _columns() -> list[tuple[int, float, int]]:
    return [(each.number, each.loss, each.correct) for each in EPOCHS]
