"""Why a step does not fit what comes in, as sentences: what it gets, what it takes, and the number that would fit."""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from model.commands.pass_record import BATCH, FailedCall, Ran, Record

Sentence = tuple[str, str, str]  # what is wrong, what is allowed, what to do


@dataclass(eq=False, slots=True)
class Case:
    """A call that failed, and what led to it."""

    name: str
    failed: FailedCall
    record: Record
    root: nn.Module
    error: Exception

    @property
    def tensors(self) -> list[Tensor]:
        """Return the tensors that it was given."""
        found: list[Tensor] = []
        for each in (*self.failed.args, *self.failed.kwargs.values()):
            found += [each] if isinstance(each, Tensor) else []
            found += [one for one in each if isinstance(one, Tensor)] if isinstance(each, list | tuple) else []
        return found

    @property
    def shape(self) -> tuple[int, ...]:
        """Return the shape of what came in, without the batch."""
        return tuple(self.tensors[0].shape[1:]) if self.tensors else ()

    def get(self, name: str, position: int, default: Any = None) -> Any:
        """Return an argument of the call."""
        if name in self.failed.kwargs:
            return self.failed.kwargs[name]
        return self.failed.args[position] if len(self.failed.args) > position else default

    def maker(self, tensor: Tensor) -> str:
        """Return the name of the step that gave a tensor."""
        step = self.record.makers.get(id(tensor))
        return step.name if step else "what comes before"

    def pair(self, name: str, position: int, default: int) -> tuple[int, int]:
        """Return a setting as (y, x)."""
        value = self.get(name, position, default)
        value = default if value is None or value in ([], ()) else value
        if isinstance(value, int):
            return value, value
        return (int(value[0]), int(value[-1])) if isinstance(value, list | tuple) else (default, default)


def product(shape: Sequence[int]) -> str:
    """Write a shape with its product.

    >>> product((16, 4, 4)), product((256,))
    ('16 × 4 × 4 = 256', '256')
    """
    written = " × ".join(map(str, shape))
    return f"{written} = {math.prod(shape)}" if len(shape) > 1 else written


def _linear(case: Case) -> Sentence | None:
    weight = case.get("weight", 1)
    if not isinstance(weight, Tensor) or weight.ndim != 2:
        return None
    out, takes = weight.shape
    last = int(case.tensors[0].shape[-1])
    if last == takes:
        return None
    if case.tensors[0].ndim == 1 and last % BATCH == 0:
        each = last // BATCH
        return (
            f"gets the numbers of all pictures in one row: {BATCH} × {each} = {last}.",
            f"It takes {takes} for each picture: nn.Linear({takes}, {out}).",
            f"Keep the axis of the batch: x.flatten(1). Then nn.Linear({each}, {out}) fits.",
        )
    if len(case.shape) > 1:
        flat = math.prod(case.shape)
        return (
            f"gets {' × '.join(map(str, case.shape))} for each picture, which is not flattened: {last} numbers a row.",
            f"It takes {takes} numbers: nn.Linear({takes}, {out}).",
            f"Flatten before it (x.flatten(1)): {product(case.shape)}. Then nn.Linear({flat}, {out}) fits.",
        )
    maps = next((each.shape for each in reversed(case.record.steps) if len(each.shape) == 3), ())
    said = f" ({product(maps)})" if maps and math.prod(maps) == last else ""
    return (
        f"gets {last} numbers for each picture{said}.",
        f"It takes {takes}: nn.Linear({takes}, {out}).",
        f"Write nn.Linear({last}, {out}).",
    )


def _window_arithmetic(side: int, padding: int, kernel: int, dilation: int) -> str:
    covers = f"{kernel}" if dilation == 1 else f"{dilation} × ({kernel} − 1) + 1 = {dilation * (kernel - 1) + 1}"
    room = f"{side}" if padding == 0 else f"{side} + 2 × {padding} = {side + 2 * padding}"
    return f"Its kernel covers {covers} values along a side, and {room} are there"


