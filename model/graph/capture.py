"""Write any PyTorch image classifier as a network file: this one file needs only torch and safetensors.

Put this file beside a notebook. Three lines are enough:

    from capture import save
    save(net, "mine.glass", (1, 28, 28), title="My network", mean=[0.1307], std=[0.3081])

``torch.export`` follows ``forward`` once with a symbolic batch. A table turns ATen operations into the operations of a
network file. The captured graph then has to give what the module gives, on random inputs; otherwise there is no file.
"""

import contextlib
import copy
import functools
import inspect
import io
import json
import logging
import math
import operator
import re
import traceback
import unicodedata
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import torch
import torch.nn.functional as F  # noqa: N812 (the name that PyTorch's documentation uses)
from safetensors.torch import save as serialise
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

if TYPE_CHECKING or __package__ == "model.graph":
    from model.errors import GlassError
else:

    class GlassError(Exception):
        """What this file refuses, in three parts: what is wrong, what is allowed, what to do."""

        def __init__(self, problem: str, allowed: str, remedy: str) -> None:
            super().__init__(f"{problem} {allowed} {remedy}")
            self.problem, self.allowed, self.remedy = problem, allowed, remedy


FORMAT, VERSION = "glass-network", 1
IMAGE = "image"  # the name of the input in a node's inputs
FILES = ("network.json", "weights.safetensors", "check.safetensors")
TOLERANCE = 1e-5  # of the largest logit
MAX_INPUT = 1_300_000
MAX_TITLE, MAX_CLASS, MAX_CLASSES, MAX_PATH, MAX_NODES, MAX_WARNINGS = 80, 60, 1_000, 200, 2_000, 100

Settings = dict[str, Any]
Function = Callable[[Sequence[Tensor], Mapping[str, Any], Mapping[str, Tensor]], Tensor]


class CaptureError(GlassError):
    """A module cannot be captured."""


@dataclass(frozen=True, eq=False, slots=True)
class Captured:
    """A captured network: what goes into the three parts of a file."""

    document: dict[str, Any]
    tensors: dict[str, Tensor]
    check: dict[str, Tensor]

    @property
    def warnings(self) -> list[str]:
        """Return what a reader should know, a sentence each."""
        return list(self.document["warnings"])


# What may be called


def capture(
    module: nn.Module,
    input_shape: Sequence[int],
    *,
    title: str = "",
    classes: Sequence[str] | None = None,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    history: Any = None,
) -> Captured:
    """Capture a module as a graph that gives the same logits.

    The module itself is left as it is: a copy is used, on the CPU, in float32 and in evaluation mode.

    Args:
        module: Takes one tensor (N, C, H, W); gives scores, log-probabilities or probabilities (N, K).
        input_shape: (C, H, W).
        title: What pages call the network; the class's name by default.
        classes: K names; the numbers 0 to K - 1 by default.
        mean: C numbers that are subtracted from a picture's values in 0 to 1 before the network sees it.
        std: C numbers that it is then divided by.
        history: For each epoch a dict of numbers, or a dict of lists of numbers.

    Raises:
        CaptureError: The module cannot be captured; the sentence says why and what to do.
    """
    shape = _input_shape(input_shape)
    described = _description(module, shape, title, mean, std, history)
    private = _private_copy(module)
    _check_signature(private)
    image = torch.randn(2, *shape, generator=torch.Generator().manual_seed(1))
    with _quiet(), torch.random.fork_rng(devices=[]), torch.no_grad():
        run = _observe(private, image)
        graph = _Graph(private, _export(private, image, run))
        graph.read()
        _add_what_only_training_runs(graph, private, image, run)
        graph.find_logits(run)
        document, tensors = _document(graph, run, described, classes)
        check, difference = _witness(private, graph, document, tensors, shape)
    document["witness"] = {"difference": difference, "torch": torch.__version__.partition("+")[0]}
    return Captured(document, tensors, check)


def save(
    module: nn.Module,
    path: str | Path,
    input_shape: Sequence[int],
    *,
    title: str = "",
    classes: Sequence[str] | None = None,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    history: Any = None,
) -> Captured:
    """Capture a module and write the file; the arguments are those of ``capture``. Same network, same bytes."""
    captured = capture(module, input_shape, title=title, classes=classes, mean=mean, std=std, history=history)
    Path(path).write_bytes(to_bytes(captured))
    return captured


def to_bytes(captured: Captured) -> bytes:
    """Return the file: a zip of exactly three parts, stored as they are, with no date."""
    text = json.dumps(captured.document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    parts = (text.encode(), serialise(captured.tensors), serialise(captured.check))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, data in zip(FILES, parts, strict=True):
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system, entry.external_attr = 3, 0o100644 << 16
            archive.writestr(entry, data)
    return file.getvalue()


# Texts


_MARKED = re.compile(r"[<>`*\[\]\\|$~{}]|&#?\w+;|:[\w/+-]+:|//|^[=+@#-](?!\d+$)|^\s|\s$|__")


def text_problem(text: str, longest: int) -> str:
    """Return what is wrong with a title, a class or a path, or an empty string.

    Such texts are shown on pages and written into tables, so they hold no markup and no invisible characters.

    >>> text_problem("T-shirt/top", 60), text_problem("<b>", 60)
    ('', "holds '<'")
    """
    if not text:
        return "is empty"
    if len(text) > longest:
        return f"has {len(text):,} characters"
    for character in text:
        category = unicodedata.category(character)
        if category[0] == "C" or category in {"Zl", "Zp"}:
            return f"holds the invisible character U+{ord(character):04X}"
    marked = _MARKED.search(text)
    return f"holds {marked[0]!r}" if marked else ""


def _plain(what: str, text: str, longest: int) -> str:
    problem = text_problem(text, longest)
    if problem:
        raise CaptureError(
            f"The {what} {text[:40]!a} {problem}.",
            f"A {what} has 1 to {longest} visible characters and no markup.",
            f"Give another {what}.",
        )
    return text


# What goes in


def _input_shape(shape: Sequence[int]) -> tuple[int, ...]:
    try:
        found = tuple(operator.index(side) for side in shape)
    except TypeError:
        found = ()
    if len(found) != 3 or not all(1 <= side <= 512 for side in found) or math.prod(found) > MAX_INPUT:
        raise CaptureError(
            f"The input shape {str(shape)[:60]} is not (channels, height, width).",
            f"It is three whole numbers from 1 to 512, {MAX_INPUT:,} values at most, without the batch.",
            "Write for example (1, 28, 28) or (3, 224, 224).",
        )
    return found


def _description(
    module: nn.Module,
    shape: tuple[int, ...],
    title: str,
    mean: Sequence[float] | None,
    std: Sequence[float] | None,
    history: Any,
) -> dict[str, Any]:
    channels, height, width = shape
    numbers = {"mean": [0.0] * channels if mean is None else mean, "std": [1.0] * channels if std is None else std}
    for name, values in numbers.items():
        try:
            numbers[name] = [float(value) for value in values]
        except (TypeError, ValueError):
            numbers[name] = []
        right = len(numbers[name]) == channels and all(map(math.isfinite, numbers[name]))
        if not right or (name == "std" and min(numbers[name]) <= 0):
            raise CaptureError(
                f"The {name} {str(values)[:60]} does not fit {channels} channels.",
                f"It is a list of {channels} numbers{', all above 0' if name == 'std' else ''}.",
                "Give those that the network was trained with.",
            )
    return {
        "title": _plain("title", title or type(module).__name__, MAX_TITLE),
        "input": {"channels": channels, "height": height, "width": width, **numbers},
        "history": _history(history),
    }


def _history(history: Any) -> list[dict[str, float]]:
    try:
        if isinstance(history, Mapping):
            history = [dict(zip(history, row, strict=True)) for row in zip(*history.values(), strict=True)]
        rows = [{str(key): float(value) for key, value in row.items()} for row in history or ()]
        for name in {name for row in rows for name in row}:
            _plain("history's column", name, MAX_CLASS)
    except (TypeError, ValueError, AttributeError):
        rows = [{"": math.nan}]
    if len(rows) > 10_000 or not all(math.isfinite(value) for row in rows for value in row.values()):
        raise CaptureError(
            f"The history {str(history)[:60]} cannot be kept.",
            "It is a list of up to 10,000 dicts of finite numbers, one for each epoch, or a dict of lists.",
            "Write for example [{'epoch': 1, 'loss': 0.2, 'accuracy': 98.1}].",
        )
    return rows


def _check_signature(module: nn.Module) -> None:
    try:
        parameters = inspect.signature(module.forward).parameters.values()
    except (TypeError, ValueError):
        return
    needed = [
        each.name
        for each in parameters
        if each.default is each.empty and each.kind not in {each.VAR_POSITIONAL, each.VAR_KEYWORD}
    ]
    if len(needed) > 1:
        code = getattr(module.forward, "__code__", None)
        place = _place([(code.co_filename, code.co_firstlineno)]) if code else ""
        raise CaptureError(
            f"forward of {type(module).__name__} takes {len(needed)} inputs ({', '.join(needed)}){_at(place)}.",
            "A network here takes one tensor (N, C, H, W).",
            "Write a module whose forward(self, x) makes the other inputs and calls yours, and capture that one.",
        )


def _private_copy(module: nn.Module) -> nn.Module:
    if not isinstance(module, nn.Module):
        raise CaptureError(
            f"What was given is a {type(module).__name__}.", "It must be an nn.Module.", "Give an instance: Net()."
        )
    try:
        return copy.deepcopy(module).to("cpu", torch.float32).eval()
    except Exception as error:
        raise CaptureError(
            f"The module cannot be copied: {_first_line(error)}.",
            "Its attributes must be such that copy.deepcopy(module) works.",
            "Remove what cannot be copied (open files, tensors with a history) from the module.",
        ) from error


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep back the warnings and log lines of torch.export, which are about its own workings."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


# Where the author's code is


_HERE = Path(__file__).resolve()
_TORCH = Path(torch.__file__).resolve().parent
_FRAME = re.compile(r'File "([^"]+)", line (\d+)')


@functools.lru_cache(maxsize=1_000)
def _is_authors(file: str) -> bool:
    path = Path(file).resolve()
    return (
        not file.startswith(("<string>", "<frozen", "<eval_with_key")) and path != _HERE and _TORCH not in path.parents
    )


def _place(frames: Sequence[tuple[str, int]]) -> str:
    """Return the last of the author's lines as "net.py:12", without the folder."""
    for file, line in reversed(frames):
        if _is_authors(file):
            cell = "ipython" in file or "ipykernel" in file
            name = "cell" if cell else re.sub(r"[^\w. -]", "-", Path(file).name)[:80].strip(" -")
            return f"{name or 'code'}:{line}"
    return ""


def _place_of(error: BaseException) -> str:
    frames = [(frame.filename, frame.lineno or 0) for frame in traceback.extract_tb(error.__traceback__)]
    return _place(frames)


def _place_of_node(node: torch.fx.Node) -> str:
    trace = node.meta.get("stack_trace") or ""
    return _place([(file, int(line)) for file, line in _FRAME.findall(trace)])


def _at(place: str) -> str:
    return f" ({place})" if place else ""


def _first_line(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0][:200] if text else 'no message'}".rstrip(".")


