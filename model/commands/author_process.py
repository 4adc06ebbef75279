"""Make a network from an author's code and capture it: a program of its own, started by ``author_code``.

The author's folder is first on the path and this project's is not on it: a file of theirs may be called ``model.py``.
What this program needs of the project is imported before, and then forgotten by name.
"""

import ast
import contextlib
import faulthandler
import inspect
import io
import json
import math
import os
import signal
import sys
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

if __name__ == "__main__":  # as a program it is started by its path
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import copy

import torch
from torch import nn

from model.commands.author_code import WAITING
from model.commands.definitions import Definitions, failure, read_definitions
from model.commands.failing import StepError, explain
from model.commands.normalisation import normalisation_of, say_none
from model.commands.notebook import code_of
from model.commands.records import RANDOM
from model.commands.weights_file import load_weights
from model.errors import CommandError, GlassError
from model.graph.capture import Captured, capture, to_bytes

SIDES = {1: (28, 32, 64, 224), 3: (32, 224, 64, 28, 96, 128, 256, 299)}  # of MNIST, CIFAR-10, ImageNet and others
_OTHER_SIDES = (32, 28, 64, 224)


def make(path: Path, name: str, arguments: str) -> tuple[nn.Module, str, Definitions, list[str]]:
    """Return an author's network, what it is called, what its file defines, and what a reader should know.

    Args:
        path: A Python file or a notebook.
        name: Of a class, an instance or a function; empty for the file's only network.
        arguments: Of the constructor, as Python writes them.

    Raises:
        CommandError: It cannot be made.
    """
    definitions = read_definitions(path, code_of(path))
    notes = []
    if not name:
        name = _only_network(definitions)
        notes.append(f"The network is {path.name}:{name}.")
    given, named = _arguments(arguments)
    found = definitions.get(name)
    if isinstance(found, nn.DataParallel):
        found = found.module
    if isinstance(found, nn.Module):
        if arguments:
            raise CommandError(
                f"'{name}' is an instance, made in the file.",
                "--args go to a class or a function.",
                "Leave --args out.",
            )
        return found, name, definitions, notes
    if not callable(found):
        raise CommandError(
            f"'{name}' in {path.name} is a {type(found).__name__}.",
            "It must be a class of a network, an instance, or a function that returns one.",
            f"It has the classes: {', '.join(definitions.classes()) or 'none'}.",
        )
    made = _called(found, name, given, named, definitions)
    if not isinstance(made, nn.Module):
        raise CommandError(
            f"{name}() in {path.name} gives a {type(made).__name__}.",
            "It must give an nn.Module.",
            "Let the class inherit from nn.Module, or the function return a network.",
        )
    return made, name, definitions, notes


def _only_network(definitions: Definitions) -> str:
    """Return the name of the only class of a network that no other class of the file uses."""
    classes = []
    for name in definitions.classes():
        try:
            found = definitions.get(name)
        except GlassError:
            continue
        if isinstance(found, type) and issubclass(found, nn.Module):
            classes.append(name)
    used = {use for name in classes for use in definitions.uses_of(name) if use != name}
    networks = [name for name in classes if name not in used]
    file = definitions.path.name
    if len(networks) == 1:
        return networks[0]
    listed = ", ".join(f"{file}:{name}" for name in networks[:12])
    raise CommandError(
        f"'{file}' has {len(networks) or 'no'} networks.",
        "A file and the name of a class, an instance or a function are needed.",
        f"Give one of {listed}." if networks else f"Give for example {file}:Net.",
    )


def _arguments(text: str) -> tuple[list[Any], dict[str, Any]]:
    """Return the arguments that --args gives; only literals are allowed.

    >>> _arguments("8, norm='b', p=0.1")
    ([8], {'norm': 'b', 'p': 0.1})
    """
    try:
        call = ast.parse(f"f({text})", mode="eval").body
        assert isinstance(call, ast.Call)  # noqa: S101 (caught below)
        assert isinstance(call.func, ast.Name)  # noqa: S101 (not ')(')
        names = [each.arg for each in call.keywords]
        assert all(names) and len(set(names)) == len(names)  # noqa: S101, PT018 (no **, no name twice)
        given = [ast.literal_eval(each) for each in call.args]
        return given, {each.arg: ast.literal_eval(each.value) for each in call.keywords if each.arg}
    except (SyntaxError, ValueError, AssertionError, MemoryError, RecursionError) as error:
        raise CommandError(
            f"--args {text[:80]!r} cannot be read.",
            "It holds numbers, texts, lists, tuples, True, False and None, as in a call.",
            "Write for example --args \"norm='b', p=0.1\".",
        ) from error