def _too_small(case: Case, kernel: tuple[int, int], padding: tuple[int, int], dilation: tuple[int, int]) -> Any:
    """Return the sentence for a window that is larger than its padded input, or None."""
    if case.tensors[0].ndim != 4:
        return None
    sides = case.shape[-2:]
    for axis in (0, 1):
        reach, room = dilation[axis] * (kernel[axis] - 1) + 1, sides[axis] + 2 * padding[axis]
        if reach > room:
            most = (room - 1) // dilation[axis] + 1
            more = padding[axis] + math.ceil((reach - room) / 2)
            pads = f", or padding={more}" if more <= kernel[axis] // 2 or "conv" in case.failed.function else ""
            return (
                f"gets maps of {' × '.join(map(str, sides))} ({' × '.join(map(str, case.shape))} for each picture).",
                f"{_window_arithmetic(sides[axis], padding[axis], kernel[axis], dilation[axis])}.",
                f"Write kernel_size={most}{pads}, or leave out a pool or a stride before it.",
            )
    return None


def _conv(case: Case) -> Sentence | None:
    weight = case.get("weight", 1)
    if not isinstance(weight, Tensor):
        return None
    transposed = "transpose" in case.failed.function
    groups = int(case.get("groups", 6, 1) or 1)
    takes = weight.shape[0] if transposed else weight.shape[1] * groups
    gives = weight.shape[1] * groups if transposed else weight.shape[0]
    made = "nn.ConvTranspose2d" if transposed else "nn.Conv2d"
    kernel = int(weight.shape[2]), int(weight.shape[3])
    if case.tensors[0].ndim not in {3, 4}:
        return (
            f"gets {product(case.shape)} numbers for each picture.",
            "It takes maps (C, H, W) for each picture.",
            f"Leave out the flatten before it, or use nn.Linear({math.prod(case.shape)}, {gives}).",
        )
    channels = int(case.tensors[0].shape[-3])
    if channels != takes:
        maker = case.maker(case.tensors[0])
        other = " If the picture has another number of channels, give --input." if maker == "the picture" else ""
        sides = f", {kernel[0] if kernel[0] == kernel[1] else kernel}"
        split, fit = (
            f", groups={number}" if number > 1 else "" for number in (groups, _groups(groups, takes, channels))
        )
        out = channels * gives // takes if groups == takes > 1 else gives  # depthwise: as many as come in
        return (
            f"gets {channels} channels from {maker} ({' × '.join(map(str, case.shape))} for each picture).",
            f"It takes {takes}: {made}({takes}, {gives}{sides}{split}).",
            f"Write {made}({channels}, {out}{sides}{fit}).{other}",
        )
    if transposed:
        return None
    padding = case.get("padding", 4, 0)
    pads = (0, 0) if isinstance(padding, str) else case.pair("padding", 4, 0)
    found: Sentence | None = _too_small(case, kernel, pads, case.pair("dilation", 5, 1))
    return found


def _groups(groups: int, takes: int, channels: int) -> int:
    """Return a number of groups that divides the channels; each channel has its own where it had one before."""
    return channels if groups == takes > 1 else math.gcd(groups, channels)


