"""The command line: ``glass table``, ``glass check``, ``glass capture`` and ``glass show``.

Exit status 0: all is well. 1: something fails that a check looks at. 2: what was given cannot be used, or a network
does not run.
"""

import argparse
import contextlib
import io
import json
import math
import os
import re
import shutil
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from model.commands import author_code
from model.commands.author_code import GIGABYTES, SECONDS, NotRunningError, Request
from model.commands.history import History, read_history
from model.commands.notebook import code_of
from model.commands.progress import progress
from model.commands.records import RANDOM
from model.commands.target import Target, parse
from model.errors import CommandError, DataError, GlassError, NetworkError
from model.networks.catalogue import BUILT_IN

if TYPE_CHECKING:
    from model.commands.check import Counted
    from model.networks.records import Network

_EXAMPLES = """examples:
  glass table net.py:Net                        the table of a class in your file
  glass table net.ipynb:Net --format markdown   of a class in a notebook, for a README
  glass table net.py:Net --input 3x32x32 --args "norm='b', p=0.1"
  glass check net.py:Net --weights net.pt --readme README.md --max-parameters 20000 --no-linear
  glass capture net.py:Net --weights net.pt -o net.glass
  glass show net.py:Net --weights net.pt        captures it and opens the app on it

NET is the name of a network that comes along, a .glass file, or FILE.py:NAME or FILE.ipynb:NAME, where NAME is a
class, an instance or a function that returns a network. Those that come along are
{built_in}.
Your code runs in a process of its own, on your machine.
'glass COMMAND --help' has every option.
"""
_EXAMPLES = _EXAMPLES.format(built_in=", ".join(BUILT_IN))
ACCURACY = 99.4
MAX_SIDE = 100_000
_FORMATS = ("text", "markdown", "csv", "json")


@dataclass(frozen=True, slots=True)
class Opened:
    """A network, and the bytes of its file where it was captured just now."""

    network: "Network"
    data: bytes = b""
    name: str = ""


class _Parser(argparse.ArgumentParser):
    """Raise a sentence in the place of ending the program."""

    def error(self, message: str) -> NoReturn:
        raise CommandError(
            f"{message[:1].upper()}{message[1:].rstrip('.')}.",
            f"The command is: {' '.join(self.format_usage().split()[1:])}.",
            f"'{self.prog} --help' has examples.",
        )


def main(arguments: Sequence[str]) -> int:
    """Run a command; return the exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal may not know every letter
    try:
        options = _parser().parse_args(arguments)
        run: Callable[[argparse.Namespace], int] = options.run
        status = run(options)
        sys.stdout.flush()  # a pipe that is closed shows here
        return status
    except NotRunningError as error:
        from model.commands.table import partial  # noqa: PLC0415 (brings in PyTorch)

        if error.steps:
            print(f"{partial(error.steps)}\n", file=sys.stderr)
        print(f"{error}\n  {error.line}" if error.line else error, file=sys.stderr)
        return 2
    except GlassError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # as in 'glass table NET | head'
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what Python writes when it ends
        return 0
    except Exception as error:
        print(_fault(error), file=sys.stderr)
        return 2


def _fault(error: Exception) -> CommandError:
    """Return the sentence for a fault of this program."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    said = (str(error).strip().splitlines() or ["no message"])[0][:200].rstrip(".")
    return CommandError(
        f"This is a fault of glass, not of yours: {type(error).__name__} at {Path(frame.filename).name}:{frame.lineno} "
        f"({said}).",
        "Every input should give an answer or a sentence.",
        "Report this line with what you typed; another file or fewer options may work meanwhile.",
    )


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="glass",
        description="Tables, checks and pictures of a small convolutional network: yours, or one that comes along.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=_Parser)
    table = _command(commands, "table", _table, "Print the layers with shapes, parameters and receptive fields.")
    table.add_argument("--format", choices=_FORMATS, default="text", help="text (as wide as the terminal) by default")
    table.add_argument("--all", action="store_true", help="also all steps that are function calls")
    table.add_argument("--color", choices=("auto", "always", "never"), default="auto", help="auto: on a terminal")
    _add_check(
        _command(commands, "check", _check, "Check limits, and the figures of a README, a notebook or comments.")
    )
    capture = _command(commands, "capture", _capture, "Write the network into a .glass file, which the app opens.")
    capture.add_argument("-o", "--output", metavar="FILE.glass", help="the name of the network by default")
    show = _command(commands, "show", _show, "Capture the network and open the app on it.")
    show.add_argument("--port", type=_port, default=8501, help="of the app that runs, or that is started (8501)")
    show.add_argument("--no-browser", action="store_true", help="print the address only")
    return parser


