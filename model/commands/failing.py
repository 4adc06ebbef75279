"""A network that does not run: the step that fails, what came in, what it expects, and the number that would fit."""

import copy
import difflib
import inspect
import linecache
import math
import re
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from model.commands.definitions import failure, is_authors
from model.errors import CommandError, GlassError

BATCH = 2
_UNCOUNTED = {"__get__", "__set__", "size", "stride", "dim", "numel", "clone", "contiguous", "detach", "to", "type_as"}
_MERGING = {"view", "reshape", "unflatten"}
Sentence = tuple[str, str, str]


@dataclass(eq=False, slots=True)
class Ran:
    """A step that ran, for the table up to the one that fails.

    Args:
        name: As in a captured graph: ``Conv2d-1``, ``relu-1``.
        path: Where its author keeps the module; empty for a function call.
        op: The class of the module, or the function's name.
        shape: What it gave for one picture.
        parameters: How many it has.
        inputs: Numbers of the steps that fed it.
        module: The leaf module.
    """

    name: str
    path: str
    op: str
    shape: tuple[int, ...] = ()
    parameters: int = 0
    batch: int = BATCH
    given: tuple[tuple[int, ...], ...] = ()
    module: nn.Module | None = None
    line: str = ""


class StepError(CommandError):
    """A step of a network cannot run.

    Args:
        steps: Those that ran before it.
    """

    def __init__(self, sentence: Sentence, steps: Sequence[Ran], line: str = "") -> None:
        super().__init__(*sentence)
        self.steps, self.line = steps, line


@dataclass(eq=False, slots=True)
class _Failed:
    """The call that raised."""

    function: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    path: str
    module: nn.Module | None


@dataclass(eq=False, slots=True)
class _Record:
    """What a pass did until it ended or failed."""

    steps: list[Ran] = field(default_factory=list)
    row: int = 0
    seen: dict[str, int] = field(default_factory=dict)
    inside: list[tuple[str, nn.Module]] = field(default_factory=list)  # leaf modules whose forward is running
    failed: _Failed | None = None
    kept: list[Tensor] = field(default_factory=list)  # so that no id is used twice
    makers: dict[int, Ran] = field(default_factory=dict)

    def add(self, name: str, path: str, op: str, output: Any, given: Sequence[Any], module: nn.Module | None) -> None:
        """Note a step that ran."""
        if not isinstance(output, Tensor):
            return
        parameters = sum(each.numel() for each in module.parameters()) if module else 0
        shapes = tuple(tuple(each.shape) for each in given if isinstance(each, Tensor))
        first = output.shape[0] if output.ndim else 0
        step = Ran(name, path, op, tuple(output.shape[1:]), parameters, first, shapes, module, _calling_line())
        self.steps.append(step)
        self.kept.append(output)
        self.makers[id(output)] = step

    def row_name(self, module: nn.Module) -> str:
        """Return the name of the next row."""
        self.row += 1
        return f"{type(module).__name__}-{self.row}"

    def function_name(self, function: str) -> str:
        """Return the name of a function call after the row before it."""
        name = f"{function}-{self.row}"
        self.seen[name] = self.seen.get(name, 0) + 1
        return name if self.seen[name] == 1 else f"{name}.{self.seen[name]}"


class _Watch(TorchFunctionMode):
    """Note the functions that are called outside of leaf modules, and the one that raises."""

    def __init__(self, record: _Record) -> None:
        super().__init__()
        self.record = record

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = str(getattr(function, "__name__", "")).strip("_")
        try:
            result = function(*args, **(kwargs or {}))
        except Exception:
            if self.record.failed is None and name not in {"get", "set"}:
                path, module = self.record.inside[-1] if self.record.inside else ("", None)
                self.record.failed = _Failed(name, tuple(args), dict(kwargs or {}), path, module)
            raise
        counted = isinstance(result, Tensor) and result.ndim > 0 and function.__name__ not in _UNCOUNTED
        if counted and not self.record.inside:
            given = [each for each in args if isinstance(each, Tensor)]
            for each in args:
                given += [one for one in each if isinstance(one, Tensor)] if isinstance(each, list | tuple) else []
            if given:
                self.record.add(self.record.function_name(name), "", name, result, given, None)
        return result