def _called(found: Any, name: str, given: Sequence[Any], named: dict[str, Any], definitions: Definitions) -> Any:
    torch.manual_seed(0)  # the same random weights each time
    try:
        signature = inspect.signature(found)
    except (TypeError, ValueError):
        signature = None
    if signature is not None:
        try:
            signature.bind(*given, **named)
        except TypeError as error:
            called = f"{name}{signature} at {definitions.place_of(name)}"
            raise _wrong_arguments(called, signature, given, named, str(error)) from error
    try:
        return definitions.resolving(lambda: found(*given, **named))
    except GlassError:
        raise
    except (Exception, SystemExit) as error:
        raise failure(error, f"{name}()") from error


def _wrong_arguments(
    called: str, signature: Any, given: Sequence[Any], named: dict[str, Any], said: str
) -> CommandError:
    parameters = list(signature.parameters.values())
    needed = [each.name for each in parameters if each.default is each.empty and each.kind < each.VAR_POSITIONAL]
    needed += [each.name for each in parameters if each.default is each.empty and each.kind == each.KEYWORD_ONLY]
    missing = [each for each in needed[len(given) :] if each not in named]
    if missing:
        example = ", ".join(f"{each}=..." for each in missing)
        return CommandError(
            f"{called} needs the arguments {', '.join(missing)}.",
            "Those without a default must be given.",
            f'Give them: --args "{example}".',
        )
    return CommandError(
        f"{called} cannot be called so: {said}.",
        f"It takes {', '.join(each.name for each in parameters) or 'no arguments'}.",
        "Correct --args.",
    )


# The shape of its pictures


def guess_shape(module: nn.Module, definitions: Definitions) -> tuple[tuple[int, int, int], str]:
    """Return the shape (C, H, W) of the pictures that a network takes, and a sentence that says how it was found.

    The channels are those of a convolution, the first one first; the side is the first of a few usual ones that runs.
    """
    convolutions = [each.in_channels for each in module.modules() if isinstance(each, nn.Conv2d)]
    linear = next((each.in_features for each in module.modules() if isinstance(each, nn.Linear)), 0)
    if not convolutions and linear in {784, 1024, 3072}:
        shape = {784: (1, 28, 28), 1024: (1, 32, 32), 3072: (3, 32, 32)}[linear]
        return shape, _said(shape, f"its first Linear takes {linear} numbers")
    candidates = list(dict.fromkeys([*convolutions[:1], *(each for each in convolutions if each in {1, 3}), 1, 3]))
    for channels in candidates:
        sides = SIDES.get(channels, _OTHER_SIDES)
        for number, side in enumerate(sides):
            tried = sides[:number]
            if _runs(module, (channels, side, side), definitions):
                smaller = [str(each) for each in tried if each < side]
                no = f" ({' and '.join(smaller)} {'does' if len(smaller) == 1 else 'do'} not)" if smaller else ""
                why = f"its first convolution takes {_channels(channels)}, and this size runs{no}"
                return (channels, side, side), _said((channels, side, side), why)
    channels = candidates[0]
    side = SIDES.get(channels, _OTHER_SIDES)[0]
    shape = (channels, side, side)
    return shape, _said(shape, f"its first convolution takes {_channels(channels)}, and no usual size runs")


def _channels(number: int) -> str:
    return "1 channel" if number == 1 else f"{number} channels"


def _said(shape: tuple[int, int, int], why: str) -> str:
    written = "x".join(map(str, shape))
    return f"The input is taken to be {written}: {why}. Another one is given in this form, with --input."


def _runs(module: nn.Module, shape: tuple[int, int, int], definitions: Definitions) -> bool:
    """Tell whether a network gives one row of scores for each picture of a shape."""
    image = torch.zeros(2, *shape)
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            output = definitions.resolving(lambda: module(image))
    except GlassError:
        raise
    except Exception:
        return False
    first = output[0] if isinstance(output, tuple | list) and output else output
    return isinstance(first, torch.Tensor) and first.ndim > 1 and first.shape[0] == 2


# The whole


@dataclass(frozen=True, slots=True)
class Built:
    """A capture and how it was made.

    Args:
        captured: The network.
        notes: What a reader should know, a sentence each.
        name: Of its class.
    """

    captured: Captured
    notes: list[str]
    name: str