def _command(commands: Any, name: str, run: Callable[[argparse.Namespace], int], words: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=words, description=words, epilog=_EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.set_defaults(run=run)
    parser.add_argument("net", metavar="NET", help="an id, a .glass file, FILE.py:NAME or FILE.ipynb:NAME")
    code = parser.add_argument_group("a network of yours")
    code.add_argument("--args", default="", metavar="TEXT", help="""arguments of the constructor: "norm='b', p=0.1" """)
    code.add_argument("--input", type=_shape, metavar="CxHxW", help="the shape of a picture, such as 3x32x32")
    code.add_argument("--weights", default="", metavar="FILE", help="a state_dict, safetensors or a checkpoint")
    code.add_argument("--classes", type=_words, metavar="A,B,...", help="their names")
    code.add_argument("--mean", type=_numbers, metavar="X,...", help="what is subtracted from each channel")
    code.add_argument("--std", type=_numbers, metavar="X,...", help="what each channel is then divided by")
    code.add_argument("--title", default="", help="what pages call the network")
    code.add_argument("--history", type=Path, metavar="FILE", help="epochs as CSV, JSON, or the log of the training")
    code.add_argument(
        "--time-limit", type=_positive, default=SECONDS, metavar="SECONDS", help=f"of the processor ({SECONDS:g})"
    )
    code.add_argument(
        "--memory-limit", type=_positive, default=GIGABYTES, metavar="GIGABYTES", help=f"of memory ({GIGABYTES:g})"
    )
    return parser


def _add_check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=("text", "json"), default="text")
    limits = parser.add_argument_group("limits")
    limits.add_argument("--max-parameters", type=_count, nargs="?", const=20_000, metavar="N", help="20000 without N")
    limits.add_argument("--no-linear", action="store_true", help="no fully connected layer")
    limits.add_argument("--max-epochs", type=_count, nargs="?", const=20, metavar="N", help="20 without N")
    limits.add_argument(
        "--min-accuracy", type=_percent, nargs="?", const=ACCURACY, metavar="P", help="per cent, 99.4 without P"
    )
    limits.add_argument("--mnist", type=Path, metavar="ROOT", help="count the accuracy on the test images there")
    printed = parser.add_argument_group("printed figures")
    printed.add_argument(
        "--readme", type=Path, action="append", default=[], metavar="FILE", help="Markdown or notebook"
    )


# Types of options


def _shape(text: str) -> tuple[int, int, int]:
    try:
        channels, height, width = (int(each) for each in text.lower().replace("×", "x").split("x"))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not channels x height x width, such as 3x32x32") from None
    if not all(1 <= side <= MAX_SIDE for side in (channels, height, width)):
        raise argparse.ArgumentTypeError(f"{text!r} has a side that is not from 1 to {MAX_SIDE:,}; write 3x32x32")
    return channels, height, width


def _count(text: str) -> int:
    if not re.fullmatch(r"\d{1,15}", text, re.ASCII):
        raise argparse.ArgumentTypeError(
            f"{text[:80]!r} is not a whole number such as 20000 (the option may stand alone, at the end)"
        )
    return int(text)