def explain(module: nn.Module, shape: Sequence[int]) -> None:
    """Run a network once and raise a sentence that says where and why it fails; return where it does not.

    Args:
        module: The author's network; a copy runs.
        shape: (C, H, W).

    Raises:
        StepError: A step does not fit what comes in, or mixes pictures.
        CommandError: The author's code fails in another way.
    """
    private = copy.deepcopy(module).eval()
    record = _Record()
    image = torch.randn(BATCH, *shape, generator=torch.Generator().manual_seed(1))
    record.makers[id(image)] = Ran("the picture", "", "image", tuple(shape))
    try:
        with torch.no_grad(), warnings.catch_warnings(), _Noted(private, record), _Watch(record):
            warnings.simplefilter("ignore")
            private(image)
    except GlassError:
        raise
    except Exception as error:
        raise _explained(error, record, private) from error
    _check_batches(record, private)


class _Noted:
    """Let each leaf module tell that its forward begins and ends."""

    def __init__(self, module: nn.Module, record: _Record) -> None:
        self.module, self.record = module, record
        self.before: dict[nn.Module, Any] = {}

    def __enter__(self) -> None:
        for path, each in self.module.named_modules():
            if path and next(each.children(), None) is None and not isinstance(each, nn.Sequential):
                self.before[each] = each.__dict__.get("forward")
                each.__dict__["forward"] = self._noting(path, each, each.forward)

    def __exit__(self, *_: object) -> None:
        for each, forward in self.before.items():
            del each.__dict__["forward"]
            if forward is not None:
                each.__dict__["forward"] = forward

    def _noting(self, path: str, module: nn.Module, forward: Callable[..., Any]) -> Callable[..., Any]:
        record = self.record

        def noted(*args: Any, **kwargs: Any) -> Any:
            record.inside.append((path, module))
            try:
                output = forward(*args, **kwargs)
            except Exception:
                if record.failed is None:
                    record.failed = _Failed(type(module).__name__, args, kwargs, path, module)
                raise
            record.inside.pop()
            if not record.inside:
                record.add(record.row_name(module), path, type(module).__name__, output, args, module)
            return output

        return noted


def _calling_line() -> str:
    frame = inspect.currentframe()
    while frame is not None:
        if is_authors(frame.f_code.co_filename):
            return f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
        frame = frame.f_back
    return ""


# What failed, as sentences


@dataclass(eq=False, slots=True)
class _Case:
    """A call that failed, and what led to it."""

    name: str
    failed: _Failed
    record: _Record
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


def _explained(error: Exception, record: _Record, root: nn.Module) -> CommandError:
    place, code = _line_of(error)
    failed = record.failed
    if failed is None or isinstance(error, AttributeError | NameError) or not _is_of_torch(error):
        return _of_python(error, record, root, place)
    kind = type(failed.module).__name__ if failed.module is not None else failed.function
    name = record.row_name(failed.module) if failed.module is not None else record.function_name(failed.function)
    case = _Case(f"{name} ({failed.path})" if failed.path else name, failed, record, root, error)
    at = f" at {place}" if place else ""
    found = next((rule(case) for rule in _rules(failed.function, kind) if case.tensors), None) or _in_general(case)
    problem, allowed, remedy = found
    return StepError((f"{case.name}{at} {problem}", allowed, remedy), record.steps, f"{place}: {code}" if code else "")


def _is_of_torch(error: Exception) -> bool:
    """Tell whether an error comes from within PyTorch."""
    frames = traceback.extract_tb(error.__traceback__)
    inner = frames[-1].filename if frames else ""
    return isinstance(error, RuntimeError | ValueError | IndexError) or not is_authors(inner)


