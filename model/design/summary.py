"""A printed summary (torchsummary's or torchinfo's) as a design: what it does not state is worked out from shapes.

A row states what a layer gives and learns, not its window. So the simplest window is looked for that explains both:
stride before padding, no dilation. Where several explain a row, a note says which was taken.
"""

from collections.abc import Iterator
from itertools import product

from model.design.assess import assess, ended
from model.design.kinds import KINDS, layer
from model.design.records import DIGIT_SHAPE, Design, Found, Layer
from model.design.text import MOST_LAYERS, write_layer
from model.errors import InputError
from model.parameters.printed import PrintedRow, find

_STRIDES, _SIZES = (1, 2, 3, 4), range(1, 12)
_KINDS = {kind.module: kind.name for kind in KINDS.values() if kind.module} | {"BatchNorm1d": "bn"}
_SKIPPED = {"Identity", "Softmax", "LogSoftmax", "Sequential", "ModuleList"}
_Guesses = list[list[Layer]]


def read(text: str, input_shape: tuple[int, int, int] = DIGIT_SHAPE) -> Found:
    """Return the design that a printed summary describes.

    Args:
        text: With a table as torchsummary or torchinfo prints it.
        input_shape: Of one image, (C, H, W); the first convolution may say another C.

    Raises:
        InputError: There is no such table, or a row of it cannot be a layer after the rows before it.
    """
    tables = [table for table in find(text).tables if table.form in {"torchsummary", "torchinfo"}]
    if not tables:
        raise InputError("There is no summary in the text.", "torchsummary's and torchinfo's are read.", "Paste one.")
    rows = [row for row in tables[0].rows if row.kind not in _SKIPPED]
    if not rows or len(rows) > MOST_LAYERS:
        raise InputError(f"The summary has {len(rows)} layers.", f"A design has 1 to {MOST_LAYERS}.", "Paste another.")
    notes = ["A summary states neither windows nor what is called in forward: both are worked out, or left out."]
    design = Design((), _image(rows[0], input_shape))
    for row in rows:
        guesses = [Design((*design.layers, *each), design.input_shape) for each in _guesses(row, design)]
        fitting = [each for each in guesses if _explains(each, row)]
        if not fitting:
            raise _refusal(row, design)
        before, design = len(design.layers), fitting[0]
        added = [write_layer(each) for each in design.layers[before:]]
        if not _is_plain(design) or len(added) > (2 if row.kind == "Linear" else 1):
            notes.append(f"Line {row.line}: '{', '.join(added)}' explains it, and so may other windows.")
    if any(row.kind.startswith("Dropout") for row in rows):
        notes.append("A summary does not state the p of a dropout: 0.1 is taken.")
    return Found(ended(design), tuple(notes))


def _image(first: PrintedRow, input_shape: tuple[int, int, int]) -> tuple[int, int, int]:
    """Return the shape of the image; the weights of a first convolution are a multiple of its channels."""
    for channels in (input_shape[0], 1, 3):
        shape = (channels, input_shape[1], input_shape[2])
        if any(_explains(Design(tuple(each), shape), first) for each in _guesses(first, Design((), shape))):
            return shape
    return input_shape


def _explains(design: Design, row: PrintedRow) -> bool:
    last = assess(design).rows[-1]
    return last.works and last.shape == row.shape and row.parameters in {None, last.parameters}


def _guesses(row: PrintedRow, design: Design) -> _Guesses:
    """Return layers that may be a row, the simplest first; before some of them forward may call a pool or flatten."""
    kind = _KINDS.get(row.kind)
    if kind is None or not row.shape:
        return []
    before = assess(design).rows[-1].shape if design.layers else design.input_shape
    if kind == "conv":
        found = [*_convolutions(row, before)]
        plain = [each for each in found if each.settings["stride"] == (1, 1)]
        pooled = [[layer("max"), each] for each in plain]  # by a call in forward
        return [*([each] for each in plain), *pooled, *([each] for each in found if each not in plain)]
    if kind in {"max", "avg"}:
        return [[each] for each in _pools(kind, before[1:], row.shape[1:])]
    if kind == "linear":
        found = [layer("linear", units=row.shape[0], bias=bias) for bias in (True, False)]
        if len(before) == 1:
            return [[each] for each in found]
        called: list[list[Layer]] = [[], [layer("max")], [layer("gap")]]
        return [[*each, layer("flatten"), last] for each, last in product(called, found)]
    return [[layer(kind)]]


def _convolutions(row: PrintedRow, before: tuple[int, ...]) -> Iterator[Layer]:
    """Yield every window whose number of weights is the printed one."""
    kernels, channels = (row.shape or (0,))[0], before[0]
    for bias, groups, size in product((True, False), dict.fromkeys((1, channels)), _SIZES):
        if channels % groups or kernels % groups:
            continue
        weights = kernels * channels // groups * size * size
        if row.parameters == weights + bias * kernels:
            for stride, padding in product(_STRIDES, range(size // 2 + 1)):
                yield layer(
                    "conv", kernels=kernels, size=size, stride=stride, padding=padding, groups=groups, bias=bias
                )


def _pools(kind: str, before: tuple[int, ...], after: tuple[int, ...]) -> Iterator[Layer]:
    """Yield windows that lie side by side: first those that leave nothing out; then others."""
    if before and after and len({*after}) == 1 and all(side % after[0] == 0 for side in before):
        yield layer(kind, size=(before[0] // after[0], before[-1] // after[0]))
    for size in _SIZES[1:]:
        yield layer(kind, size=size)
    for size, stride, padding in product(_SIZES[1:], _STRIDES, (0, 1)):
        if stride != size:
            yield layer(kind, size=size, stride=stride, padding=padding)


def _is_plain(design: Design) -> bool:
    """Tell whether the last layer has a window that a reader would guess: it moves by 1, or leaves nothing out."""
    last, before = design.layers[-1], assess(Design(design.layers[:-1], design.input_shape)).rows
    if last.kind not in {"max", "avg"}:
        return bool(last.settings.get("stride", (1, 1)) == (1, 1))
    given = before[-1].shape if before else design.input_shape
    whole = [side % size == 0 for side, size in zip(given[1:], last.settings["size"], strict=False)]
    return bool(last.settings["stride"] is None and all(whole))


def _refusal(row: PrintedRow, design: Design) -> InputError:
    if row.kind not in _KINDS:
        known = ", ".join(_KINDS)
        return InputError(f"Line {row.line}: '{row.name[:40]}' is no layer.", f"Layers are {known}.", "Remove the row.")
    before = assess(design).rows[-1].shape if design.layers else design.input_shape
    return InputError(
        f"Line {row.line}: no layer {row.kind} makes {row.shape} with {row.parameters} parameters from {before}.",
        "Each row goes on from the one before; a summary has no row for sums and concatenations.",
        "Correct the row, or paste the code.",
    )
