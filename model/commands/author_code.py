"""Run an author's code in a process of its own, with limits of time and memory, and read the network that it gives."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from model.commands.definitions import is_authors
from model.errors import CommandError

SECONDS, GIGABYTES = 120.0, 8.0
MAX_PRINTED = 20_000  # characters of what the author's code prints
WAITING = 4  # times the limit, in seconds of a clock
_PROGRAM = Path(__file__).with_name("author_process.py")
_START = 60.0  # seconds beyond the limit, for the start of Python and PyTorch
_FRAME = re.compile(r'File "([^"]+)", line (\d+)')


@dataclass(frozen=True, slots=True)
class Request:
    """An author's network and how to make it.

    Args:
        file: A Python file or a notebook.
        name: Of a class, an instance or a function; empty for the only network of the file.
        args: Of the constructor, as Python writes them.
        input: (C, H, W); None to guess it.
        weights: A file of weights, or an empty text.
        title: What pages call the network.
        classes: Their names.
        mean: A number for each channel.
        std: Likewise.
        history: A row for each epoch.
        seconds: How long the code may take, as time of the processor.
        memory: How many gigabytes it may take.
    """

    file: str
    name: str = ""
    args: str = ""
    input: tuple[int, int, int] | None = None
    weights: str = ""
    title: str = ""
    classes: Sequence[str] | None = None
    mean: Sequence[float] | None = None
    std: Sequence[float] | None = None
    history: Sequence[Mapping[str, float]] | None = None
    seconds: float = SECONDS
    memory: float = GIGABYTES


@dataclass(frozen=True, slots=True)
class Made:
    """A network file, and how it was made.

    Args:
        data: The file.
        notes: What a reader should know, a sentence each.
        name: Of the class.
    """

    data: bytes
    notes: tuple[str, ...]
    name: str


class NotRunningError(CommandError):
    """A network does not run.

    Args:
        steps: Those before the one that fails: name, path, op, shape, parameters.
        line: The author's line that fails.
    """

    def __init__(self, problem: str, allowed: str, remedy: str, steps: Sequence[Mapping[str, Any]], line: str) -> None:
        super().__init__(problem, allowed, remedy)
        self.steps, self.line = steps, line


def make(request: Request, show: Callable[[str], None]) -> Made:
    """Return the network that an author's code gives.

    Args:
        request: What to make.
        show: Is called with each line that the code prints.

    Raises:
        CommandError: The code fails, takes too long, or gives no network.
    """
    _check(request)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        absolute = {"weights": str(Path(request.weights).resolve()) if request.weights else ""}
        asked = asdict(request) | absolute
        (folder / "request.json").write_text(json.dumps(asked), encoding="utf-8")
        status = _run(folder, request.seconds, show)
        try:
            answer = json.loads((folder / "answer.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise _ended(request, folder, status) from error
        if "problem" not in answer:
            data = (folder / "network.glass").read_bytes()
            return Made(data, tuple(answer["notes"]), answer["name"])
    for note in answer["notes"]:
        show(f"Note: {note}")
    sentence = answer["problem"], answer["allowed"], answer["remedy"]
    if "steps" in answer:
        raise NotRunningError(*sentence, answer["steps"], answer["line"])
    raise CommandError(*sentence)


def _check(request: Request) -> None:
    path = Path(request.file)
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise CommandError(f"'{request.file}' {what}.", "It must be a Python file or a notebook.", "Give another path.")


def _run(folder: Path, seconds: float, show: Callable[[str], None]) -> int | None:
    """Run the program; return its exit status, or None where it was ended for it took too long."""
    command = [sys.executable, "-P", "-u", str(_PROGRAM), str(folder)]
    own = {"MPLBACKEND": "Agg", "CUDA_VISIBLE_DEVICES": "", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONIOENCODING": "utf-8"}
    process = subprocess.Popen(  # noqa: S603 (the author's code, on their own machine)
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, **own},
        start_new_session=True,
        encoding="utf-8",
        errors="replace",
    )
    printing = threading.Thread(target=_show_output, args=(process, show), daemon=True)
    printing.start()
    try:
        status: int | None = process.wait(WAITING * seconds + _START)
    except subprocess.TimeoutExpired:
        status = None
    finally:
        _end_all(process)
    printing.join(5.0)
    return status


def _end_all(process: "subprocess.Popen[str]") -> None:
    """End the program, and what the author's code has started and left behind."""
    try:
        os.killpg(process.pid, signal.SIGKILL)  # it leads a session of its own
    except (AttributeError, ProcessLookupError, PermissionError):  # Windows; or all have ended
        process.kill()
    process.wait()


def _show_output(process: "subprocess.Popen[str]", show: Callable[[str], None]) -> None:
    """Show what the code prints, up to a limit; what follows is read and dropped, so that the code does not wait."""
    assert process.stdout is not None  # noqa: S101 (it was asked for)
    left = MAX_PRINTED
    with process.stdout as lines:
        while line := lines.readline(MAX_PRINTED):  # a line may have no end
            if left > 0:
                show(line.rstrip("\n")[:left])
                left -= len(line)
                if left <= 0:
                    show(f"(It prints more than {MAX_PRINTED:,} characters; the rest is left out.)")


def _ended(request: Request, folder: Path, status: int | None) -> CommandError:
    """Return the sentence for a process that gave no answer."""
    file = Path(request.file).name
    lines = folder / "lines"
    written = lines.read_text(encoding="utf-8") if lines.exists() else ""
    place = next((f"{Path(name).name}:{line}" for name, line in _FRAME.findall(written) if is_authors(name)), "")
    if written or status is None:
        at = f" (it was at {place})" if place else ""
        return CommandError(
            f"The code of {file} did not end within {request.seconds:g} seconds{at}.",
            "Making a network and running it once takes a few seconds.",
            "Look for a loop that does not end or a training there, or allow more: --time-limit 600.",
        )
    if status < 0:
        return CommandError(
            f"The process of {file} was ended by signal {-status}.",
            "The code must not take more memory than there is, nor crash.",
            "Make the network smaller, or look for a package that crashes.",
        )
    return CommandError(
        f"The code of {file} ended the process (exit status {status}).",
        "A network's code returns.",
        "Leave out what ends the program (os._exit).",
    )