def _line_of(error: Exception) -> tuple[str, str]:
    """Return the author's line as ``net.py:12`` and its code."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if is_authors(frame.filename):
            code = frame.line or linecache.getline(frame.filename, frame.lineno or 0)
            return f"{Path(frame.filename).name}:{frame.lineno}", code.strip()
    return "", ""


def _of_python(error: Exception, record: _Record, root: nn.Module, place: str) -> CommandError:
    plain = failure(error, place or "forward")
    sentence = (plain.problem, plain.allowed, plain.remedy)
    if isinstance(error, AttributeError) and isinstance(error.obj, nn.Module):
        names = [*dict(error.obj.named_children()), *vars(error.obj), *dict(error.obj.named_parameters(recurse=False))]
        near = difflib.get_close_matches(str(error.name), [each for each in names if not each.startswith("_")], 1)
        kind = type(error.obj).__name__
        sentence = (
            f"{place or 'forward'} uses self.{error.name}, which {kind} does not have.",
            f"__init__ sets {', '.join(each for each in dict(error.obj.named_children())) or 'no module'}.",
            f"Write self.{near[0]}, or set self.{error.name} in __init__." if near else f"Set self.{error.name} there.",
        )
    if isinstance(error, NotImplementedError) and "forward" in str(error):
        methods: list[str] = [each for each in vars(type(root)) if not each.startswith("_")]
        near = difflib.get_close_matches("forward", methods, 1, 0.4)
        sentence = (
            f"{type(root).__name__} has no method forward.",
            "It is named 'forward' and stands inside the class, as far in as __init__.",
            f"Rename '{near[0]}' to 'forward'." if near else "Write def forward(self, x) inside the class.",
        )
    return StepError(sentence, record.steps)


def _product(shape: Sequence[int]) -> str:
    """Write a shape with its product.

    >>> _product((16, 4, 4)), _product((256,))
    ('16 × 4 × 4 = 256', '256')
    """
    written = " × ".join(map(str, shape))
    return f"{written} = {math.prod(shape)}" if len(shape) > 1 else written


def _linear(case: _Case) -> Sentence | None:
    weight = case.get("weight", 1)
    if not isinstance(weight, Tensor) or weight.ndim != 2:
        return None
    out, takes = weight.shape
    last = int(case.tensors[0].shape[-1])
    if last == takes:
        return None
    if len(case.shape) > 1:
        flat = math.prod(case.shape)
        return (
            f"gets {' × '.join(map(str, case.shape))} for each picture, which is not flattened: {last} numbers a row.",
            f"It takes {takes} numbers: nn.Linear({takes}, {out}).",
            f"Flatten before it (x.flatten(1)): {_product(case.shape)}. Then nn.Linear({flat}, {out}) fits.",
        )
    maps = next((each.shape for each in reversed(case.record.steps) if len(each.shape) == 3), ())
    said = _product(maps) if maps and math.prod(maps) == last else str(last)
    return (
        f"gets {last} numbers for each picture ({said}).",
        f"It takes {takes}: nn.Linear({takes}, {out}).",
        f"Write nn.Linear({last}, {out}).",
    )


def _window_arithmetic(side: int, padding: int, kernel: int, dilation: int) -> str:
    covers = f"{kernel}" if dilation == 1 else f"{dilation} × ({kernel} − 1) + 1 = {dilation * (kernel - 1) + 1}"
    room = f"{side}" if padding == 0 else f"{side} + 2 × {padding} = {side + 2 * padding}"
    return f"Its kernel covers {covers} values along a side, and {room} are there"


def _too_small(case: _Case, kernel: tuple[int, int], padding: tuple[int, int], dilation: tuple[int, int]) -> Any:
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


def _conv(case: _Case) -> Sentence | None:
    weight = case.get("weight", 1)
    if not isinstance(weight, Tensor):
        return None
    transposed = "transpose" in case.failed.function
    groups = int(case.get("groups", 7 if transposed else 6, 1) or 1)
    takes = weight.shape[0] if transposed else weight.shape[1] * groups
    gives = weight.shape[1] * groups if transposed else weight.shape[0]
    made = "nn.ConvTranspose2d" if transposed else "nn.Conv2d"
    kernel = int(weight.shape[2]), int(weight.shape[3])
    if case.tensors[0].ndim not in {3, 4}:
        return (
            f"gets {_product(case.shape)} numbers for each picture.",
            "It takes maps (C, H, W) for each picture.",
            f"Leave out the flatten before it, or use nn.Linear({math.prod(case.shape)}, {gives}).",
        )
    channels = int(case.tensors[0].shape[-3])
    if channels != takes:
        maker = case.maker(case.tensors[0])
        other = " If the picture has another number of channels, give --input." if maker == "the picture" else ""
        sides = "" if kernel[0] != kernel[1] else f", {kernel[0]}"
        split = f", groups={groups}" if groups > 1 else ""
        return (
            f"gets {channels} channels from {maker} ({' × '.join(map(str, case.shape))} for each picture).",
            f"It takes {takes}: {made}({takes}, {gives}{sides}{split}).",
            f"Write {made}({channels}, {gives}{sides}{split}).{other}",
        )
    if transposed:
        return None
    padding = case.get("padding", 4, 0)
    pads = (0, 0) if isinstance(padding, str) else case.pair("padding", 4, 0)
    found: Sentence | None = _too_small(case, kernel, pads, case.pair("dilation", 5, 1))
    return found


def _pool(case: _Case) -> Sentence | None:
    if case.tensors[0].ndim not in {3, 4}:
        return (
            f"gets {_product(case.shape)} numbers for each picture.",
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


def _batch_norm(case: _Case) -> Sentence | None:
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


def _norm(case: _Case) -> Sentence | None:
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


def _view(case: _Case) -> Sentence | None:
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
            f"gets {_product(case.shape)} numbers for each picture.",
            f"It asks for {' × '.join(map(str, wanted))} of them: {case.failed.function}({written}).",
            "Give sizes whose product is that number.",
        )
    return (
        f"gets {_product(case.shape)} numbers for each picture.",
        f"It asks for {asked}: {case.failed.function}({written}).",
        f"Write {case.failed.function}({sizes[0]}, {total}){_linear_for(case.root, asked, total)}.",
    )


def _linear_for(root: nn.Module, asked: int, total: int) -> str:
    """Return what to write for a Linear that takes the numbers that a wrong view asks for."""
    for path, each in root.named_modules():
        if isinstance(each, nn.Linear) and each.in_features == asked:
            return f", and for {path} nn.Linear({total}, {each.out_features})"
    return ""


def _two(case: _Case) -> Sentence | None:
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


def _meeting(case: _Case, one: Tensor, other: Tensor, axis: int) -> str:
    """Return which number makes two tensors meet."""
    if one.ndim != other.ndim:
        return "Give both the same number of axes."
    differing = [number for number, (a, b) in enumerate(_sides(one, other)) if a != b and number != axis]
    if not differing:
        return "Give them the same shape."
    if differing[0] == 1 and one.ndim == 4:
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


def _source_of(step: Ran | None, record: _Record) -> nn.Conv2d | None:
    """Return the convolution that a step's map comes from, where nothing but elementwise steps is between."""
    if step is None or step not in record.steps:
        return None
    for each in reversed(record.steps[: record.steps.index(step) + 1]):
        if isinstance(each.module, nn.Conv2d):
            return each.module
        if each.shape != step.shape:
            return None
    return None