def build(request: dict[str, Any], notes: list[str] | None = None) -> Built:
    """Make the network that a request names, and capture it.

    Args:
        request: file, name, args, input, weights, title, classes, mean, std, history.
        notes: A list to which is added what a reader should know, also where this fails.

    Raises:
        GlassError: It cannot be made, does not run, or cannot be captured.
    """
    path = Path(request["file"])
    notes = [] if notes is None else notes
    module, name, definitions, said = make(path, request["name"], request["args"])
    notes += said
    try:
        module = copy.deepcopy(module).to("cpu", torch.float32).eval()
    except Exception:
        module = module.eval()  # the capture says why it cannot be copied
    is_instance = isinstance(definitions.namespace.get(name), nn.Module)
    if request["weights"]:
        load_weights(module, Path(request["weights"]))
    elif is_instance:
        notes.append("The weights are those that the file's code gives; trained ones are given with --weights.")
    shape = tuple(request["input"] or ())
    if not shape:
        with contextlib.redirect_stdout(io.StringIO()):
            shape, why = guess_shape(module, definitions)
        notes.append(why)
    _runs(module, shape, definitions)  # once with what it prints; a capture runs it several times
    options = {key: request[key] for key in ("classes", "mean", "std", "history")}
    if not (options["mean"] or options["std"]):
        code = code_of(path)
        written = normalisation_of(code, shape[0])
        if written is not None:
            options["mean"], options["std"], place = written
            notes.append(
                f"Pictures are normalised with mean {options['mean']} and std {options['std']}, as at {place}."
            )
        else:
            notes.append(say_none(code))
    try:
        title = request["title"] or name
        with contextlib.redirect_stdout(io.StringIO()):
            captured = definitions.resolving(lambda: capture(module, shape, title=title, **options))
        if not is_instance and not request["weights"]:
            captured.document["warnings"].insert(0, RANDOM)
        return Built(captured, notes, type(module).__name__)
    except GlassError as error:
        if any(words in error.problem for words in ("forward fails", "batch", "rows of scores")):
            with contextlib.redirect_stdout(io.StringIO()):
                definitions.resolving(lambda: explain(module, shape))
        raise


def _limit(request: dict[str, Any], folder: Path) -> None:
    """Limit memory and time; at the end of the time the line that runs is written down.

    The time is that of the processor, so that a busy machine does not end what would soon be done; a code that waits
    for something is ended after some times as long.
    """
    dump = (folder / "lines").open("w", encoding="utf-8")
    seconds = math.ceil(request["seconds"])
    faulthandler.dump_traceback_later(WAITING * seconds, exit=True, file=dump)
    try:
        import resource  # noqa: PLC0415 (not on Windows)

        memory = int(request["memory"] * (1 << 30))
        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
        faulthandler.register(signal.SIGXCPU, file=dump)
        end = math.ceil(time.process_time()) + seconds
        resource.setrlimit(resource.RLIMIT_CPU, (end, end + 1))  # the line is written at the first, the process ends
    except (ImportError, AttributeError, ValueError, OSError):
        pass  # not every system has these limits


def _forget_this_project(path: Path) -> None:
    """Let the names of this project's modules stand for the author's, whose folder comes first on the path."""
    own = Path(__file__).resolve().parents[2]
    for name in [name for name in sys.modules if name.partition(".")[0] == "model"]:
        del sys.modules[name]
    kept = [each for each in sys.path if each and Path(each).resolve() != own]
    sys.path[:] = [str(path.parent), *kept, str(path.parent.parent)]  # the last for 'from .blocks import Block'


def _describe(error: GlassError) -> dict[str, Any]:
    said = {"problem": error.problem, "allowed": error.allowed, "remedy": error.remedy}
    if not isinstance(error, StepError):
        return said
    steps = [
        {"name": each.name, "path": each.path, "op": each.op, "shape": each.shape, "parameters": each.parameters}
        for each in error.steps
    ]
    return {**said, "steps": steps, "line": error.line}


def main(folder: Path) -> None:
    """Answer the request in a folder: write ``network.glass`` there, and ``answer.json``."""
    request = json.loads((folder / "request.json").read_text(encoding="utf-8"))
    path = Path(request["file"]).absolute()  # not where a link leads: its neighbours count
    request["file"] = str(path)
    os.chdir(path.parent)
    sys.argv = [str(path)]
    _limit(request, folder)
    _forget_this_project(path)
    answer: dict[str, Any]
    notes: list[str] = []
    try:
        built = build(request, notes)
        (folder / "network.glass").write_bytes(to_bytes(built.captured))
        answer = {"name": built.name}
    except GlassError as error:
        answer = _describe(error)
    except BaseException as error:  # also what the author's code raises to end a program
        answer = _describe(failure(error, path.name))
    faulthandler.cancel_dump_traceback_later()
    (folder / "answer.json").write_text(json.dumps(answer | {"notes": notes}), encoding="utf-8")
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):  # the author's code may have closed or replaced it
            stream.flush()
    os._exit(0)  # a thread of the author's may still run


if __name__ == "__main__":
    main(Path(sys.argv[1]))
