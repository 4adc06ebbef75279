"""What a pass of an author's network did until it ended or failed: its steps with shapes, and the call that raised."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from model.commands.definitions import is_authors

BATCH = 2  # pictures of a pass
_UNCOUNTED = {"__get__", "__set__", "size", "stride", "dim", "numel", "clone", "contiguous", "detach", "to", "type_as"}


@dataclass(eq=False, slots=True)
class Ran:
    """A step that ran, for the table up to the one that fails.

    Args:
        name: As in a captured graph: ``Conv2d-1``, ``relu-1``.
        path: Where its author keeps the module; empty for a function call.
        op: The class of the module, or the function's name.
        shape: What it gave for one picture.
        parameters: How many it has.
        batch: The size of the first axis of what it gave.
        given: The shapes of what came in.
        module: The leaf module; None for a function call.
        line: The author's line that called it.
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


@dataclass(eq=False, slots=True)
class FailedCall:
    """The call that raised."""

    function: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    path: str
    module: nn.Module | None


@dataclass(eq=False, slots=True)
class Record:
    """What a pass did until it ended or failed."""

    steps: list[Ran] = field(default_factory=list)
    row: int = 0
    seen: dict[str, int] = field(default_factory=dict)
    inside: list[tuple[str, nn.Module]] = field(default_factory=list)  # leaf modules whose forward is running
    failed: FailedCall | None = None
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


class Watch(TorchFunctionMode):
    """Note the functions that are called outside of leaf modules, and the one that raises."""

    def __init__(self, record: Record) -> None:
        super().__init__()
        self.record = record

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = str(getattr(function, "__name__", "")).strip("_")
        try:
            result = function(*args, **(kwargs or {}))
        except Exception:
            if self.record.failed is None and name not in {"get", "set"}:
                path, module = self.record.inside[-1] if self.record.inside else ("", None)
                self.record.failed = FailedCall(name, tuple(args), dict(kwargs or {}), path, module)
            raise
        counted = isinstance(result, Tensor) and result.ndim > 0 and function.__name__ not in _UNCOUNTED
        if counted and not self.record.inside:
            given = [each for each in args if isinstance(each, Tensor)]
            for each in args:
                given += [one for one in each if isinstance(one, Tensor)] if isinstance(each, list | tuple) else []
            if given:
                self.record.add(self.record.function_name(name), "", name, result, given, None)
        return result


class Noted:
    """Let each leaf module tell that its forward begins and ends."""

    def __init__(self, module: nn.Module, record: Record) -> None:
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
                    record.failed = FailedCall(type(module).__name__, args, kwargs, path, module)
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
