"""docs/training.md has the numbers of the card and the reports."""

import re
from pathlib import Path
from typing import Any

import pytest

from model.errors import InputError
from model.training import document

VALUES = {
    "glass": [0.9953, 0.9952, 0.9957, 0.9960],
    "assignment": [0.9917, 0.9932, 0.9913, 0.9939],
}


def summary(values: list[float], mean: float, deviation: float) -> dict[str, Any]:
    return {
        "mean": mean,
        "standard_deviation": deviation,
        "n": len(values),
        "values": {str(seed): value for seed, value in enumerate(values, 1)},
    }


def card(mean: float = 0.99555) -> dict[str, Any]:
    """Return a card whose numbers are all different."""
    found = {
        name: {
            "median_seed": 1,
            "test_accuracy": summary(VALUES[name], mean - place / 1000, 0.00037 + place / 10_000),
            "without_disputed_labels": summary(VALUES[name], 0.99649 - place / 1000, 0.0003),
            "seconds_an_epoch": 23.4 + place,
            "device": "cpu",
            "hardware": "a machine that is not there",
            "cores": 7,
            "threads": 1,
        }
        for place, name in enumerate(VALUES)
    }
    difference = {"difference": 0.00301, "low": -0.00012, "high": 0.0044, "p": 0.0234}
    return {
        "recipe": {"name": "glass"},
        "seed": 1,
        "test_accuracy": 0.9953,
        "seeds": {**found, "difference": difference, "mcnemar_of_the_median_seeds": 0.00567},
    }


def unwrapped(of: dict[str, Any]) -> str:
    """Return the text with each paragraph on one line; table lines stay."""
    return re.sub(r"(?<=[^|\n])\n(?=[^|\n])", " ", document.text(of))


def test_text_has_every_number_of_the_card() -> None:
    said = unwrapped(card())
    ours, theirs = re.findall(r"^\| (?:ours|the assignment's) .*$", said, re.MULTILINE)
    assert ours == "| ours (`glass`) | **99.555 %** | 0.037 | 4 | 99.649 % | 23.4 |"
    assert theirs == "| the assignment's (`assignment`) | **99.455 %** | 0.047 | 4 | 99.549 % | 24.4 |"
    assert "Accuracy of each seed, 1 to 4, in per cent: ours (`glass`) 99.53 99.52 99.57 99.60;" in said
    assert "(`assignment`) 99.17 99.32 99.13 99.39." in said
    assert "0.301 points (95 % interval −0.012 to 0.440, p = 0.023" in said
    assert "McNemar's exact test gives p = 0.0057" in said
    assert "seed 1, the median seed (n = 1): **99.53 %**, and not from the best seed (4, 99.60 %)." in said
    assert "7 cores of a machine that is not there, one thread for each run" in said


def test_text_has_the_assignments_peak_and_the_epochs_before() -> None:
    said = unwrapped(card())
    assert "reports 99.41 % from one run: its epoch 17 was chosen on the test images" in said
    assert "epochs 11 to 16, which were not chosen, average 99.26 %" in said


@pytest.mark.parametrize(
    ("mean", "goal", "published"),
    [
        (0.99555, "missed by 0.045 points", "is above"),
        (0.9954, "missed by 0.060", "is not above"),
        (0.996, "reached", "is above"),
    ],
)
def test_text_says_whether_the_goal_is_reached(mean: float, goal: str, published: str) -> None:
    said = unwrapped(card(mean))
    assert f"a mean of 99.60 %: it is {goal}" in said
    assert "1 of 4 seeds reaches it" in said
    assert f"The mean {published} the best published result that we found" in said


def test_lines_have_at_most_120_characters() -> None:
    assert max(map(len, document.text(card()).splitlines())) <= 120


def test_one_seed_has_an_unknown_deviation() -> None:
    one = card()
    for name in VALUES:
        one["seeds"][name]["test_accuracy"] |= {"n": 1, "standard_deviation": None}
    assert "| **99.555 %** | unknown | 1 |" in document.text(one)


def test_filled_keeps_the_text_around_the_marks(tmp_path: Path) -> None:
    path = tmp_path / "training.md"
    path.write_text(f"Ä\n{document.BEGIN}old{document.END}\nafter\n", encoding="utf-8")
    first = document.filled(path, card())
    assert first == f"Ä\n{document.BEGIN}\n\n{document.text(card())}\n{document.END}\nafter\n"
    path.write_text(first, encoding="utf-8")
    assert document.filled(path, card()) == first


@pytest.mark.parametrize(
    "marks", ["", document.BEGIN, document.END, document.END + document.BEGIN, 2 * (document.BEGIN + document.END)]
)
def test_filled_refuses_wrong_marks(marks: str, tmp_path: Path) -> None:
    path = tmp_path / "training.md"
    path.write_text(marks)
    with pytest.raises(InputError, match="no place for the numbers"):
        document.filled(path, card())