# One run of the author's own code


@dataclass(eq=False, slots=True)
class _Run:
    """What one pass of the author's code did."""

    output: Any = None
    ran: set[int] = field(default_factory=set)  # ids of modules whose forward ran
    functions: list[tuple[str, str]] = field(default_factory=list)  # the module that called it, and the call
    inside: list[str] = field(default_factory=lambda: [""])  # paths of the modules whose forward runs now
    softmax_inputs: list[Tensor] = field(default_factory=list)
    calls: int = 0
    same: set[int] = field(default_factory=set)  # ids of modules that return their input, such as nn.Identity


class _Watch(TorchFunctionMode):
    """Note the functions that are called, and switch dropout off."""

    def __init__(self, run: _Run) -> None:
        super().__init__()
        self.run = run

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name, args, kwargs = getattr(function, "__name__", ""), list(args), dict(kwargs or {})
        self.run.calls += 1
        if name in {"softmax", "log_softmax"} and args:
            self.run.softmax_inputs.append(args[0].clone())
        if "dropout" in name:  # all of them are f(input, p, training)
            args[2:3] = [False] if len(args) > 2 else []
            if len(args) < 3:
                kwargs["train" if "train" in kwargs else "training"] = False
        result = function(*args, **kwargs)
        if isinstance(result, Tensor | tuple | list) and name not in _UNCOUNTED and not _is_counter(args):
            plain = [] if name == "batch_norm" else _plain_arguments([*args, *kwargs.values()])
            self.run.functions.append((self.run.inside[-1], f"{name.rstrip('_')} {plain}"))
        return result


def _plain_arguments(values: Sequence[Any]) -> list[Any]:
    """Return the numbers and words among some arguments; flags are left out, for the two modes differ in them."""
    return [each for each in values if isinstance(each, int | float | str) and not isinstance(each, bool)]


_UNCOUNTED = {"__get__", "__set__", "size", "stride", "clone"}


def _is_counter(args: Sequence[Any]) -> bool:
    """Tell whether a function counts batches, as a batch norm does in training."""
    return bool(args) and isinstance(args[0], Tensor) and args[0].dtype == torch.int64 and args[0].dim() == 0


def _observe(module: nn.Module, image: Tensor) -> _Run:
    """Run the author's code on a batch and note which modules and functions run."""
    run = _Run()

    paths = {each: path for path, each in module.named_modules()}

    def note(each: nn.Module, forward: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*args: Any, **kwargs: Any) -> Any:
            run.ran.add(id(each))
            before = run.calls
            run.inside.append(paths[each])
            output = forward(*args, **kwargs)
            run.inside.pop()
            if run.calls == before and any(output is given for given in args):
                run.same.add(id(each))
            return output

        return noted

    own = {each: each.__dict__.get("forward") for each in module.modules()}
    try:
        for each in own:
            each.__dict__["forward"] = note(each, each.forward)
        with _Watch(run):
            run.output = module(image)
    except Exception as error:
        place = _place_of(error)
        raise CaptureError(
            f"forward fails on a batch of {len(image)} pictures of {tuple(image.shape[1:])}{_at(place)}: "
            f"{_first_line(error)}.",
            "forward must take one tensor (N, C, H, W) for any N.",
            "Make the network run on such a batch first, or give the input shape that it was made for.",
        ) from error
    finally:
        for each, forward in own.items():
            del each.__dict__["forward"]
            if forward is not None:
                each.__dict__["forward"] = forward
    _outputs(run.output)
    return run


def _outputs(output: Any) -> list[Tensor]:
    """Return what forward returned as a list of tensors."""
    found = list(output) if isinstance(output, tuple | list) else [output]
    if isinstance(output, Mapping) or not found or not all(isinstance(each, Tensor) for each in found):
        kind = f"a {type(output).__name__}" if output is not None else "nothing"
        remedy = "Write 'return' before the scores, at the end of forward."
        if output is not None:
            remedy = "Write a module whose forward returns the scores alone: return self.net(x)['logits']."
        if isinstance(output, Mapping):
            kind += f" with the keys {', '.join(map(repr, list(output)[:5]))}"
        raise CaptureError(f"forward returns {kind}.", "A network here returns one tensor of scores (N, K).", remedy)
    return found


# The export


def _export(module: nn.Module, image: Tensor, run: _Run) -> torch.export.ExportedProgram:
    """Export the module in the mode in which it is, with a symbolic batch."""
    hooks = [each.register_forward_hook(_give_a_node) for each in module.modules() if id(each) in run.same]
    silent = contextlib.redirect_stdout(None), contextlib.redirect_stderr(None)
    try:
        with silent[0], silent[1]:
            dynamic: Any = ({0: torch.export.Dim.AUTO},)
            return torch.export.export(module, (image,), dynamic_shapes=dynamic, strict=False)
    except Exception as error:
        place = _place_of(error)
        if "DataDependent" in type(error).__name__ or "data-dependent" in str(error):
            raise CaptureError(
                f"forward decides by the values of the picture which way to go{_at(place)}.",
                "A graph is the same for every picture.",
                "Write the decision with torch.where, or capture the branch that you want to see.",
            ) from error
        raise CaptureError(
            f"torch.export cannot follow forward{_at(place)}: {_first_line(error)}.",
            "forward must be made of PyTorch operations on tensors, for a batch of any size.",
            "Write this line with PyTorch operations, with x.size(0) where the size of the batch is meant.",
        ) from error
    finally:
        for hook in hooks:
            hook.remove()


def _give_a_node(_module: nn.Module, inputs: Any, output: Any) -> Any:
    """Let a module that returns its input (nn.Identity) leave a node in the graph."""
    return output.clone() if any(output is each for each in inputs) else None


def _is_leaf(module: nn.Module, root: nn.Module) -> bool:
    """Tell whether torchsummary prints a row for a module, composite modules left out."""
    holds = next(module.children(), None) is not None
    return not holds and module is not root and not isinstance(module, nn.Sequential | nn.ModuleList | nn.ModuleDict)


# From ATen operations to ours


def _pair(value: Any) -> list[int]:
    values = [int(each) for each in value] if isinstance(value, list | tuple) else [int(value)]
    return values * 2 if len(values) == 1 else values


@dataclass(frozen=True, slots=True)
class _Rule:
    """How an ATen operation becomes one of ours: settings from its arguments, which are inputs, which are tensors."""

    op: str
    settings: Callable[["_Call"], Settings] = lambda call: {}
    inputs: tuple[str, ...] = ("self",)
    tensors: tuple[str, ...] = ()


@dataclass(slots=True)
class _Call:
    """The arguments of one ATen call by name, with the shapes of its first input and of its result."""

    args: dict[str, Any]
    input: "_Value"
    result: tuple[int, tuple[int, ...]]

    def __getitem__(self, name: str) -> Any:
        return self.args[name]

    @property
    def rank(self) -> int:
        """Return how many axes the input has, the batch among them."""
        return len(self.input.shape) + (self.input.batch > 0)

    def axis(self, name: str = "dim") -> int:
        """Return an axis counted from the front."""
        return int(self[name]) % self.rank

    def axes(self, name: str = "dim") -> list[int]:
        """Return axes counted from the front; all of them where none is named."""
        given = self[name]
        given = [given] if isinstance(given, int) else given
        return sorted(axis % self.rank for axis in given) if given else list(range(self.rank))

    @property
    def sizes(self) -> tuple[int, ...]:
        """Return the sizes of all axes; the batch, which has none, is 0."""
        return ((0,) if self.input.batch else ()) + self.input.shape