def _port(text: str) -> int:
    if not re.fullmatch(r"\d{1,5}", text, re.ASCII):
        raise argparse.ArgumentTypeError(f"{text[:80]!r} is not a number from 1 to 65535, such as 8501")
    return int(text)


def _percent(text: str) -> float:
    try:
        number = float(text.removesuffix("%"))
    except ValueError:
        number = math.nan
    if 0 < number <= 1:
        raise argparse.ArgumentTypeError(
            f"{text[:80]!r} is a share, and per cent are asked for, such as {100 * number:g}"
        )
    if not 0 <= number <= 100:
        raise argparse.ArgumentTypeError(f"{text[:80]!r} is not a number of per cent up to 100, such as 99.4")
    return number


def _words(text: str) -> list[str]:
    return [each.strip() for each in text.split(",")]


def _numbers(text: str) -> list[float]:
    try:
        numbers = [float(each) for each in text.split(",")]
        if not all(math.isfinite(each) for each in numbers):
            raise ValueError
        return numbers
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of numbers, such as 0.49,0.48,0.45") from None


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < 1e6:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return number


# The network


def _opened(options: argparse.Namespace) -> Opened:
    """Return the network that NET names.

    Raises:
        GlassError: There is none.
    """
    target = parse(options.net)
    if target.file is None:
        _refuse_options(options, target)
        with progress(f"Reading {target.text}"):
            from model.networks import load  # noqa: PLC0415 (brings in PyTorch)

            try:
                network = load(target.text)
            except NetworkError as error:
                if not target.text.endswith(".glass"):
                    raise
                raise CommandError(
                    f"'{target.text}': {error.problem}",
                    error.allowed,
                    f"Give another path, or write it again: glass capture net.py:Net -o {target.text}.",
                ) from error
        _say(network.warnings)
        return Opened(network)
    history = _history(options, target)
    request = Request(
        str(target.file),
        target.name,
        options.args,
        options.input,
        options.weights,
        options.title,
        options.classes,
        options.mean,
        options.std,
        history,
        options.time_limit,
        options.memory_limit,
    )
    bringing = threading.Thread(target=import_module, args=("model.commands.table",), daemon=True)  # meanwhile
    bringing.start()
    with progress(f"Running {target.file.name}"):
        try:
            made = author_code.make(request, lambda line: print(line, file=sys.stderr))
        finally:
            bringing.join()  # Python aborts where it ends while PyTorch is being brought in
        from model.networks.file import read  # noqa: PLC0415 (as above)

        network = read(made.data)
    _say((*made.notes, *network.warnings))
    return Opened(network, made.data, made.name)


def _say(notes: Iterable[str]) -> None:
    """Print what a reader should know beside the result."""
    for note in notes:
        print(f"Note: {note}", file=sys.stderr)


def _history(options: argparse.Namespace, target: Target) -> History | None:
    """Return the history of a training: that of --history, or what a notebook printed."""
    if options.history:
        return read_history(options.history)
    if target.file is None or target.file.suffix != ".ipynb" or not target.file.is_file():
        return None
    try:
        found = read_history(target.file)
    except CommandError:
        return None
    _say([f"The history is what {target.file.name} printed: {len(found)} epochs."])
    return found


def _refuse_options(options: argparse.Namespace, target: Target) -> None:
    for name in ("args", "input", "weights", "classes", "mean", "std", "title"):
        if getattr(options, name):
            raise CommandError(
                f"--{name} does not go with '{target.text}'.",
                "It is for a network in a file of yours: net.py:Net.",
                "Leave it out, or give the file.",
            )


# The commands


