"""Runs of designs: their curves in one chart, their results in a table, and their state in words."""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from html import escape

import plotly.graph_objects as go

from model.design.runs.records import Run, RunChoices, RunProgress, RunStatus
from viz import theme
from viz.charts.draw import Axis, Part, Series, draw
from viz.training.live.figures import about, within

_HEIGHT = 300  # pixels of each chart
_HIGHEST = 3.0  # loss on the axis
_THIN, _THICK = 1, 3  # pixels of a line
_LENGTHS = {"short": "short", "epoch": "1 epoch"}
_RECIPES = {"glass": "ours", "assignment": "the assignment's"}
_SHOWN = "this run"
_NEVER = "—"


def losses(shown: RunProgress, others: Mapping[str, RunProgress]) -> go.Figure:
    """Draw the training loss of a run by the images that it used, and thin that of others, by their names."""
    drawn: list[Part] = [_loss(each, name, theme.MUTED, _THIN) for name, each in others.items()]
    drawn.append(_loss(shown, _SHOWN, theme.ACCENT, _THICK))
    return draw(drawn, _images(shown), Axis("training loss", (0, _HIGHEST), hover_format=".3f"), height=_HEIGHT)


def _loss(run: RunProgress, name: str, colour: str, width: int) -> Series:
    places, values = run.steps * run.choices.batch_size, within(run.losses, _HIGHEST)
    return Series(name, places, values, colour, width=width, keyed=name == _SHOWN)


def accuracies(shown: RunProgress, others: Mapping[str, RunProgress]) -> go.Figure:
    """Draw the accuracy on the held-out images, as ``losses`` does."""
    drawn: list[Part] = [_marks(each, name, theme.MUTED, _THIN) for name, each in others.items()]
    drawn.append(_marks(shown, _SHOWN, theme.ACCENT, _THICK))
    every = [100 * mark.correct / run.held_out for run in (shown, *others.values()) for mark in run.marks]
    least = 5.0 * math.floor(min(every, default=0.0) / 5)
    up = Axis("held-out accuracy, %", (min(least, 95.0), 100), hover_format=".2f")
    return draw(drawn, _images(shown), up, height=_HEIGHT)


def _marks(run: RunProgress, name: str, colour: str, width: int) -> Series:
    places = [mark.step * run.choices.batch_size for mark in run.marks]
    shares = [100 * mark.correct / run.held_out for mark in run.marks]
    return Series(name, places, shares, colour, "joined", width, keyed=name == _SHOWN)


def _images(run: RunProgress) -> Axis:
    return Axis("images used", (0, 1.02 * run.choices.images))


def named(runs: Sequence[tuple[Run, int]]) -> dict[str, RunProgress]:
    """Return the progress of runs by what a chart calls them; each comes with the parameters of its design."""
    found, seen = dict[str, RunProgress](), Counter[str]()
    for run, parameters in runs:
        name = _name_of(run.progress.choices, parameters)
        seen[name] += 1
        found[name if seen[name] == 1 else f"{name} ({seen[name]})"] = run.progress
    return found


def _name_of(choices: RunChoices, parameters: int) -> str:
    recipe = [] if choices.recipe == "glass" else [f"recipe: {_RECIPES[choices.recipe]}"]
    parts = [f"{parameters:,} parameters", _length(choices), *recipe, *_changes(choices), f"seed {choices.seed}"]
    return ", ".join(parts)


def _changes(choices: RunChoices) -> list[str]:
    """Return what differs from the recipe: ``learning rate 0.03``."""
    return [each.replace("_", " ").replace("=", " ") for each in choices.changes]


def _length(choices: RunChoices) -> str:
    return f"{choices.epochs} epochs" if choices.length == "full" else _LENGTHS[choices.length]


def say_choices(choices: RunChoices) -> str:
    """Say how long a run is."""
    recipe = ", ".join([_RECIPES[choices.recipe], *_changes(choices)])
    return f"{choices.steps:,} steps of {choices.batch_size} images, recipe: {recipe}, seed {choices.seed}"


def say_status(status: RunStatus | None, choices: RunChoices) -> tuple[float, str]:
    """Return the finished share of a run, and its state as a sentence."""
    if status is None:
        return 0.0, f"Not started: {say_choices(choices)}."
    done = status.run.step if status.run else 0
    others = "one training is" if status.before == 1 else f"{status.before} trainings are"
    place = f"step {done:,} of {choices.steps:,}"
    said: Mapping[str, str] = {
        "waiting": f"Waiting: {others} ahead of yours{about(status.seconds, 'until it starts')}.",
        "running": f"{place.capitalize()}{about(status.seconds, 'left')}." if status.run else "Reading the images.",
        "paused": f"Paused at {place}. Others train meanwhile.",
        "finished": f"All {done:,} steps are done.",
        "cancelled": f"Cancelled at {place}.",
        "failed": f"Failed at {place}.",
    }
    return done / choices.steps, said[status.stage]