def _numbers(*names: str) -> Callable[[_Call], Settings]:
    def settings(call: _Call) -> Settings:
        return {name: None if call[name] is None else float(call[name]) for name in names}

    return settings


def _window(call: _Call) -> Settings:
    kernel = _pair(call["kernel_size"])
    return {"kernel": kernel, "stride": _pair(call["stride"]) if call["stride"] else kernel} | {
        "padding": _pair(call["padding"]),
        "ceil": bool(call["ceil_mode"]),
    }


def _convolution(call: _Call) -> Settings:
    padding = call["padding"]
    return {
        "stride": _pair(call["stride"]),
        "padding": ([0, 0] if padding == "valid" else padding) if isinstance(padding, str) else _pair(padding),
        "dilation": _pair(call["dilation"]),
        "groups": int(call["groups"]),
    }


def _view(call: _Call) -> Settings:
    return {"batch": call.result[0], "shape": list(call.result[1])}


def _over(call: _Call) -> Settings:
    return {"dims": call.axes(), "keepdim": bool(call["keepdim"])}


def _squeezed(call: _Call) -> Settings:
    given = call.axes() if "dim" in call.args else list(range(call.rank))
    return {"dims": [axis for axis in given if call.sizes[axis] == 1]}


def _transposed(call: _Call) -> Settings:
    order = list(range(call.rank))
    one, other = call.axis("dim0"), call.axis("dim1")
    order[one], order[other] = order[other], order[one]
    return {"dims": order}


def _slice(call: _Call) -> Settings:
    axis = call.axis()
    if axis == 0 and call.input.batch:
        raise _mixing("takes some pictures out of the batch")
    start, end, step = slice(call["start"], call["end"], call["step"]).indices(call.sizes[axis])
    return {"dim": axis, "start": start, "end": end, "step": step}


def _narrowed(call: _Call) -> Settings:
    start = int(call["start"]) % call.sizes[call.axis()]
    return {"dim": call.axis(), "start": start, "end": start + int(call["length"]), "step": 1}


def _padded(call: _Call) -> Settings:
    return {"pads": [int(each) for each in call["pad"]], "mode": call["mode"], "value": float(call["value"] or 0)}


def _mixing(what: str) -> "_Unsupported":
    return _Unsupported(
        f"forward {what}.",
        "Each picture of a batch must be worked on by itself.",
        "Keep the first axis for the batch: x.view(x.size(0), -1), dim=1.",
    )


class _Unsupported(Exception):  # noqa: N818 (it is turned into a CaptureError that knows the line)
    """Why an operation cannot be taken over, in three parts."""


_BINARY = ("self", "other")
_NORM = ("weight", "bias")
_RULES: dict[str, _Rule] = {
    "conv2d.default": _Rule("conv2d", _convolution, ("input",), _NORM),
    "conv2d.padding": _Rule("conv2d", _convolution, ("input",), _NORM),
    "conv_transpose2d.input": _Rule(
        "conv_transpose2d",
        lambda c: _convolution(c) | {"output_padding": _pair(c["output_padding"])},
        ("input",),
        _NORM,
    ),
    "linear.default": _Rule("linear", inputs=("input",), tensors=_NORM),
    "batch_norm.default": _Rule(
        "batch_norm",
        lambda c: {"eps": float(c["eps"]), "momentum": float(c["momentum"]), "batch_statistics": bool(c["training"])},
        ("input",),
        (*_NORM, "running_mean", "running_var"),
    ),
    "instance_norm.default": _Rule("instance_norm", _numbers("eps"), ("input",), _NORM),
    "group_norm.default": _Rule(
        "group_norm", lambda c: {"groups": int(c["num_groups"]), "eps": float(c["eps"])}, ("input",), _NORM
    ),
    "layer_norm.default": _Rule(
        "layer_norm",
        lambda c: {"shape": [int(n) for n in c["normalized_shape"]], "eps": float(c["eps"])},
        ("input",),
        _NORM,
    ),
    "max_pool2d.default": _Rule("max_pool2d", lambda c: _window(c) | {"dilation": _pair(c["dilation"])}),
    "avg_pool2d.default": _Rule(
        "avg_pool2d",
        lambda c: _window(c) | {"count_include_pad": bool(c["count_include_pad"]), "divisor": c["divisor_override"]},
    ),
    "adaptive_avg_pool2d.default": _Rule("adaptive_avg_pool2d", lambda c: {"size": list(c.result[1][-2:])}),
    "adaptive_max_pool2d.default": _Rule("adaptive_max_pool2d", lambda c: {"size": list(c.result[1][-2:])}),
    "hardtanh.default": _Rule("hardtanh", _numbers("min_val", "max_val")),
    "leaky_relu.default": _Rule("leaky_relu", _numbers("negative_slope")),
    "elu.default": _Rule("elu", _numbers("alpha", "scale", "input_scale")),
    "softplus.default": _Rule("softplus", _numbers("beta", "threshold")),
    "gelu.default": _Rule("gelu", lambda c: {"approximate": c["approximate"]}),
    "prelu.default": _Rule("prelu", tensors=("weight",)),
    "clamp.default": _Rule("clamp", _numbers("min", "max")),
    "clamp_min.default": _Rule("clamp", lambda c: {"min": float(c["min"]), "max": None}),
    "clamp_max.default": _Rule("clamp", lambda c: {"min": None, "max": float(c["max"])}),
    "pow.Tensor_Scalar": _Rule("pow", _numbers("exponent")),
    "square.default": _Rule("pow", lambda c: {"exponent": 2.0}),
    "dropout.default": _Rule("dropout", lambda c: {"p": float(c["p"]), "when": bool(c["train"])}, ("input",)),
    "feature_dropout.default": _Rule("dropout2d", lambda c: {"p": float(c["p"]), "when": bool(c["train"])}, ("input",)),
    "mean.dim": _Rule("mean", _over),
    "sum.dim_IntList": _Rule("sum", _over),
    "amax.default": _Rule("amax", _over),
    "softmax.int": _Rule("softmax", lambda c: {"dim": c.axis()}),
    "log_softmax.int": _Rule("log_softmax", lambda c: {"dim": c.axis()}),
    "cat.default": _Rule("cat", lambda c: {"dim": c.axis()}, ("tensors",)),
    "pad.default": _Rule("pad", _padded),
    "flatten.using_ints": _Rule("flatten", lambda c: {"start": c.axis("start_dim"), "end": c.axis("end_dim")}),
    "view.default": _Rule("view", _view),
    "_unsafe_view.default": _Rule("view", _view),
    "reshape.default": _Rule("view", _view),
    "unflatten.int": _Rule("view", _view),
    "expand.default": _Rule("expand", _view),
    "expand_as.default": _Rule("expand", _view),
    "squeeze.default": _Rule("squeeze", _squeezed),
    "squeeze.dim": _Rule("squeeze", _squeezed),
    "squeeze.dims": _Rule("squeeze", _squeezed),
    "unsqueeze.default": _Rule("unsqueeze", lambda c: {"dim": int(c["dim"]) % (c.rank + 1)}),
    "permute.default": _Rule("permute", lambda c: {"dims": [axis % c.rank for axis in c["dims"]]}),
    "transpose.int": _Rule("permute", _transposed),
    "slice.Tensor": _Rule("slice", _slice),
    "narrow.default": _Rule("slice", _narrowed),
    "select.int": _Rule("select", lambda c: {"dim": c.axis(), "index": int(c["index"]) % max(1, c.sizes[c.axis()])}),
    "channel_shuffle.default": _Rule("channel_shuffle", lambda c: {"groups": int(c["groups"])}),
    "pixel_shuffle.default": _Rule("pixel_shuffle", lambda c: {"factor": int(c["upscale_factor"])}),
    "maximum.default": _Rule("maximum", inputs=_BINARY),
    "max.other": _Rule("maximum", inputs=_BINARY),
    "minimum.default": _Rule("minimum", inputs=_BINARY),
    "min.other": _Rule("minimum", inputs=_BINARY),
    "mul.Tensor": _Rule("mul", inputs=_BINARY),
    "mul.Scalar": _Rule("mul", inputs=_BINARY),
    "div.Tensor": _Rule("div", inputs=_BINARY),
    "div.Scalar": _Rule("div", inputs=_BINARY),
    "add.Tensor": _Rule("add", _numbers("alpha"), _BINARY),
    "add.Scalar": _Rule("add", _numbers("alpha"), _BINARY),
    "sub.Tensor": _Rule("sub", _numbers("alpha"), _BINARY),
    "sub.Scalar": _Rule("sub", _numbers("alpha"), _BINARY),
    "rsub.Scalar": _Rule("rsub", _numbers("alpha"), _BINARY),
    **{
        f"{name}.default": _Rule(name)
        for name in (
            *("relu", "relu6", "selu", "silu", "mish", "sigmoid", "tanh", "hardswish", "hardsigmoid"),
            *("exp", "log", "sqrt", "rsqrt", "abs", "neg", "reciprocal"),
        )
    },
}
_SAME = {  # these give the tensor as it is; the second says whether it may be the same memory
    "contiguous.default": True,
    "alias.default": True,
    "detach.default": True,
    "requires_grad.default": True,
    "lift_fresh_copy.default": False,
    "clone.default": False,
    "to.dtype": True,
    "to.dtype_layout": True,
    "to.device": True,
    "to.other": True,
    "type_as.default": True,
    "_to_copy.default": False,
}
_PIECES = {"chunk.default", "split.Tensor", "split_with_sizes.default", "split.sizes", "unbind.int"}
_MAY_SHARE = {"view", "expand", "flatten", "squeeze", "unsqueeze", "permute", "slice", "select", "dropout", "dropout2d"}
_WINDOWED = {"conv2d", "conv_transpose2d", "max_pool2d", "avg_pool2d", "adaptive_avg_pool2d", "adaptive_max_pool2d"}
_FOUR_AXES = _WINDOWED | {"instance_norm", "channel_shuffle", "pixel_shuffle"}


