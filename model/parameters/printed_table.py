"""What the assignment printed, row by row, and where measuring the network contradicts it."""

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import nn

from model.errors import InputError
from model.networks.assignment.network import IMAGE_SHAPE
from model.parameters.records import Mistake, RowComparison
from model.receptive_field import from_windows, windows_of
from model.receptive_field.records import ReceptiveField, Window
from model.trace import record
from model.trace.records import LayerKind, Row, Trace


class PrintedRow(NamedTuple):
    """What was printed for one row; None where nothing was.

    Attributes:
        name: Of the row.
        shape: Of its output, (-1, C, H, W): -1 stands for any number of images.
        parameters: How many numbers it learns.
        input: What goes in, (H, W, C) or (H, W), from its comment.
        field: The side of the receptive field after it, from the notebook's comments.
    """

    name: str
    shape: tuple[int, ...]
    parameters: int
    input: tuple[int, ...] | None = None
    field: int | None = None


PRINTED = (
    PrintedRow("Conv2d-1", (-1, 8, 26, 26), 80, (28, 28, 1), 3),
    PrintedRow("BatchNorm2d-2", (-1, 8, 26, 26), 16),
    PrintedRow("Dropout-3", (-1, 8, 26, 26), 0),
    PrintedRow("Conv2d-4", (-1, 16, 24, 24), 1168, (26, 26, 1), 5),
    PrintedRow("BatchNorm2d-5", (-1, 16, 24, 24), 32),
    PrintedRow("Dropout-6", (-1, 16, 24, 24), 0),
    PrintedRow("Conv2d-7", (-1, 16, 22, 22), 2320, (24, 24, 1), 7),
    PrintedRow("BatchNorm2d-8", (-1, 16, 22, 22), 32),
    PrintedRow("Dropout-9", (-1, 16, 22, 22), 0),
    PrintedRow("MaxPool2d-10", (-1, 16, 11, 11), 0, (22, 22, 16), 14),
    PrintedRow("BatchNorm2d-11", (-1, 16, 11, 11), 32),
    PrintedRow("Dropout-12", (-1, 16, 11, 11), 0),
    PrintedRow("Conv2d-13", (-1, 8, 11, 11), 36, (11, 11, 16), 14),
    PrintedRow("BatchNorm2d-14", (-1, 8, 11, 11), 16),
    PrintedRow("Dropout-15", (-1, 8, 11, 11), 0),
    PrintedRow("Conv2d-16", (-1, 16, 9, 9), 1168, (11, 11, 8), 16),
    PrintedRow("BatchNorm2d-17", (-1, 16, 9, 9), 32),
    PrintedRow("Dropout-18", (-1, 16, 9, 9), 0),
    PrintedRow("Conv2d-19", (-1, 32, 7, 7), 4640, (9, 9, 16), 18),
    PrintedRow("BatchNorm2d-20", (-1, 32, 7, 7), 64),
    PrintedRow("Dropout-21", (-1, 32, 7, 7), 0),
    PrintedRow("AvgPool2d-22", (-1, 32, 1, 1), 0, (7, 7)),
    PrintedRow("Conv2d-23", (-1, 32, 1, 1), 330, (1, 1, 32), 22),
)


class _Evidence(NamedTuple):
    """What one row printed, and all that measuring it found.

    Attributes:
        printed: What was printed.
        row: The row as it ran.
        feeder: What the step before it is called.
        window: Of the row.
        before: The receptive field of the step before.
        field: The receptive field of the row.
        total: How many numbers all rows learn.
    """

    printed: PrintedRow
    row: Row
    feeder: str
    window: Window
    before: ReceptiveField
    field: ReceptiveField
    total: int

    @property
    def shape(self) -> tuple[int, ...]:
        return (-1, *self.row.output.shape)

    @property
    def input(self) -> tuple[int, ...]:
        channels, height, width = self.row.input.shape
        return height, width, channels


def compare(network: nn.Module) -> tuple[RowComparison, ...]:
    """Run a network once and hold each printed row against it.

    Args:
        network: Has the 23 rows by their printed names. It is only read.

    Returns:
        One record a row, in the printed order.

    Raises:
        InputError: The network has other rows.

    >>> from model.networks.assignment.network import AssignmentNetwork
    >>> {row.name: row.disagreements for row in compare(AssignmentNetwork())[12:14]}
    {'Conv2d-13': ('parameters', 'field'), 'BatchNorm2d-14': ()}
    """
    return tuple(_compared(evidence) for evidence in _measure(network))


