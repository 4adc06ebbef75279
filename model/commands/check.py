"""Check a network against limits, and the printed figures of a README, a notebook and comments against the network."""

import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from model.commands.comments import comments_of
from model.commands.notebook import Piece, text_of
from model.commands.records import Limit, Mistake, Report
from model.graph.records import Op
from model.images import mnist
from model.networks.records import Network
from model.parameters.comparison import Comparison
from model.parameters.printed import find

History = Sequence[dict[str, float]]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a network must keep; None where it is not asked for.

    Args:
        parameters: At most so many.
        no_linear: Whether a fully connected layer is forbidden.
        epochs: At most so many.
        accuracy: At least so many per cent.
    """

    parameters: int | None = None
    no_linear: bool = False
    epochs: int | None = None
    accuracy: float | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """An accuracy that was counted, or why it was not.

    Args:
        correct: How many images are classified correctly; None where none were tried.
        images: Of how many.
        reason: Why none were tried.
    """

    correct: int | None = None
    images: int = 0
    reason: str = ""


def limits(network: Network, asked: Limits, history: History, counted: Counted) -> Iterator[Limit]:
    """Yield each limit that was asked for, with its evidence.

    Args:
        network: Is checked.
        asked: The limits.
        history: A row for each epoch.
        counted: The accuracy on the test images.
    """
    if asked.parameters is not None:
        yield _parameters(network, asked.parameters)
    if asked.no_linear:
        yield _no_linear(network)
    if asked.epochs is not None:
        yield _epochs(asked.epochs, history, network)
    if asked.accuracy is not None:
        yield _accuracy(asked.accuracy, history, counted, network)


def _parameters(network: Network, most: int) -> Limit:
    graph = network.graph
    evidence = f"{graph.used:,} parameters"
    if graph.used != graph.owned:
        never = ", ".join(f"{each.path} ({each.parameters:,})" for each in graph.unused[:4] if each.parameters)
        evidence = f"{graph.used:,} used, {graph.owned:,} owned; never called: {never}"
    return Limit(f"at most {most:,} parameters", graph.owned <= most, evidence)


def _no_linear(network: Network) -> Limit:
    found = [node.name + (f" ({node.path})" if node.path else "") for node in network.all(Op.LINEAR)]
    unused = [each.path for each in network.graph.unused if each.kind == "Linear"]
    evidence = f"{', '.join(found)} {'is' if len(found) == 1 else 'are'} fully connected" if found else "none runs"
    if unused:
        evidence += f"; owned and never called: {', '.join(unused)}"
    return Limit("no fully connected layer", not found, evidence)


def _epochs(most: int, history: History, network: Network) -> Limit:
    name = f"at most {most} {'epoch' if most == 1 else 'epochs'}"
    kept = network.card.get("kept_epoch")
    if history:
        last = int(max(row.get("epoch", number) for number, row in enumerate(history, 1)))
        epochs = "1 epoch" if len(history) == 1 else f"{len(history)} epochs"
        return Limit(name, max(last, len(history)) <= most, f"the history has {epochs}, the last is {last}")
    if isinstance(kept, int):
        return Limit(name, kept <= most, f"trained for {kept} epochs, by the card of its weights")
    return Limit(name, None, "no history was given (--history FILE)")


def _accuracy(least: float, history: History, counted: Counted, network: Network) -> Limit:
    name = f"at least {least:g} % accuracy"
    rows = [(int(row.get("epoch", n)), row["accuracy"]) for n, row in enumerate(history, 1) if "accuracy" in row]
    said = ""
    if rows:
        best, last = max(rows, key=lambda row: row[1]), rows[-1]
        said = f"best {best[1]:.2f} % at epoch {best[0]}, last {last[1]:.2f} % at epoch {last[0]}"
        if best[1] >= least > last[1]:
            said += "; the best was chosen by looking at the test images"
    if counted.correct is not None:
        share = 100 * counted.correct / counted.images
        evidence = f"{counted.correct:,} of {counted.images:,} test images are correct ({share:.2f} %)"
        return Limit(name, share >= least, "; ".join(each for each in (evidence, said) if each))
    if rows:
        reason = f"; not counted: {counted.reason}" if counted.reason else ""
        return Limit(name, rows[-1][1] >= least, f"by the history: {said}{reason}")
    stated = network.card.get("test_accuracy")
    if isinstance(stated, float):
        share = 100 * stated if stated <= 1 else stated
        reason = f"; not counted here: {counted.reason}" if counted.reason else "; not counted here"
        return Limit(name, share >= least, f"{share:.2f} % of its own test images, as its card says{reason}")
    return Limit(name, None, counted.reason or "neither a history (--history) nor data (--mnist) was given")


def count_correct(network: Network, root: Path, progress: Callable[[int], object]) -> Counted:
    """Count how many of MNIST's test images a network classifies correctly.

    Args:
        network: Takes 1x28x28 and gives ten scores.
        root: The folder that torchvision's MNIST(root=...) reads.
        progress: Is called with the number of images after each batch.

    Raises:
        DataError: MNIST is not there.
    """
    if network.input.shape != (1, 28, 28) or len(network.classes) != 10:
        shape = "x".join(map(str, network.input.shape))
        return Counted(
            reason=f"it takes {shape} and tells {len(network.classes)} classes apart, MNIST has 1x28x28 and 10"
        )
    images, labels = mnist.read("test", root)
    correct = 0
    with torch.no_grad():
        for start in range(0, len(images), 500):
            pixels = torch.from_numpy(images[start : start + 500].copy()).float() / 255
            x = (pixels[:, None] - network.input.mean[0]) / network.input.std[0]  # (N, 1, 28, 28)
            correct += int((network.module(x).argmax(1).numpy() == labels[start : start + 500]).sum())
            progress(len(x))
    return Counted(correct, len(images))


def mistakes(
    network: Network, texts: Sequence[Path], code: Sequence[Piece] = (), name: str = ""
) -> tuple[list[Mistake], int, list[str]]:
    """Return the printed figures that cannot be, how many were compared, and what else a reader should know.

    Args:
        network: Is what they are about.
        texts: READMEs and notebooks.
        code: The author's code, for its comments.
        name: The network's class in it.

    Raises:
        CommandError: A file cannot be read.
    """
    comparison = Comparison(network)
    found: list[Mistake] = []
    notes, figures = [], 0
    for path in texts:
        compared = comparison.compare(find(text_of(path), comparison.names), path.name, lines=path.suffix != ".ipynb")
        found += compared.mistakes
        figures += compared.figures
        if compared.others:
            notes.append(f"Tables of other networks were left out: {', '.join(compared.others)}.")
    comments = list(comments_of(code, name, comparison.steps))
    places = {id(each.row): each.place for each in comments}
    said: list[tuple[str, int, Mistake]] = []
    for each in comments:
        for mistake in comparison.of_row(each.row, each.first, each.last, each.place):
            figures += 1
            said += [(each.place.rpartition(":")[0], each.row.line, mistake)] if mistake else []
    for row, mistake in comparison.fields([(each.row, each.last) for each in comments], lambda row: places[id(row)]):
        figures += 1
        said += [(places[id(row)].rpartition(":")[0], row.line, mistake)] if mistake else []
    found += [mistake for *_, mistake in sorted(said, key=lambda one: one[:2])]
    return found, figures, notes


def report(
    network: Network, asked: Limits, history: History, counted: Counted, found: Sequence[Mistake], compared: int
) -> Report:
    """Return all that a check found."""
    return Report(tuple(limits(network, asked, history, counted)), tuple(found), compared)


def as_text(report: Report, width: int = 120) -> str:
    """Write a report for a terminal.

    Args:
        report: What was found.
        width: How many characters a line may have.
    """
    marks = {True: "holds", False: "FAILS", None: "unknown"}
    lines = [_wrapped(marks[each.holds], f"{each.name}: {each.evidence}.", width) for each in report.limits]
    if lines and (report.mistakes or report.compared):
        lines.append("")
    for each in report.mistakes:
        lines.append(_wrapped("WRONG", f"{each.where}: printed {each.printed}, right is {each.right}.", width))
        lines.append(_wrapped("", each.why, width))
    if report.compared:
        wrong = len(report.mistakes)
        lines.append(f"{report.compared} printed figures compared, {wrong} {'mistake' if wrong == 1 else 'mistakes'}.")
    return "\n".join(lines) or "Nothing was asked for: give limits (--max-parameters) or printed figures (--readme)."


def _wrapped(mark: str, text: str, width: int) -> str:
    """Write a mark in a column of its own and a text beside it."""
    return textwrap.fill(text, max(width, 40), initial_indent=f"{mark:<9}", subsequent_indent=" " * 9)