# A graph that is being read


@dataclass(eq=False)
class _Node:
    """One operation, before it has a name."""

    op: str
    inputs: list["_Node | None"]  # None is the image
    settings: Settings
    tensors: dict[str, str]
    batch: int
    shape: tuple[int, ...]
    path: str = ""
    call: str = ""  # names the call of a leaf module in the export
    kind: str = ""  # the leaf module's class, where this is the last operation of its call
    line: str = ""
    name: str = ""


@dataclass(eq=False)
class _Value:
    """A tensor of the export: the image, what a node gives, a parameter, or a constant."""

    node: _Node | None = None
    batch: int = 0  # (batch * N, *shape); 0 where there is no batch
    shape: tuple[int, ...] = ()
    key: str = ""  # where the author keeps it
    constant: Tensor | None = None
    is_image: bool = False

    @property
    def is_stored(self) -> bool:
        return self.node is None and not self.is_image


@dataclass(eq=False)
class _Cell:
    """One tensor in memory and what it holds now; ``group`` lists the export's nodes that may share its memory."""

    value: _Value
    group: list[torch.fx.Node]


@dataclass(eq=False)
class _Failed:
    """What could not be taken over; it matters only where something else needs it."""

    error: CaptureError


class _Graph:
    """Read the nodes of an export into ours."""

    def __init__(self, module: nn.Module, program: torch.export.ExportedProgram, training: bool = False) -> None:
        self.module, self.program, self.training = module, program, training
        self.nodes: list[_Node] = []
        self.results: list[_Value] = []
        self.hidden: list[_Node] = []
        self.warnings: list[str] = []
        self.softmaxes: list[_Node] = []
        self.constants: dict[str, Tensor] = {}
        self.logits: _Node | None = None
        self._cells: dict[torch.fx.Node, _Cell | _Failed | list[_Cell | _Failed]] = {}
        self._stored: dict[str, _Node] = {}
        self._order = {node: index for index, node in enumerate(program.graph.nodes)}
        self._first: dict[int, str] = {}
        both = [*module.named_parameters(remove_duplicate=False), *module.named_buffers(remove_duplicate=False)]
        self.first_key = {key: self._first.setdefault(id(tensor), key) for key, tensor in both}
        self.owned = dict(both)
        self._modules = dict(module.named_modules(remove_duplicate=False))
        self._symbol: Any = None

    # The nodes of the export, one after another

    def read(self) -> None:
        """Take over every node; raise for what the result needs and is not in the list."""
        signature = self.program.graph_signature
        tensors = {**signature.inputs_to_parameters, **signature.inputs_to_buffers}
        lifted = signature.inputs_to_lifted_tensor_constants
        for node in self.program.graph.nodes:
            if node.op == "placeholder":
                self._cells[node] = _Cell(self._placeholder(node, tensors, lifted), [node])
            elif node.op == "get_attr":
                constant = operator.attrgetter(str(node.target))(self.program.graph_module)
                self._cells[node] = _Cell(_Value(shape=tuple(constant.shape), constant=constant), [node])
            elif node.op == "output":
                cells = [self._cells.get(each) for each in node.args[0] if isinstance(each, torch.fx.Node)]
                self.results = [self._materialised(self._need(cell)) for cell in cells]
            else:
                try:
                    self._cells[node] = self._operation(node)
                except _Unsupported as error:
                    problem, allowed, remedy = error.args
                    place = _place_of_node(node)
                    failed = CaptureError(f"{problem.rstrip('.')}{_at(place)}.", allowed, remedy)
                    if _is_in_place(node) and not self._writes_a_counter(node):
                        raise failed from None
                    self._cells[node] = _Failed(failed)
        self._remove_unused()
        self._mark_rows()

    def _placeholder(self, node: torch.fx.Node, tensors: Mapping[str, str], lifted: Mapping[str, str]) -> _Value:
        shape = node.meta["val"].shape
        if node.name in tensors:
            key = self.first_key.get(tensors[node.name], tensors[node.name])
            tensor = self.owned.get(key)
            is_parameter = isinstance(tensor, nn.Parameter)
            return _Value(key=key, shape=tuple(shape), constant=None if is_parameter else tensor)
        if node.name in lifted:
            constant = self.program.constants[lifted[node.name]]
            return _Value(shape=tuple(shape), constant=cast(Tensor, constant))
        self._symbol = shape[0].node.expr if isinstance(shape[0], torch.SymInt) else shape[0]
        if isinstance(shape[0], int) or self._symbol.is_number:
            raise CaptureError(
                f"The network works for batches of {self._symbol} only.",
                "A network here works for a batch of any size.",
                "Write x.view(x.size(0), -1) where the code has a fixed number of pictures.",
            )
        return _Value(batch=1, shape=tuple(int(side) for side in shape[1:]), is_image=True)

    def _operation(self, node: torch.fx.Node) -> "_Cell | _Failed | list[_Cell | _Failed]":
        target = node.target
        if target is operator.getitem:
            return self._piece(node)
        if not isinstance(target, torch._ops.OpOverload) or not isinstance(node.meta.get("val"), Tensor | tuple | list):
            raise _mixing("computes with the size of the batch")
        failed = self._failed_input(node)
        if failed is not None:
            return failed
        return self._folded(node, target) or self._taken_over(node, target)

    def _failed_input(self, node: torch.fx.Node) -> _Failed | None:
        """Return an input that could not be taken over, if there is one."""
        for each in node.all_input_nodes:
            cell = self._cells.get(each)
            if isinstance(cell, _Failed) and isinstance(each.meta.get("val"), Tensor):
                if _is_in_place(node):
                    raise cell.error
                return cell
        return None

    def _taken_over(
        self, node: torch.fx.Node, target: "torch._ops.OpOverload[..., Any]"
    ) -> "_Cell | list[_Cell | _Failed]":
        name = _pure_name(target)
        if name in _PIECES:
            return self._pieces(node, target)
        if name in _SAME or (name == "slice.Tensor" and _is_whole(_arguments(node, target))):
            return self._same(node, _SAME.get(name, True))
        rule = _RULES.get(name)
        if rule is None:
            raise _Unsupported(*self._refusal_parts(target))
        return self._applied(node, target, rule)

    @staticmethod
    def _refusal_parts(target: Any) -> tuple[str, str, str]:
        name = str(getattr(target, "_opname", target)).removesuffix("_")
        return (
            f"The operation '{name}' is not in the list of operations that can be shown.",
            "Convolutions, pools, norms, activations, sums, products, concatenations and rearrangements are.",
            "Write this line with one of those, or leave the operation out.",
        )

    def _folded(self, node: torch.fx.Node, target: "torch._ops.OpOverload[..., Any]") -> _Cell | None:
        """Compute what depends on neither the picture nor a parameter."""
        cells = [self._cells.get(each) for each in node.all_input_nodes]
        if any(not isinstance(cell, _Cell) or cell.value.constant is None for cell in cells):
            return None
        if torch.Tag.nondeterministic_seeded in target.tags:
            raise _Unsupported(
                f"forward draws random numbers ('{target._opname}').",
                "A network here gives the same logits each time, dropout aside.",
                "Draw the numbers once, in __init__, or only in training.",
            )
        if self._writes_a_counter(node):
            return cast(_Cell, cells[0])
        if _is_in_place(node) and any(cast(_Cell, cell).value.key for cell in cells[:1]):
            raise _Unsupported(
                "forward changes a buffer of the module.",
                "A network here does not change when it is used.",
                "Change buffers in training only: if self.training.",
            )

        def real(each: torch.fx.Node) -> Any:
            return cast(Tensor, cast(_Cell, self._cells[each]).value.constant).clone()

        result = target(*torch.fx.node.map_arg(node.args, real), **torch.fx.node.map_arg(node.kwargs, real))
        if not isinstance(result, Tensor):
            return None
        value = _Value(shape=tuple(result.shape), constant=result.clone())
        if _is_in_place(node):
            cell = cast(_Cell, cells[0])
            cell.value = value
            return cell
        return _Cell(value, [node])

    def _writes_a_counter(self, node: torch.fx.Node) -> bool:
        """Tell whether an operation counts batches, as a batch norm does in training."""
        cell = self._cells.get(node.all_input_nodes[0]) if node.all_input_nodes else None
        stored = isinstance(cell, _Cell) and cell.value.is_stored and cell.value.key
        return _is_in_place(node) and bool(stored) and node.meta["val"].dtype == torch.int64

    def _pieces(self, node: torch.fx.Node, target: Any) -> "list[_Cell | _Failed]":
        args = _arguments(node, target)
        source = self._need(self._cells[args["self"]])
        call = _Call(args, source, (0, ()))
        axis = call.axis()
        if axis == 0 and source.batch:
            raise _mixing(f"cuts the batch into pieces ('{target._opname}')")
        found: list[_Cell | _Failed] = []
        start, base = 0, cast(_Cell, self._cells[args["self"]])
        for piece in node.meta["val"]:
            batch, shape = self._measure(piece)
            if target._opname == "unbind":
                op, settings, width = "select", {"dim": axis, "index": start}, 1
            else:
                width = (((0,) if batch else ()) + shape)[axis]
                op, settings = "slice", {"dim": axis, "start": start, "end": start + width, "step": 1}
            start += width
            inputs = [self._materialised(source).node]
            found.append(
                _Cell(_Value(self._new(node, op, inputs, settings, {}, batch, shape), batch, shape), base.group)
            )
        return found

    def _piece(self, node: torch.fx.Node) -> "_Cell | _Failed":
        pieces, number = self._cells[cast(torch.fx.Node, node.args[0])], node.args[1]
        if not isinstance(pieces, list) or not isinstance(number, int):
            if isinstance(pieces, _Failed):
                return pieces
            raise _mixing("computes with the size of the batch")
        if number >= len(pieces):
            raise _Unsupported(
                "forward uses the positions of the largest values.",
                "A pool gives the values alone.",
                "Leave return_indices out.",
            )
        cell = pieces[number]
        if isinstance(cell, _Cell):
            cell.group.append(node)
        return cell

    def _same(self, node: torch.fx.Node, shares: bool) -> _Cell:
        cell = cast(_Cell, self._cells[node.all_input_nodes[0]])
        found = node.meta["val"].dtype
        if found not in {torch.float32, torch.int64}:
            raise _Unsupported(
                f"forward computes in {str(found).removeprefix('torch.')}.",
                "A network here computes in float32.",
                "Leave the conversion out.",
            )
        if _is_in_place(node):
            return cell
        value = cell.value
        if self._call_of(node):  # a module that gives what it gets, such as nn.Identity, has a row
            inputs = [self._materialised(value).node]
            made = self._new(node, "identity", inputs, {}, {}, value.batch, value.shape)
            value = _Value(made, value.batch, value.shape)
        if shares:
            cell.group.append(node)
            return _Cell(value, cell.group)
        return _Cell(value, [node])

    def _applied(self, node: torch.fx.Node, target: Any, rule: _Rule) -> "_Cell | list[_Cell | _Failed]":
        args = _arguments(node, target)
        given: list[Any] = []
        for name in rule.inputs:
            given += args[name] if isinstance(args[name], list | tuple) else [args[name]]
        cells = [self._cells[each] for each in given if isinstance(each, torch.fx.Node)]
        values = [self._materialised(self._need(cell)) for cell in cells]
        settings: Settings = {}
        if len(values) < len(given):
            settings = self._scalar(given)
        many = isinstance(node.meta["val"], tuple | list)
        measured = self._measure(node.meta["val"][0] if many else node.meta["val"])
        if measured[0] == 0 and any(value.batch for value in values):
            raise _mixing(f"puts the pictures of a batch together, or fixes their number, in '{target._opname}'")
        call = _Call(args, values[0], measured)
        settings = rule.settings(call) | settings
        if rule.inputs == _BINARY and settings.get("alpha") == 1:
            del settings["alpha"]
        op, settings = self._adjusted(rule.op, settings, call)
        tensors = {role: key for role in rule.tensors if (key := self._key(args[role], rule.op, role))}
        if op in {"conv2d", "conv_transpose2d"}:
            settings = {"kernel": list(args["weight"].meta["val"].shape[2:])} | settings
        if op == "batch_norm":
            self._complete_batch_norm(node, settings, tensors)
        if op == "instance_norm" and args.get("running_mean") is not None:
            raise _Unsupported(
                "An instance norm keeps running statistics.", "It must not.", "Leave track_running_stats out."
            )
        batch, shape = measured
        made = self._new(node, op, [value.node for value in values], settings, tensors, batch, shape)
        result = _Value(made, batch, shape)
        if op in {"softmax", "log_softmax"}:
            self.softmaxes.append(made)
        if many:
            return [_Cell(result, [node])]
        base = cast(_Cell, cells[0])
        if _is_in_place(node):
            self._check_in_place(node, base, target)
            base.value = result
            base.group.append(node)
            return base
        if op in _MAY_SHARE:
            base.group.append(node)
            return _Cell(result, base.group)
        return _Cell(result, [node])

    def _check_in_place(self, node: torch.fx.Node, base: _Cell, target: Any) -> None:
        """Refuse an operation in place where another name of the same memory is used later."""
        now = self._order[node]
        shared = base.value.is_stored or _pure_name(target).split(".")[0] in {"squeeze", "unsqueeze", "transpose"}
        for other in base.group:
            if self._cells.get(other) is not base and any(self._order[user] > now for user in other.users):
                shared = True
        if shared:
            raise _Unsupported(
                f"'{target._opname}' changes a tensor in place that is used later under another name.",
                "An operation in place must be on a tensor of its own.",
                f"Write '{target._opname.removesuffix('_')}' without the underscore, or clone the tensor before.",
            )

    @staticmethod
    def _scalar(given: Sequence[Any]) -> Settings:
        number = next(each for each in given if not isinstance(each, torch.fx.Node))
        if not isinstance(number, int | float) or not math.isfinite(number):
            raise _Unsupported(f"forward computes with {number!r}.", "Numbers must be finite.", "Use a finite number.")
        return {"value": float(number)}

    def _adjusted(self, op: str, settings: Settings, call: _Call) -> tuple[str, Settings]:
        """Check what one operation needs, and give some operations the name that students know."""
        axes = [settings["dim"]] if "dim" in settings else settings.get("dims", [1])
        if call.input.batch and 0 in axes and op not in {"slice", "permute"}:
            word = f"dim=0 of '{op}'"
            raise _mixing(f"mixes the pictures of a batch: {word} is the batch")
        if op == "permute" and call.input.batch and axes[0] != 0:
            raise _mixing("moves the axis of the batch")
        if op in _FOUR_AXES and (call.rank != 4 or not call.input.batch):
            raise _Unsupported(
                f"'{op}' gets a tensor with {call.rank} axes.", "It must have four: (N, C, H, W).", "Keep four axes."
            )
        if op == "expand" and call.result[0] != call.input.batch:
            raise _mixing("repeats a parameter for each picture")
        if op == "pad" and min(settings["pads"]) < 0:
            raise _Unsupported("'pad' has a negative padding.", "It must be 0 or more.", "Write a slice instead.")
        if op == "hardtanh" and (settings["min_val"], settings["max_val"]) == (0, 6):
            return "relu6", {}
        if op in {"dropout", "dropout2d"}:
            always = settings["when"] and not self.training
            settings["when"] = "always" if always else "training"
            if op == "dropout2d" and call.rank == 2:
                return "dropout", settings
            if op == "dropout2d" and call.rank != 4:
                raise _Unsupported("'dropout1d' cannot be shown.", "Dropout and Dropout2d can.", "Use one of those.")
        return op, settings

    def _key(self, argument: Any, op: str, role: str) -> str:
        if argument is None:
            return ""
        value = self._need(self._cells[argument])
        if not value.is_stored:
            raise _Unsupported(
                f"The {role} of '{op}' is computed in forward.",
                "A weight must be a parameter or a buffer of the module.",
                "Remove weight norm and the like before (torch.nn.utils.parametrize.remove_parametrizations).",
            )
        return value.key or self._constant_key(value)

    def _constant_key(self, value: _Value) -> str:
        value.key = f"constant:{len(self.constants)}"
        self.constants[value.key] = cast(Tensor, value.constant)
        return value.key

    def _complete_batch_norm(self, node: torch.fx.Node, settings: Settings, tensors: dict[str, str]) -> None:
        """Read from the author's module what the export leaves out: the momentum's None and the counter."""
        if self.training and "running_mean" in tensors:
            settings["batch_statistics"] = False
        if settings["batch_statistics"]:
            for role in ("running_mean", "running_var"):
                tensors.pop(role, None)
        module = self._modules.get(self._path_of(node))
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and "running_mean" in tensors:
            settings["momentum"] = module.momentum
            counter = next((key for key, each in self.owned.items() if each is module.num_batches_tracked), "")
            if counter:
                tensors["num_batches_tracked"] = self.first_key[counter]

    def _measure(self, val: Tensor) -> tuple[int, tuple[int, ...]]:
        """Return (k, shape) of a tensor (k * N, *shape); k is 0 where there is no batch."""
        sides = list(val.shape)
        if any(not isinstance(side, int) for side in sides[1:]):
            raise _mixing("moves the pictures of a batch to another axis")
        if not sides or isinstance(sides[0], int):
            return 0, tuple(sides)
        expression, several = sides[0].node.expr, (2, 3, 5, 7)
        found = [int(expression.subs(self._symbol, n)) for n in several]
        factor = found[0] // 2
        if factor < 1 or found != [factor * n for n in several]:
            raise _mixing(f"makes {expression} rows of a batch")
        return factor, tuple(sides[1:])

    def _need(self, cell: Any) -> _Value:
        if isinstance(cell, _Failed):
            raise cell.error
        if not isinstance(cell, _Cell):
            raise CaptureError(
                "forward returns something that does not depend on the picture.",
                "It must return scores for it.",
                "Return the scores.",
            )
        return cell.value

    def _materialised(self, value: _Value) -> _Value:
        """Return a value that a node gives; a parameter or constant becomes a node where it is first used."""
        if not value.is_stored:
            return value
        key = value.key or self._constant_key(value)
        if key not in self._stored:
            op = "constant" if value.constant is not None else "parameter"
            made = _Node(op, [], {}, {"value": key}, 0, value.shape, path="" if ":" in key else key)
            self._stored[key] = made
            self.nodes.append(made)
        return _Value(self._stored[key], 0, value.shape)

    def _new(
        self,
        node: torch.fx.Node,
        op: str,
        inputs: list[_Node | None],
        settings: Settings,
        tensors: dict[str, str],
        batch: int,
        shape: tuple[int, ...],
    ) -> _Node:
        made = _Node(op, inputs, settings, tensors, batch, shape, self._path_of(node), self._call_of(node))
        made.line = _place_of_node(node)
        self.nodes.append(made)
        return made

    def _stack_of(self, node: torch.fx.Node) -> tuple[str, str]:
        """Return the innermost module call of a node, and the path that it was called by."""
        stack = node.meta.get("nn_module_stack") or {}
        call, entry = next(reversed(stack.items()), ("", ("",)))
        path = str(entry[0]).partition("@")[0]
        return call, path if path in self._modules else ""

    def _path_of(self, node: torch.fx.Node) -> str:
        return self._stack_of(node)[1]

    def _call_of(self, node: torch.fx.Node) -> str:
        call, path = self._stack_of(node)
        return call if path and _is_leaf(self._modules[path], self.module) else ""

    # What the nodes mean together

    def _remove_unused(self) -> None:
        """Drop what the result does not need, and say which modules ran for nothing."""
        used = _ancestors([value.node for value in self.results])
        lost = {node.call: node for node in self.nodes if node not in used and node.call}
        for node in {node.path: node for node in lost.values()}.values():
            kind = type(self._modules[node.path]).__name__
            self.warnings.append(f"{kind} '{node.path}' runs, and its result is not used.")
        self.calls = list(dict.fromkeys(node.call for node in self.nodes if node.call))
        self.nodes = [node for node in self.nodes if node in used]
        self.softmaxes_seen = list(self.softmaxes)

    def _mark_rows(self) -> None:
        """Give the last node of each call of a leaf module the module's class."""
        last = {node.call: node for node in self.nodes if node.call}
        for node in last.values():
            node.kind = type(self._modules[node.path]).__name__
            node.name = str(self.calls.index(node.call) + 1)  # the number of the row, until it has its name

    def find_logits(self, run: _Run) -> None:
        """Find the scores before a softmax at the end; what comes after them is hidden."""
        starts = []
        for value in self.results:
            if not value.batch:
                raise CaptureError(
                    "forward returns a tensor that has no axis for the batch.",
                    "A network here returns scores (N, K).",
                    "Return one row of scores for each picture.",
                )
            starts.append(_before_softmax(value.node))
        found = {id(start) for start, _ in starts}
        if len(found) != 1:
            raise CaptureError(
                f"forward returns {len(starts)} different tensors.",
                "A network here returns one tensor of scores (N, K), or that and its softmax.",
                "Write a module whose forward returns the scores alone: return self.net(x)[0].",
            )
        logits = starts[0][0]
        hidden = {node for _, nodes in starts for node in nodes}
        if logits is None:
            raise CaptureError(
                "forward returns the picture as it is.", "A network has at least one operation.", "Return scores."
            )
        if sum(node.op in {"softmax", "log_softmax"} for node in starts[0][1]) > 1:
            self.warnings.append("The network ends in two softmax operations; one of them is too many.")
        self.hidden = [node for node in self.nodes if node in hidden]
        needed = _ancestors([logits])
        self.nodes = [node for node in self.nodes if node in needed]
        self._check_logits(logits)
        if len(logits.shape) > 1:
            flat = _Node("flatten", [logits], {"start": 1, "end": len(logits.shape)}, {}, 1, (max(logits.shape),))
            self.nodes.append(flat)
            logits = flat
        self.logits = logits
        self._say_what_is_unusual(logits)

    def _check_logits(self, logits: _Node) -> None:
        sides = [side for side in logits.shape if side != 1]
        if logits.batch != 1:
            raise CaptureError(
                f"The network gives {logits.batch} rows of scores for one picture{_at(logits.line)}.",
                "It must give one row for each picture.",
                "Write x.view(x.size(0), -1) in place of x.view(-1, 10), and give the input shape it was made for.",
            )
        if len(sides) != 1 or sides[0] > MAX_CLASSES:
            shape = " x ".join(map(str, logits.shape)) or "1"
            raise CaptureError(
                f"The network gives {shape} numbers for a picture{_at(logits.line)}.",
                f"It must give one score for each of 2 to {MAX_CLASSES:,} classes.",
                "Add a global pool or a flatten, or capture a network that tells classes apart.",
            )
        for node in self.hidden:
            if node.op in {"softmax", "log_softmax"}:
                source = node.inputs[0]
                axis = cast(_Node, source).shape[node.settings["dim"] - 1]
                if axis != sides[0]:
                    raise CaptureError(
                        f"'{node.op}' runs over an axis of size {axis}, not over the {sides[0]} classes"
                        f"{_at(node.line)}.",
                        "It must run over the classes.",
                        "Write dim=1.",
                    )

    def _say_what_is_unusual(self, logits: _Node) -> None:
        """Warn of what students overlook."""
        last: _Node | None = logits
        while last is not None and last.op in {"view", "flatten", "squeeze"}:
            last = last.inputs[0] if last.inputs else None
        said = {"relu": "A ReLU", "batch_norm": "A batch norm", "dropout": "A dropout", "dropout2d": "A dropout"}
        if last is not None and last.op in said:
            self.warnings.append(f"{said[last.op]} acts on the class scores{_at(last.line)}.")
        for node in self.nodes:
            if node.settings.get("when") == "always":
                self.warnings.append(
                    f"A dropout is on in evaluation too{_at(node.line)}; here it is off. "
                    "Write F.dropout(x, training=self.training)."
                )
            if node.settings.get("when") == "guarded":
                self.warnings.append(f"A dropout runs in training only, behind 'if self.training'{_at(node.line)}.")
            if node.settings.get("batch_statistics"):
                self.warnings.append(
                    f"A batch norm has no running statistics{_at(node.line)}: "
                    "a picture's scores depend on the other pictures of its batch."
                )