def _measure(network: nn.Module) -> list[_Evidence]:
    trace = record(network, torch.zeros(1, *IMAGE_SHAPE))
    _check_names(trace)
    windows = windows_of(network)
    fields = from_windows([Window((1, 1)), *windows.values()])  # the image's own pixels come first
    places = zip(windows.items(), ["the image", *windows], pairwise(fields), strict=False)
    steps = {name: (feeder, window, before, after) for (name, window), feeder, (before, after) in places}
    total = sum(row.parameter_count for row in trace.rows)
    return [_Evidence(printed, row, *steps[row.name], total) for printed, row in zip(PRINTED, trace.rows, strict=True)]


def _compared(evidence: _Evidence) -> RowComparison:
    printed, row = evidence.printed, evidence.row
    found = ((what, explain(evidence)) for what, explain in _CHECKS.items())
    return RowComparison(
        name=printed.name,
        printed_shape=printed.shape,
        measured_shape=evidence.shape,
        printed_parameters=printed.parameters,
        measured_parameters=row.parameter_count,
        printed_input=printed.input,
        measured_input=evidence.input,
        printed_field=printed.field,
        measured_field=evidence.field.size,
        mistakes=tuple(Mistake(what, sentence) for what, sentence in found if sentence),
    )


def _wrong_shape(evidence: _Evidence) -> str | None:
    """Say why the printed output shape cannot be, or None if it is as measured; so do the others."""
    printed, measured = evidence.printed.shape, evidence.shape
    if printed == measured:
        return None
    if printed[1] == measured[1]:
        sides = f"a window of {_times(evidence.window.kernel)} over {_times(evidence.input[:2])} values"
        return f"Here {sides} leaves {_times(measured[2:])}, so it cannot be {_times(printed[2:])}."
    if evidence.row.kind is LayerKind.CONVOLUTION:
        return f"Each of its {measured[1]} kernels makes one feature map, so there cannot be {printed[1]} of them."
    return f"It puts out one feature map for each of the {measured[1]} that go in, so there cannot be {printed[1]}."


def _wrong_parameters(evidence: _Evidence) -> str | None:
    row, printed = evidence.row, evidence.printed.parameters
    if printed == row.parameter_count:
        return None
    worked = " + ".join(_times(values.shape) for values in row.parameters.values())
    count = f"{worked} = {row.parameter_count:,} numbers" if worked else "nothing"
    return f"It learns {count}, and with that all rows sum to {evidence.total:,}, so it cannot be {printed:,}."


def _wrong_input(evidence: _Evidence) -> str | None:
    printed, measured = evidence.printed.input, evidence.input
    if printed is None or printed == measured[: len(printed)]:
        return None
    maps = f"{measured[2]} feature maps of {_times(measured[:2])}"
    return f"{evidence.feeder} hands on {maps}, so {_times(measured)} goes in and not {_times(printed)}."


def _wrong_field(evidence: _Evidence) -> str | None:
    printed, size = evidence.printed.field, evidence.field.size
    if printed is None or size == (printed, printed):
        return None
    axis = 0 if size[0] != printed else 1
    window, before, jump = evidence.window, evidence.before.size[axis], evidence.before.jump[axis]
    spread = "" if window.dilation[axis] == 1 else f" × {window.dilation[axis]}"
    reach = f"({window.kernel[axis]} − 1){spread} × {jump}"
    growth = f"A unit saw {before} pixels before this row, which adds {reach} = {size[axis] - before}"
    doubled = window.stride[axis] > 1 and printed == before * window.stride[axis]
    aside = f"; its stride multiplies the jump by {window.stride[axis]}, not the field" if doubled else ""
    return f"{growth}, so it sees {size[axis]} and not {printed}{aside}."


_CHECKS: dict[str, Callable[[_Evidence], str | None]] = {
    "shape": _wrong_shape,
    "parameters": _wrong_parameters,
    "input": _wrong_input,
    "field": _wrong_field,
}


def _times(sizes: tuple[int, ...]) -> str:
    return " × ".join(map(str, sizes))


def _check_names(trace: Trace) -> None:
    printed, found = [row.name for row in PRINTED], [row.name for row in trace.rows]
    if printed != found:
        odd = sorted(set(printed) ^ set(found)) or "the order"
        raise InputError(
            f"The network's rows are not the assignment's: {odd} differ.",
            f"It must have the {len(printed)} rows {printed[0]} to {printed[-1]}.",
            "Give a model.networks.assignment.network.AssignmentNetwork.",
        )
