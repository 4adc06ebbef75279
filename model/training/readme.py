"""What the README says of the network's accuracy: written from the card of the weights, and never by hand.

The text stands between two marks, and ``python -m model.training.publish`` writes it anew.
"""

from collections.abc import Mapping
from pathlib import Path
from textwrap import fill
from typing import Any

from model.errors import InputError
from model.networks.assignment.logged_run import logged_run

README = Path(__file__).parents[2] / "README.md"
BEGIN, END = "<!-- Written by python -m model.training.publish: -->", "<!-- :as the card beside the weights has it -->"
GOAL = 0.996  # the mean that we set out for
PUBLISHED = 0.9954  # the best that we found published of so few parameters and epochs: one seed, at its best epoch
_WIDTH = 120
_TITLES = {"glass": "ours (`glass`)", "assignment": "the assignment's (`assignment`)"}


def filled(path: Path, card: Mapping[str, Any]) -> str:
    """Return a README with what the card says between its marks.

    Raises:
        InputError: The marks are not there, or stand more than once.
    """
    before, begin, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end or BEGIN in rest or END in after:
        raise InputError(
            f"'{path}' has no place for the figures.", f"It must hold '{BEGIN}' and '{END}' once.", "Put them back."
        )
    return f"{before}{BEGIN}\n\n{text(card)}\n{END}{after}"


def text(card: Mapping[str, Any]) -> str:
    """Say in Markdown what all seeds came to, which of them is shipped, and where that leaves the goal.

    Args:
        card: Of weights that ``model.training.publish`` has shipped.
    """
    found = card["seeds"]
    ours, theirs = card["recipe"]["name"], next(name for name in _TITLES if name != card["recipe"]["name"])
    lines = [_line(name, found[name]) for name in (ours, theirs)]
    heads = ("recipe", "mean", "standard deviation", "n", "without the 15 disputed labels", "seconds an epoch")
    table = "\n".join(f"| {' | '.join(cells)} |" for cells in (heads, ["---"] * len(heads), *lines))
    said = (_values(found, ours, theirs), _difference(found), _say_goal(found[ours]), _shipped(card))
    return "\n\n".join([table, *(fill(each, _WIDTH, break_on_hyphens=False) for each in said)]) + "\n"


def _line(name: str, of: Mapping[str, Any]) -> tuple[str, ...]:
    accuracy, undisputed = of["test_accuracy"], of["without_disputed_labels"]
    return (
        _TITLES[name],
        f"**{_percent(accuracy['mean'], 3)}**",
        "not known" if accuracy["n"] == 1 else _points(accuracy["standard_deviation"]),
        f"{accuracy['n']}",
        _percent(undisputed["mean"], 3),
        f"{of['seconds_an_epoch']:.1f}",
    )


def _values(found: Mapping[str, Any], ours: str, theirs: str) -> str:
    said = "; ".join(
        f"{_TITLES[name]} {' '.join(f'{100 * value:.2f}' for value in found[name]['test_accuracy']['values'].values())}"
        for name in (ours, theirs)
    )
    seeds = [*found[ours]["test_accuracy"]["values"]]
    return f"Every seed, {seeds[0]} to {seeds[-1]}, in per cent: {said}."


def _difference(found: Mapping[str, Any]) -> str:
    between = found["difference"]
    low, high = (_points(between[end]) for end in ("low", "high"))
    return (
        f"The two differ by {_points(between['difference'])} points (95 % interval {low} to {high}, p = "
        f"{between['p']:.2g}: a bootstrap over seeds and images, paired by image); the two median seeds alone by "
        f"McNemar's exact test with p = {found['mcnemar_of_the_median_seeds']:.2g}."
    )


def _say_goal(of: Mapping[str, Any]) -> str:
    accuracy, logged = of["test_accuracy"], logged_run()
    mean, values = accuracy["mean"], [*accuracy["values"].values()]
    there = sum(value >= GOAL for value in values)
    are = "is" if there == 1 else "are"
    goal = "reached" if mean >= GOAL else f"missed by {_points(GOAL - mean)} points"
    beside = "above" if mean > PUBLISHED else "not above"
    first, last = logged.numbers[logged.around][[0, -1]]
    average = _percent(logged.accuracies[logged.around].mean())
    return (
        f"Our goal was a mean of {_percent(GOAL)}: it is {goal}, and {there} of {len(values)} seeds {are} there. The "
        f"mean is {beside} the best that we found published for networks of at most 20,000 parameters and 20 epochs, "
        f"{_percent(PUBLISHED)}, which is one seed's, at an epoch chosen on the test images. The assignment reports "
        f"{_percent(logged.reported)}, of one run: its epoch {logged.numbers[logged.peak]} was chosen on the test "
        f"images, and epochs {first} to {last}, which nobody chose, average {average}."
    )


def _shipped(card: Mapping[str, Any]) -> str:
    ours = card["seeds"][card["recipe"]["name"]]
    values = ours["test_accuracy"]["values"]
    best = max(values, key=lambda seed: float(values[seed]))
    return (
        f"The app's weights are those of seed {card['seed']}, the median seed (n = 1): "
        f"**{_percent(card['test_accuracy'])}**. They are not those of the best one (seed {best}, "
        f"{_percent(values[best])}). All ran on {_machine(ours)}."
    )


def _machine(of: Mapping[str, Any]) -> str:
    threads = "one thread" if of["threads"] == 1 else f"{of['threads']} threads"
    where = f"{of['cores']} cores of {of['hardware']}" if of["device"] == "cpu" else f"one {of['hardware']}"
    return f"{where}, {threads} a run" if of["device"] == "cpu" else where


def _percent(share: float, decimals: int = 2) -> str:
    return f"{100 * share:.{decimals}f} %"


def _points(share: float) -> str:
    return f"{100 * share:.3f}".replace("-", "−")