def _pool(case: Case) -> Sentence | None:
    if case.tensors[0].ndim not in {3, 4}:
        return (
            f"gets {product(case.shape)} numbers for each picture.",
            "A pool takes maps (C, H, W) for each picture.",
            "Leave out the flatten before it, or leave out the pool.",
        )
    kernel = case.pair("kernel_size", 1, 1)
    padding, dilation = case.pair("padding", 3, 0), (1, 1)
    if "max" in case.failed.function:
        dilation = case.pair("dilation", 4, 1)
    if any(pad > side // 2 for pad, side in zip(padding, kernel, strict=True)):
        return (
            f"has the padding {padding[0]}.",
            f"A pool's padding is at most half its kernel: {kernel[0]} // 2 = {kernel[0] // 2}.",
            f"Write padding={kernel[0] // 2}.",
        )
    found: Sentence | None = _too_small(case, kernel, padding, dilation)
    return found


def _batch_norm(case: Case) -> Sentence | None:
    module, given = case.failed.module, case.tensors[0]
    number = int(given.shape[1]) if given.ndim > 1 else 0
    if isinstance(module, nn.modules.batchnorm._BatchNorm):
        kind, takes = type(module).__name__, module.num_features
        right = "BatchNorm1d" if given.ndim in {2, 3} else "BatchNorm2d"
    else:
        mean = case.get("running_mean", 1)
        kind = right = "BatchNorm2d" if given.ndim == 4 else "BatchNorm1d"
        takes = mean.numel() if isinstance(mean, Tensor) else number
    if (kind, takes) == (right, number):
        return None
    what = "channels" if given.ndim == 4 else "numbers"
    return (
        f"gets {number} {what} from {case.maker(given)} ({' × '.join(map(str, case.shape))} for each picture).",
        f"It takes {takes}: nn.{kind}({takes}).",
        f"Write nn.{right}({number}).",
    )


def _norm(case: Case) -> Sentence | None:
    module = case.failed.module
    shape = case.shape
    if isinstance(module, nn.GroupNorm) and shape and shape[0] != module.num_channels:
        groups = math.gcd(module.num_groups, shape[0])
        return (
            f"gets {shape[0]} channels ({' × '.join(map(str, shape))} for each picture).",
            f"It takes {module.num_channels}: nn.GroupNorm({module.num_groups}, {module.num_channels}).",
            f"Write nn.GroupNorm({groups}, {shape[0]}).",
        )
    if isinstance(module, nn.LayerNorm):
        takes = list(module.normalized_shape)
        fits = list(shape[-len(takes) :])
        return (
            f"gets {' × '.join(map(str, shape))} for each picture.",
            f"It takes {' × '.join(map(str, takes))}: nn.LayerNorm({takes}).",
            f"Write nn.LayerNorm({fits}).",
        )
    if isinstance(module, nn.PReLU) and shape:
        return (
            f"gets {shape[0]} channels.",
            f"It takes {module.num_parameters}: nn.PReLU({module.num_parameters}).",
            f"Write nn.PReLU({shape[0]}).",
        )
    return None


def _view(case: Case) -> Sentence | None:
    sizes: list[Any] = []
    for each in (*case.failed.args[1:], *case.failed.kwargs.values()):
        sizes += list(each) if isinstance(each, list | tuple) else [each]
    if "stride" in str(case.error):
        return (
            "gets a tensor whose numbers do not lie in a row (after a permute or a transpose).",
            "A view needs them in a row.",
            "Write reshape in the place of view.",
        )
    if len(sizes) < 2 or not all(isinstance(each, int) for each in sizes):
        return None
    total, wanted = math.prod(case.shape), [int(each) for each in sizes[1:]]
    asked = math.prod(each for each in wanted if each > 0)
    written = ", ".join(map(str, sizes))
    if len(wanted) > 1:
        return (
            f"gets {product(case.shape)} numbers for each picture.",
            f"It asks for {' × '.join(map(str, wanted))} of them: {case.failed.function}({written}).",
            "Give sizes whose product is that number.",
        )
    return (
        f"gets {product(case.shape)} numbers for each picture.",
        f"It asks for {asked}: {case.failed.function}({written}).",
        f"Write {case.failed.function}({sizes[0]}, {total}){linear_for(case.root, asked, total)}.",
    )


def linear_for(root: nn.Module, asked: int, total: int) -> str:
    """Return what to write for a Linear that takes the numbers that a wrong view asks for."""
    for path, each in root.named_modules():
        if isinstance(each, nn.Linear) and each.in_features == asked:
            return f", and for {path} nn.Linear({total}, {each.out_features})"
    return ""


def _matmul(case: Case) -> Sentence | None:
    if len(case.tensors) < 2 or case.tensors[1].ndim != 2:
        return None
    given, rows, columns = int(case.tensors[0].shape[-1]), *case.tensors[1].shape
    return (
        f"multiplies {given} numbers for each picture with a matrix of {rows} × {columns}.",
        "The matrix needs a row for each number.",
        f"Give it the shape ({given}, {columns}).",
    )


def _two(case: Case) -> Sentence | None:
    """Say why two or more tensors do not meet: in an addition, a product or a concatenation."""
    given = case.tensors
    if len(given) < 2:
        return None
    joins = case.failed.function in {"cat", "concat", "concatenate", "stack"}
    axis = int(case.get("dim", 1, 0)) % given[0].ndim if joins else -1
    one, other = given[0], given[1]
    if joins:
        different = [
            each for each in given[1:] if any(a != b for n, (a, b) in enumerate(_sides(one, each)) if n != axis)
        ]
        other = different[0] if different else other
    shapes = [" × ".join(map(str, each.shape[1:])) for each in (one, other)]
    makers = [case.maker(each) for each in (one, other)]
    word = "joins" if joins else "puts together"
    rule = f"All axes but axis {axis} must agree." if joins else "The two must have the same shape."
    return (
        f"{word} {shapes[0]} from {makers[0]} and {shapes[1]} from {makers[1]}.",
        rule,
        _meeting(case, one, other, axis),
    )


def _sides(one: Tensor, other: Tensor) -> Iterator[tuple[int, int]]:
    return zip(one.shape, other.shape, strict=False)


def _meeting(case: Case, one: Tensor, other: Tensor, axis: int) -> str:
    """Return which number makes two tensors meet."""
    if one.ndim != other.ndim:
        return "Give both the same number of axes."
    differing = [number for number, (a, b) in enumerate(_sides(one, other)) if a != b and number != axis]
    if not differing:
        return "Give them the same shape."
    if differing[0] == 1 and one.ndim == 4:
        large, small = sorted((one, other), key=lambda each: -each.shape[-1])
        ratio = round(large.shape[-1] / small.shape[-1])
        if len(differing) > 1 and min(small.shape[-1], other.shape[-1]) > 1:
            fits = f"nn.Conv2d({large.shape[1]}, {small.shape[1]}, 1, stride={ratio})"
            return f"Put {fits} on the way from {case.maker(large)}."
        wrong = case.maker(other)
        return f"Let {wrong} give {one.shape[1]} channels, as {case.maker(one)} does ({other.shape[1]} now)."
    smaller, larger = sorted((one, other), key=lambda each: each.shape[-1])
    gap = larger.shape[-1] - smaller.shape[-1]
    step = case.record.makers.get(id(smaller))
    source = _source_of(step, case.record)
    if source is not None and gap % 2 == 0 and source.stride == (1, 1) and not isinstance(source.padding, str):
        path = next((path for path, each in case.root.named_modules() if each is source), "the convolution")
        new = int(source.padding[0]) + gap // 2
        return f"Write padding={new} for {path}: its maps are then {larger.shape[-1]} wide, as those of the other."
    return f"Let {case.maker(smaller)} give sides of {larger.shape[-1]}, or the other of {smaller.shape[-1]}."


def _source_of(step: Ran | None, record: Record) -> nn.Conv2d | None:
    """Return the convolution that a step's map comes from, where nothing but elementwise steps is between."""
    if step is None or step not in record.steps:
        return None
    for each in reversed(record.steps[: record.steps.index(step) + 1]):
        if isinstance(each.module, nn.Conv2d):
            return each.module
        if each.shape != step.shape:
            return None
    return None


def _axis(case: Case) -> Sentence | None:
    found = re.search(
        r"Dimension out of range \(expected to be in range of \[(-?\d+), (\d+)\], but got (-?\d+)\)", str(case.error)
    )
    if not found:
        return None
    return (
        f"works along axis {found[3]} of {tuple(case.tensors[0].shape)}.",
        f"Its axes are 0 to {found[2]}; 0 is the batch.",
        "Write dim=1." if found[2] != "0" else "Keep the axis of the batch: a squeeze() before it may have removed it.",
    )


def _in_general(case: Case) -> Sentence:
    shapes = ", ".join(" × ".join(map(str, each.shape[1:])) or "one number" for each in case.tensors[:3])
    text = str(case.error).strip().splitlines()
    said = text[0][:300].rstrip(".") if text else type(case.error).__name__
    return (f"fails; for each picture it gets {shapes or 'no tensor'}.", f"PyTorch says: {said}.", "Correct this line.")


Rule = Callable[[Case], Sentence | None]


def misfit(case: Case, kind: str) -> Sentence:
    """Return why a call failed: by the first rule that explains it, or else what PyTorch says.

    Args:
        case: The call.
        kind: The class of its module, or the function's name.
    """
    name = f"{case.failed.function} {kind}".lower()
    rules = [rule for part, rule in _BY_NAME.items() if part in name] if case.tensors else []
    found = (rule(case) for rule in (*rules, _axis) if case.tensors)
    return next((each for each in found if each is not None), None) or _in_general(case)


_BY_NAME: dict[str, Rule] = {
    "linear": _linear,
    "conv": _conv,
    "pool": _pool,
    "batchnorm": _batch_norm,
    "batch_norm": _batch_norm,
    "groupnorm": _norm,
    "layernorm": _norm,
    "prelu": _norm,
    "view": _view,
    "reshape": _view,
    "cat": _two,
    "stack": _two,
    "matmul": _matmul,
    "add": _two,
    "sub": _two,
    "mul": _two,
    "div": _two,
}
