"""A network that does not run: the step that fails, what came in, what it expects, and the number that would fit."""

import copy
import difflib
import linecache
import math
import traceback
import warnings
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

from model.commands.definitions import failure, is_authors
from model.commands.misfits import Case, Sentence, linear_for, misfit, product
from model.commands.pass_record import BATCH, Noted, Ran, Record, Watch
from model.errors import CommandError, GlassError

_MERGING = {"view", "reshape", "unflatten"}


class StepError(CommandError):
    """A step of a network cannot run.

    Args:
        steps: Those that ran before it.
    """

    def __init__(self, sentence: Sentence, steps: Sequence[Ran], line: str = "") -> None:
        super().__init__(*sentence)
        self.steps, self.line = steps, line


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
    record = Record()
    image = torch.randn(BATCH, *shape, generator=torch.Generator().manual_seed(1))
    record.makers[id(image)] = Ran("the picture", "", "image", tuple(shape))
    try:
        with torch.no_grad(), warnings.catch_warnings(), Noted(private, record), Watch(record):
            warnings.simplefilter("ignore")
            private(image)
    except GlassError:
        raise
    except Exception as error:
        raise _explained(error, record, private) from error
    _check_batches(record, private)


def _explained(error: Exception, record: Record, root: nn.Module) -> CommandError:
    place, code = _line_of(error)
    failed = record.failed
    if failed is None or isinstance(error, AttributeError | NameError) or not _is_of_torch(error):
        return _of_python(error, record, root, place)
    kind = type(failed.module).__name__ if failed.module is not None else failed.function
    name = record.row_name(failed.module) if failed.module is not None else record.function_name(failed.function)
    case = Case(f"{name} ({failed.path})" if failed.path else name, failed, record, root, error)
    at = f" at {place}" if place else ""
    problem, allowed, remedy = misfit(case, kind)
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


def _of_python(error: Exception, record: Record, root: nn.Module, place: str) -> CommandError:
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


def _check_batches(record: Record, root: nn.Module) -> None:
    """Raise where a view puts pictures together or makes several rows of one."""
    for number, step in enumerate(record.steps):
        if step.op not in _MERGING or not step.given or step.given[0][0] != BATCH or step.batch == BATCH:
            continue
        before = record.steps[:number]
        total, asked = math.prod(step.given[0][1:]), math.prod(step.shape)
        at = f" at {step.line}" if step.line else ""
        rows = "1 row" if step.batch == 1 else f"{step.batch} rows"
        sentence = (
            f"{step.name}{at} makes {rows} of {BATCH} pictures: {product(step.given[0][1:])} numbers each.",
            f"It asks for rows of {asked}.",
            f"Write {step.op}(-1, {total}){linear_for(root, asked, total)}, or give the input shape "
            "that the network was made for (--input).",
        )
        raise StepError(sentence, before)