def _is_in_place(node: torch.fx.Node) -> bool:
    target = node.target
    return isinstance(target, torch._ops.OpOverload) and target._opname.endswith("_") and "__" not in target._opname


def _pure_name(target: "torch._ops.OpOverload[..., Any]") -> str:
    name = target._opname
    return f"{name.removesuffix('_')}.{target._overloadname}"


def _arguments(node: torch.fx.Node, target: "torch._ops.OpOverload[..., Any]") -> dict[str, Any]:
    """Return the arguments of a call by name; defaults stand in for those that were left out."""
    names = [each.name for each in target._schema.arguments]
    defaults = {each.name: each.default_value for each in target._schema.arguments}
    found = defaults | dict(zip(names, node.args, strict=False)) | dict(node.kwargs)
    return {"input": found["self"]} | found if "self" in found else found  # dropout has input, dropout_ has self


def _is_whole(args: Mapping[str, Any]) -> bool:
    """Tell whether a slice takes everything, as the first colon of x[:, 0] does."""
    end = args["end"]
    return args["start"] in {None, 0} and args["step"] == 1 and (end is None or (isinstance(end, int) and end >= 2**62))


def _ancestors(ends: Sequence[_Node | None]) -> set[_Node]:
    found: set[_Node] = set()
    waiting = [end for end in ends if end is not None]
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting += [each for each in node.inputs if each is not None]
    return found