def _table(options: argparse.Namespace) -> int:
    opened = _opened(options)
    from model.commands import table  # noqa: PLC0415 (as above)

    found = table.of_network(opened.network)
    if options.format == "text":
        width = shutil.get_terminal_size((120, 24)).columns
        colour = options.color == "always" or (
            options.color == "auto" and sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        )
        print(table.as_text(found, width, colour, options.all))
    else:
        write = {"markdown": table.as_markdown, "csv": table.as_csv, "json": table.as_json}[options.format]
        print(write(found, options.all))
        left = len(table.select_text(found, options.all)) - len(table.select(found, options.all))
        if left and options.format == "markdown":
            calls = "1 function call is no row" if left == 1 else f"{left} function calls are no rows"
            _say([f"{calls}, as in torchsummary, though they change the shape or join branches: --all writes them."])
    return 0


def _check(options: argparse.Namespace) -> int:
    target = parse(options.net)
    opened = _opened(options)
    from model.commands import check  # noqa: PLC0415 (as above)

    network = opened.network
    given = read_history(options.history) if options.history else []
    history = given or [dict(row) for row in network.history]
    asked = check.Limits(options.max_parameters, options.no_linear, options.max_epochs, options.min_accuracy)
    counted = _counted(options, opened)
    if options.mnist and asked.accuracy is None:
        asked = replace(asked, accuracy=ACCURACY)
    texts, code, name = list(options.readme), [], ""
    if target.file is not None:
        code, name = code_of(target.file), opened.name
        texts += [target.file] if target.file.suffix == ".ipynb" else []
    found, figures, notes = check.mistakes(network, texts, code, name)
    _say(notes)
    report = check.report(network, asked, history, counted, found, figures)
    print(
        json.dumps(report.plain(), indent=2)
        if options.format == "json"
        else check.as_text(report, shutil.get_terminal_size((120, 24)).columns)
    )
    return 0 if report.holds else 1


def _counted(options: argparse.Namespace, opened: Opened) -> "Counted":
    """Return the accuracy on the test images, where data was given and the weights are trained."""
    from tqdm import tqdm  # noqa: PLC0415 (as above)

    from model.commands import check  # noqa: PLC0415 (as above)

    if not options.mnist:
        return check.Counted()
    if RANDOM in opened.network.warnings:
        return check.Counted(reason="the weights are random (--weights FILE)")
    with tqdm(total=10_000, desc="test images", disable=not sys.stderr.isatty(), leave=False) as bar:
        try:
            return check.count_correct(opened.network, options.mnist, bar.update)
        except DataError as error:
            raise CommandError(
                error.problem, error.allowed, "Give --mnist the folder that torchvision's MNIST(root=...) reads."
            ) from error


def _capture(options: argparse.Namespace) -> int:
    opened = _opened(options)
    if not opened.data:
        raise CommandError(
            f"'{options.net}' is captured already.",
            "A capture is made of a network in a file of yours: net.py:Net.",
            f"Use it as it is: glass table {options.net}.",
        )
    path = Path(
        options.output or f"{re.sub(r'[^0-9A-Za-z]+', '-', opened.network.title).strip('-') or 'network'}.glass"
    )
    try:
        path.write_bytes(opened.data)
    except OSError as error:
        raise CommandError(
            f"'{path}' cannot be written ({error.strerror}).", "It must be a file name.", "Give another one with -o."
        ) from error
    used = opened.network.graph.used
    print(f"{path}: {opened.network.title}, {used:,} parameters, {len(opened.data):,} bytes.")
    print(f"Next: glass show {path}")
    return 0


def _show(options: argparse.Namespace) -> int:
    opened = _opened(options)
    from model.commands import show  # noqa: PLC0415 (beside its one use)
    from model.networks.store import BUILT_IN, keep, keep_bytes  # noqa: PLC0415 (as above)

    id = opened.network.id
    if id not in BUILT_IN:
        id = keep_bytes(opened.data) if opened.data else keep(options.net) if options.net.endswith(".glass") else id
        print(f"{opened.network.title} is kept as {id}.", file=sys.stderr)
    return show.show(id, options.port, not options.no_browser, print)