def say_result(run: RunProgress, others: int = 0) -> str:
    """Say how many held-out images a run classifies correctly, with its uncertainty, and what the thin lines are."""
    if run.diverged:
        return f"At step {run.step:,} the loss was no longer finite: the learning rate was too high. Nothing is kept."
    if not run.marks:
        return "The held-out images have not judged it yet."
    share, last = run.accuracy or 0.0, run.marks[-1]
    error = 200 * math.sqrt(share * (1 - share) / run.held_out)
    return (
        f"**{last.correct:,} of {run.held_out:,} held-out images are classified correctly after step {last.step:,}: "
        f"{_percent(share)}** (two standard errors: {error:.2f} points). One seed; another gives another number."
        f"{' Thin lines are the other latest runs; point at one to see which.' if others else ''}"
    )


def say_test(run: Run) -> str:
    """Say what is known of a run on the test images, and how often somebody looked."""
    test = run.test
    if test.accuracy is None:
        return (
            "Nobody has looked at the test images of this run here. Look once, when all choices are made; a "
            "visit of Mistakes or Compare with it is a look too."
        )
    times = "once" if test.looks == 1 else f"{test.looks} times"
    return (
        f"{test.correct or 0:,} of {test.images:,} test images are classified correctly: {_percent(test.accuracy)}. "
        f"They were looked at {times}."
    )


def table(runs: Sequence[Run], parameters: Sequence[int], link: Callable[[RunChoices], str]) -> str:
    """List runs in HTML, each a link that shows it.

    Args:
        runs: The runs.
        parameters: Of the design of each.
        link: Returns the address that shows a run.
    """
    head = "".join(f'<th scope="col">{name}</th>' for name in _COLUMNS)
    lines = ""
    for run, count in zip(runs, parameters, strict=True):
        first, *cells = _cells(run, count)
        anchor = f'<a href="{escape(link(run.progress.choices))}" target="_self">{first}</a>'
        named = zip(_COLUMNS[1:], cells, strict=True)
        drawn = "".join(f'<td data-name="{name}">{escape(cell)}</td>' for name, cell in named)
        lines += f'<tr><th scope="row">{anchor}</th>{drawn}</tr>'
    body = f"<thead><tr>{head}</tr></thead><tbody>{lines}</tbody>"
    boxed = f'<table class="ledger readable cards">{body}</table>'
    return f'<div class="sideways" role="region" tabindex="0" aria-label="Runs">{boxed}</div>'


_COLUMNS = (
    "parameters",
    "layers",
    "length",
    "recipe",
    "changes",
    "seed",
    "held-out accuracy",
    "test accuracy",
    "seconds",
)


def columns(runs: Sequence[Run], parameters: Sequence[int]) -> dict[str, list[str]]:
    """Return the table of runs as columns, with the text of each design."""
    rows = [_cells(run, count) for run, count in zip(runs, parameters, strict=True)]
    found = {name: [row[place] for row in rows] for place, name in enumerate(_COLUMNS)}
    return found | {"design": [run.progress.choices.design.replace("\n", "; ") for run in runs]}


def _cells(run: Run, parameters: int) -> list[str]:
    progress, choices = run.progress, run.progress.choices
    looks = f" ({run.test.looks} looks)" if run.test.looks > 1 else ""
    return [
        f"{parameters:,}",
        str(len(choices.design.splitlines())),
        _length(choices),
        _RECIPES[choices.recipe],
        ", ".join(choices.changes) or "none",
        str(choices.seed),
        _percent(progress.accuracy),
        f"{_percent(run.test.accuracy)}{looks}",
        f"{progress.seconds:.0f}",
    ]


def curve_columns(run: RunProgress) -> dict[str, list[str]]:
    """Return the curves of a run as columns: a line for each group of steps; the accuracy where it was judged."""
    judged = {mark.step: mark for mark in run.marks}
    steps = [int(step) for step in run.steps]
    return {
        "step": [str(step) for step in steps],
        "training loss": [f"{loss:.6g}" for loss in run.losses],
        "held-out images right": [str(judged[step].correct) if step in judged else "" for step in steps],
    }


def _percent(share: float | None) -> str:
    return _NEVER if share is None else f"{100 * share:.2f}\xa0%"