_HIDING = {"softmax", "log_softmax", "log", "clamp", "view", "squeeze", "flatten"}


def _before_softmax(end: _Node | None) -> tuple[_Node | None, list[_Node]]:
    """Return the node before the earliest softmax of the chain that ends here, and the chain from there on."""
    chain: list[_Node] = []
    start, hidden, node = end, [], end
    while node is not None and node.op in _HIDING:
        chain.append(node)
        node = node.inputs[0]
        if chain[-1].op in {"softmax", "log_softmax"}:
            start, hidden = node, list(chain)
    return start, hidden


# What runs in training only


def _add_what_only_training_runs(graph: _Graph, module: nn.Module, image: Tensor, run: _Run) -> None:
    """Find dropouts behind ``if self.training``; warn of other differences between the two modes."""
    twin = copy.deepcopy(module).train()
    other = _Run()
    try:
        other = _observe(twin, image)
        if other.functions == run.functions:
            return
        for each in twin.modules():
            if isinstance(each, nn.modules.batchnorm._BatchNorm) and each.momentum is None:
                each.momentum = 0.1  # None makes PyTorch divide by a counter, which no export can follow
        training = _Graph(twin, _export(twin, image, other), training=True)
        training.read()
        merged = _merged(graph.nodes, training.nodes)
    except CaptureError as error:
        graph.warnings.append(f"{_otherwise(module, run, other)}. It cannot be shown: {error.problem}")
        return
    if merged is None:
        extra = [node for node in training.nodes if node.op not in {each.op for each in graph.nodes}]
        names = ", ".join(dict.fromkeys(f"'{node.op}'{_at(node.line)}" for node in extra[:3]))
        graph.warnings.append(f"{_otherwise(module, run, other)}{': ' + names if names else ''}.")
        return
    graph.nodes, graph.results = training.nodes, training.results
    graph.constants, graph.softmaxes_seen = training.constants, training.softmaxes_seen