def _axis(case: _Case) -> Sentence | None:
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


def _in_general(case: _Case) -> Sentence:
    shapes = ", ".join(" × ".join(map(str, each.shape[1:])) or "one number" for each in case.tensors[:3])
    text = str(case.error).strip().splitlines()
    said = text[0][:300].rstrip(".") if text else type(case.error).__name__
    return (f"fails; for each picture it gets {shapes or 'no tensor'}.", f"PyTorch says: {said}.", "Correct this line.")


Rule = Callable[[_Case], Sentence | None]


def _rules(function: str, kind: str) -> list[Rule]:
    """Return the rules that may explain a failure, the likeliest first."""
    name = f"{function} {kind}".lower()
    found: list[Rule] = []
    for part, rule in _BY_NAME.items():
        if part in name:
            found.append(rule)
    return [_first_of([*found, _axis])]


def _first_of(rules: Sequence[Rule]) -> Rule:
    return lambda case: next((found for rule in rules if (found := rule(case))), None)


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
    "add": _two,
    "sub": _two,
    "mul": _two,
    "div": _two,
}


def _check_batches(record: _Record, root: nn.Module) -> None:
    """Raise where a view puts pictures together or makes several rows of one."""
    for number, step in enumerate(record.steps):
        if step.op not in _MERGING or not step.given or step.given[0][0] != BATCH or step.batch == BATCH:
            continue
        before = record.steps[:number]
        total, asked = math.prod(step.given[0][1:]), math.prod(step.shape)
        at = f" at {step.line}" if step.line else ""
        sentence = (
            f"{step.name}{at} makes {step.batch} rows of {BATCH} pictures: {_product(step.given[0][1:])} numbers each.",
            f"It asks for rows of {asked}.",
            f"Write {step.op}(-1, {total}){_linear_for(root, asked, total)}, or give the input shape "
            "that the network was made for (--input).",
        )
        raise StepError(sentence, before)
