"""Write the accuracy into docs/training.md from the card of the weights.

The section is between two marks; ``python -m model.training.publish`` writes it.
"""

from collections.abc import Mapping
from pathlib import Path
from textwrap import fill
from typing import Any

from model.errors import InputError
from model.networks.assignment.logged_run import logged_run

DOCUMENT = Path(__file__).parents[2] / "docs" / "training.md"
BEGIN, END = (
    "<!-- Written by python -m model.training.publish: -->",
    "<!-- End of the text from the card of the weights -->",
)
GOAL = 0.996  # the mean accuracy that we want
PUBLISHED = 0.9954  # the best published result for so few parameters and epochs: one seed at its best epoch
_WIDTH = 120
_TITLES = {"glass": "ours (`glass`)", "assignment": "the assignment's (`assignment`)"}


def filled(path: Path, card: Mapping[str, Any]) -> str:
    """Return a document with the numbers of the card between its marks.

    Raises:
        InputError: A mark is missing or occurs more than once.
    """
    before, begin, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end or BEGIN in rest or END in after:
        raise InputError(
            f"'{path}' has no place for the numbers.", f"It must contain '{BEGIN}' and '{END}' once.", "Put them back."
        )
    return f"{before}{BEGIN}\n\n{text(card)}\n{END}{after}"


def text(card: Mapping[str, Any]) -> str:
    """Return the results of all seeds, the shipped seed and the distance to the goal, in Markdown.

    Args:
        card: The card of weights that ``model.training.publish`` shipped.
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
        "unknown" if accuracy["n"] == 1 else _points(accuracy["standard_deviation"]),
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
    return f"Accuracy of each seed, {seeds[0]} to {seeds[-1]}, in per cent: {said}."


def _difference(found: Mapping[str, Any]) -> str:
    between = found["difference"]
    low, high = (_points(between[end]) for end in ("low", "high"))
    return (
        f"The two differ by {_points(between['difference'])} points (95 % interval {low} to {high}, p = "
        f"{between['p']:.2g}: a bootstrap over seeds and images, paired by image). For the two median seeds, "
        f"McNemar's exact test gives p = {found['mcnemar_of_the_median_seeds']:.2g}."
    )


def _say_goal(of: Mapping[str, Any]) -> str:
    accuracy, logged = of["test_accuracy"], logged_run()
    mean, values = accuracy["mean"], [*accuracy["values"].values()]
    there = sum(value >= GOAL for value in values)
    reach = "reaches" if there == 1 else "reach"
    goal = "reached" if mean >= GOAL else f"missed by {_points(GOAL - mean)} points"
    beside = "above" if mean > PUBLISHED else "not above"
    first, last = logged.numbers[logged.around][[0, -1]]
    average = _percent(logged.accuracies[logged.around].mean())
    return (
        f"Our goal was a mean of {_percent(GOAL)}: it is {goal}, and {there} of {len(values)} seeds {reach} it. The "
        f"mean is {beside} the best published result that we found for networks of at most 20,000 parameters and 20 "
        "epochs: "
        f"{_percent(PUBLISHED)}, from one seed, at an epoch chosen on the test images. The assignment reports "
        f"{_percent(logged.reported)} from one run: its epoch {logged.numbers[logged.peak]} was chosen on the test "
        f"images, and epochs {first} to {last}, which were not chosen, average {average}."
    )


def _shipped(card: Mapping[str, Any]) -> str:
    ours = card["seeds"][card["recipe"]["name"]]
    values = ours["test_accuracy"]["values"]
    best = max(values, key=lambda seed: float(values[seed]))
    return (
        f"The app's weights come from seed {card['seed']}, the median seed (n = 1): "
        f"**{_percent(card['test_accuracy'])}**, and not from the best seed ({best}, {_percent(values[best])}). "
        f"All runs used {_machine(ours)}."
    )


def _machine(of: Mapping[str, Any]) -> str:
    threads = "one thread" if of["threads"] == 1 else f"{of['threads']} threads"
    where = f"{of['cores']} cores of {of['hardware']}" if of["device"] == "cpu" else f"one {of['hardware']}"
    return f"{where}, {threads} for each run" if of["device"] == "cpu" else where


def _percent(share: float, decimals: int = 2) -> str:
    return f"{100 * share:.{decimals}f} %"


def _points(share: float) -> str:
    return f"{100 * share:.3f}".replace("-", "−")