def _otherwise(module: nn.Module, run: _Run, other: _Run) -> str:
    """Say which modules call other functions in training."""
    calls = [[each.functions.count(call) for call in (*run.functions, *other.functions)] for each in (run, other)]
    both = zip((*run.functions, *other.functions), *calls, strict=True)
    paths = dict.fromkeys(path for (path, _), here, there in both if here != there)
    names = ", ".join(f"{path} ({type(module.get_submodule(path)).__name__})" for path in paths if path)
    return f"In training the network works otherwise than here{', in ' + names if names else ''}"


def _merged(evaluation: Sequence[_Node], training: Sequence[_Node]) -> bool | None:
    """Mark the dropouts that only training has; return None where the two differ in anything else."""
    same: dict[_Node | None, _Node | None] = {None: None}
    waiting = list(evaluation)
    for node in training:
        inputs = [same[each] for each in node.inputs]
        first = waiting[0] if waiting else None
        fits = first is not None and (node.op, inputs) == (first.op, first.inputs) and _agree(node, first)
        if first is not None and fits:
            node.settings, same[node] = first.settings, waiting.pop(0)
        elif node.op in {"dropout", "dropout2d"}:
            node.settings["when"], same[node] = "guarded", inputs[0]
        else:
            return None
    return None if waiting else True


def _agree(one: _Node, other: _Node) -> bool:
    ignored = {"when", "momentum"}
    settings = [{key: value for key, value in each.settings.items() if key not in ignored} for each in (one, other)]
    return settings[0] == settings[1] and one.tensors == other.tensors and one.shape == other.shape


# Names


def _name(nodes: Sequence[_Node]) -> None:
    """Number rows as torchsummary does; name function calls after the row before them."""
    row, seen = 0, dict[str, int]()
    for node in nodes:
        if node.kind:
            row = int(node.name)
            node.name = f"{re.sub(r'[^0-9A-Za-z_]', '', node.kind) or 'Module'}-{row}"
        else:
            name = f"{node.op}-{row}"
            seen[name] = seen.get(name, 0) + 1
            node.name = name if seen[name] == 1 else f"{name}.{seen[name]}"


# The document


def _document(
    graph: _Graph, run: _Run, described: dict[str, Any], classes: Sequence[str] | None
) -> tuple[dict[str, Any], dict[str, Tensor]]:
    everything = [*graph.nodes, *graph.hidden]
    _name(everything)
    if len(everything) > MAX_NODES:
        raise CaptureError(
            f"The network has {len(everything):,} operations.",
            f"At most {MAX_NODES:,} can be shown.",
            "Make it smaller.",
        )
    keys = list(dict.fromkeys(key for node in everything for key in node.tensors.values()))
    tensors = {key: _storable((graph.constants[key] if ":" in key else graph.owned[key]).detach()) for key in keys}
    for key in keys:
        _plain("name of a tensor", key, MAX_PATH)
    buffers = [key for key in keys if not isinstance(graph.owned.get(key), nn.Parameter)]
    frozen = [key for key in keys if key not in buffers and not graph.owned[key].requires_grad]
    unused, owned = _unused(graph, run, {*keys})
    used = sum(tensors[key].numel() for key in keys if key not in buffers)
    logits = cast(_Node, graph.logits)
    names = _class_names(classes, logits.shape[0], graph.warnings)
    aliases = {key: first for key, first in graph.first_key.items() if first != key and first in tensors}
    document = {
        "format": FORMAT,
        "version": VERSION,
        "title": described["title"],
        "input": described["input"],
        "classes": names,
        "nodes": [_written(node) for node in graph.nodes],
        "logits": logits.name,
        "hidden": [_written(node) for node in graph.hidden],
        "buffers": buffers,
        "frozen": frozen,
        "aliases": aliases,
        "parameters": {"used": used, "owned": owned},
        "unused": unused,
        "warnings": [_shortened(text) for text in dict.fromkeys(graph.warnings)][:MAX_WARNINGS],
        "history": described["history"],
    }
    return document, {key: tensor.clone().contiguous() for key, tensor in tensors.items()}


def _storable(tensor: Tensor) -> Tensor:
    """Return a tensor as float32 or int64, the types that a file holds."""
    if tensor.dtype in {torch.float32, torch.int64}:
        return tensor
    return tensor.to(torch.float32 if tensor.is_floating_point() or tensor.dtype == torch.bool else torch.int64)


def _shortened(text: str) -> str:
    """Return a sentence without markup, for it may hold what PyTorch or the author wrote."""
    text = re.sub(r"[<>`*\[\]\\|$~{}]|__+", " ", " ".join(text.split()))
    text = "".join(each for each in text if unicodedata.category(each)[0] != "C")
    return text.replace("//", "/ /")[:300].strip()


def _written(node: _Node) -> dict[str, Any]:
    return {
        "name": node.name,
        "op": node.op,
        "inputs": [IMAGE if each is None else each.name for each in node.inputs],
        "settings": node.settings,
        "tensors": node.tensors,
        "path": _plain("path of a module", node.path, MAX_PATH) if node.path else "",
        "kind": node.kind,
        "line": node.line,
    }


def _class_names(classes: Sequence[str] | None, outputs: int, said: list[str]) -> list[str]:
    if classes is None:
        return [str(number) for number in range(outputs)]
    names = [_plain("class", str(name), MAX_CLASS) for name in classes]
    if len(names) > outputs or len({*names}) < len(names):
        raise CaptureError(
            f"There are {len(names)} names ({len({*names})} different ones) for {outputs} scores.",
            "Each class has a name of its own.",
            f"Give {outputs} different names.",
        )
    if len(names) < outputs:
        said.append(f"The network gives {outputs} scores for {len(names)} classes.")
        names += [f"output {number}" for number in range(len(names), outputs)]
    return names


def _unused(graph: _Graph, run: _Run, used: set[str]) -> tuple[list[dict[str, Any]], int]:
    """List modules that never ran, and parameters that nothing uses; count all parameters."""
    found, counted = [], {graph.first_key[key] for key in used if ":" not in key}
    owned = {graph.first_key[key]: each.numel() for key, each in graph.module.named_parameters()}

    def note(path: str, module: nn.Module) -> None:
        keys = [f"{path}.{name}".lstrip(".") for name, _ in module.named_parameters(recurse=False)]
        fresh = {graph.first_key[key] for key in keys} - counted
        counted.update(fresh)
        written = _plain("path of a module", path, MAX_PATH) if path else ""
        kind = type(module).__name__
        found.append({"path": written, "kind": kind, "parameters": sum(owned[key] for key in fresh)})

    for path, module in graph.module.named_modules():
        own = {graph.first_key[f"{path}.{name}".lstrip(".")] for name, _ in module.named_parameters(recurse=False)}
        never = _is_leaf(module, graph.module) and id(module) not in run.ran and not own & used
        if never or own - counted:
            note(path, module)
    return found, sum(owned.values())


# The witness


def _witness(
    module: nn.Module, graph: _Graph, document: dict[str, Any], tensors: dict[str, Tensor], shape: tuple[int, ...]
) -> tuple[dict[str, Tensor], float]:
    """Compare the graph with the author's code on 8 random inputs; return the check and the largest difference."""
    source = torch.Generator().manual_seed(0)
    images = torch.randn(8, *shape, generator=source)
    position = _softmax_position(graph)
    check: dict[str, Tensor] = {}
    worst, largest, single = 0.0, 0.0, ""
    for batch in (images[:3], images[3:6], images[6:7], images[7:]):
        run = _Run()
        try:
            with _Watch(run):
                outputs = _outputs(module(batch.clone()))
        except Exception as error:
            if len(batch) > 1:
                raise CaptureError(
                    f"forward fails on a batch of {len(batch)}: {_first_line(error)}.",
                    "It must run on batches of any size.",
                    "Write x.size(0) where a number of pictures stands.",
                ) from error
            single = "The author's code fails on a batch of one picture."
            continue
        found = interpret(document["nodes"], tensors, batch)
        logits = found[document["logits"]]
        theirs = outputs[0] if position is None else run.softmax_inputs[position]
        if theirs.numel() != logits.numel():
            if len(batch) == 1:
                single = "The author's code gives another shape for a batch of one picture."
                continue
            raise CaptureError(
                f"The captured graph gives {logits.numel()} numbers and your code {theirs.numel()}.",
                "They must be the same.",
                "Please report this network.",
            )
        theirs = theirs.reshape(logits.shape)
        if not (torch.isfinite(theirs).all() and torch.isfinite(logits).all()):
            raise CaptureError(
                "The network gives a number that is not finite.",
                "Every logit must be a number.",
                "Look at its weights.",
            )
        worst = max(worst, float((logits - theirs).abs().max()))
        largest = max(largest, float(theirs.abs().max()))
        check = check or {"images": batch.clone(), "logits": theirs.clone()}
    _judge(check, worst, largest)
    document["warnings"] += [single] if single else []
    return check, worst / largest


def _judge(check: Mapping[str, Tensor], worst: float, largest: float) -> None:
    if largest == 0 or float(check["logits"].max() - check["logits"].min()) == 0:
        raise CaptureError(
            "The network gives the same number for every class and picture.",
            "Then nothing could be checked.",
            "Give it weights that tell classes apart.",
        )
    if worst > TOLERANCE * largest:
        raise CaptureError(
            f"The captured graph gives other logits than your code: they differ by up to {worst:.3g} "
            f"(largest logit {largest:.3g}).",
            f"They may differ by {TOLERANCE * largest:.1g}.",
            "forward must not depend on chance, on time or on earlier calls.",
        )


def _softmax_position(graph: _Graph) -> int | None:
    """Return which softmax of a pass gets the logits, or None where there is none."""
    if not graph.hidden:
        return None
    first = next(node for node in graph.hidden if node.op in {"softmax", "log_softmax"})
    return graph.softmaxes_seen.index(first)


# What each operation computes


def interpret(nodes: Sequence[Mapping[str, Any]], tensors: Mapping[str, Tensor], image: Tensor) -> dict[str, Tensor]:
    """Compute every node of a document for a batch (N, C, H, W), in evaluation mode; return them by name."""
    values = {IMAGE: image}
    for node in nodes:
        own = {role: tensors[key] for role, key in node["tensors"].items()}
        values[node["name"]] = FUNCTIONS[node["op"]]([values[each] for each in node["inputs"]], node["settings"], own)
    return values


def _simple(function: Callable[..., Tensor], *names: str) -> Function:
    return lambda inputs, settings, tensors: function(inputs[0], *(settings[name] for name in names))


def _compute_pool(function: Callable[..., Tensor], *names: str) -> Function:
    order = ("kernel", "stride", "padding", *names)
    return lambda inputs, settings, tensors: function(inputs[0], *(settings[name] for name in order))


def _compute_conv(inputs: Sequence[Tensor], s: Mapping[str, Any], t: Mapping[str, Tensor]) -> Tensor:
    return F.conv2d(inputs[0], t["weight"], t.get("bias"), s["stride"], s["padding"], s["dilation"], s["groups"])


def _compute_conv_transpose(inputs: Sequence[Tensor], s: Mapping[str, Any], t: Mapping[str, Tensor]) -> Tensor:
    bias = t.get("bias")
    settings = (s["stride"], s["padding"], s["output_padding"], s["groups"], s["dilation"])
    return F.conv_transpose2d(inputs[0], t["weight"], bias, *settings)


def _compute_batch_norm(inputs: Sequence[Tensor], s: Mapping[str, Any], t: Mapping[str, Tensor]) -> Tensor:
    mean, var = t.get("running_mean"), t.get("running_var")
    if s["batch_statistics"]:
        mean = var = None
    return F.batch_norm(inputs[0], mean, var, t.get("weight"), t.get("bias"), mean is None, 0.0, s["eps"])


def _compute_two(function: Callable[[Tensor, Any, float], Tensor]) -> Function:
    def compute(inputs: Sequence[Tensor], s: Mapping[str, Any], _t: Mapping[str, Tensor]) -> Tensor:
        other: Any = inputs[1] if len(inputs) > 1 else s["value"]
        return function(inputs[0], other, s.get("alpha", 1.0))

    return compute


def _compute_view(inputs: Sequence[Tensor], s: Mapping[str, Any], _t: Mapping[str, Tensor]) -> Tensor:
    return inputs[0].reshape(*([-1] if s["batch"] else []), *s["shape"])


def _compute_expand(inputs: Sequence[Tensor], s: Mapping[str, Any], _t: Mapping[str, Tensor]) -> Tensor:
    return inputs[0].expand(*([-1] if s["batch"] else []), *s["shape"])


def _compute_slice(inputs: Sequence[Tensor], s: Mapping[str, Any], _t: Mapping[str, Tensor]) -> Tensor:
    ranges = [slice(None)] * s["dim"] + [slice(s["start"], s["end"], s["step"])]
    return inputs[0][tuple(ranges)]


def _compute_squeeze(inputs: Sequence[Tensor], s: Mapping[str, Any], _t: Mapping[str, Tensor]) -> Tensor:
    shape = [side for axis, side in enumerate(inputs[0].shape) if axis not in s["dims"]]
    return inputs[0].reshape(shape)


FUNCTIONS: dict[str, Function] = {
    "conv2d": _compute_conv,
    "conv_transpose2d": _compute_conv_transpose,
    "linear": lambda i, s, t: F.linear(i[0], t["weight"], t.get("bias")),
    "batch_norm": _compute_batch_norm,
    "instance_norm": lambda i, s, t: F.instance_norm(
        i[0], weight=t.get("weight"), bias=t.get("bias"), use_input_stats=True, eps=s["eps"]
    ),
    "group_norm": lambda i, s, t: F.group_norm(i[0], s["groups"], t.get("weight"), t.get("bias"), s["eps"]),
    "layer_norm": lambda i, s, t: F.layer_norm(i[0], s["shape"], t.get("weight"), t.get("bias"), s["eps"]),
    "max_pool2d": lambda i, s, t: F.max_pool2d(i[0], s["kernel"], s["stride"], s["padding"], s["dilation"], s["ceil"]),
    "avg_pool2d": _compute_pool(F.avg_pool2d, "ceil", "count_include_pad", "divisor"),
    "adaptive_avg_pool2d": lambda i, s, t: F.adaptive_avg_pool2d(i[0], s["size"]),
    "adaptive_max_pool2d": lambda i, s, t: F.adaptive_max_pool2d(i[0], s["size"]),
    "relu": _simple(F.relu),
    "relu6": _simple(F.relu6),
    "selu": _simple(F.selu),
    "silu": _simple(F.silu),
    "mish": _simple(F.mish),
    "sigmoid": _simple(torch.sigmoid),
    "tanh": _simple(torch.tanh),
    "hardswish": _simple(F.hardswish),
    "hardsigmoid": _simple(F.hardsigmoid),
    "hardtanh": _simple(F.hardtanh, "min_val", "max_val"),
    "leaky_relu": _simple(F.leaky_relu, "negative_slope"),
    "elu": _simple(torch.ops.aten.elu.default, "alpha", "scale", "input_scale"),
    "softplus": _simple(F.softplus, "beta", "threshold"),
    "gelu": lambda i, s, t: F.gelu(i[0], approximate=s["approximate"]),
    "prelu": lambda i, s, t: F.prelu(i[0], t["weight"]),
    "clamp": _simple(torch.clamp, "min", "max"),
    "pow": _simple(torch.pow, "exponent"),
    "exp": _simple(torch.exp),
    "log": _simple(torch.log),
    "sqrt": _simple(torch.sqrt),
    "rsqrt": _simple(torch.rsqrt),
    "abs": _simple(torch.abs),
    "neg": _simple(torch.neg),
    "reciprocal": _simple(torch.reciprocal),
    "dropout": _simple(torch.clone),
    "dropout2d": _simple(torch.clone),
    "identity": _simple(torch.clone),
    "mean": _simple(torch.mean, "dims", "keepdim"),
    "sum": _simple(torch.sum, "dims", "keepdim"),
    "amax": _simple(torch.amax, "dims", "keepdim"),
    "softmax": _simple(torch.softmax, "dim"),
    "log_softmax": _simple(torch.log_softmax, "dim"),
    "cat": lambda i, s, t: torch.cat(list(i), s["dim"]),
    "pad": lambda i, s, t: F.pad(i[0], s["pads"], s["mode"], s["value"] if s["mode"] == "constant" else None),
    "flatten": _simple(torch.flatten, "start", "end"),
    "view": _compute_view,
    "expand": _compute_expand,
    "squeeze": _compute_squeeze,
    "unsqueeze": _simple(torch.unsqueeze, "dim"),
    "permute": _simple(torch.permute, "dims"),
    "slice": _compute_slice,
    "select": _simple(torch.select, "dim", "index"),
    "channel_shuffle": _simple(F.channel_shuffle, "groups"),
    "pixel_shuffle": _simple(F.pixel_shuffle, "factor"),
    "add": _compute_two(lambda one, other, alpha: one + other if alpha == 1 else one + alpha * other),
    "sub": _compute_two(lambda one, other, alpha: one - other if alpha == 1 else one - alpha * other),
    "rsub": _compute_two(lambda one, other, alpha: other - one if alpha == 1 else other - alpha * one),
    "mul": _compute_two(lambda one, other, _: one * other),
    "div": _compute_two(lambda one, other, _: one / other),
    "maximum": _compute_two(lambda one, other, _: torch.maximum(one, other)),
    "minimum": _compute_two(lambda one, other, _: torch.minimum(one, other)),
    "parameter": lambda i, s, t: t["value"],
    "constant": lambda i, s, t: t["value"],
}
