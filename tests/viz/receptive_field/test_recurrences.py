"""Two recurrences in HTML and in words."""

from model.parameters.causes import Passed
from model.parameters.recurrences import of_habits, of_printed
from viz.receptive_field import recurrences

POOL, KERNEL = Passed("pool", "pool", 2, 2, 1, 1), Passed("second", "conv", 3, 1, 1, 2)
CHAIN = [Passed("first", "conv", 3, 1, 1, 1), POOL, KERNEL]  # right: 3, 4, 8; wrong: 3, 6, 8


def test_the_first_line_that_differs_is_marked() -> None:
    drawn = recurrences.table(of_habits(CHAIN), "A wrong rule")
    assert drawn.count('class="parting"') == drawn.count("The first difference.") == 1
    assert '<tr class="parting"><th scope="row">pool</th><td data-name="A wrong rule:">3 × 2 = <b>6</b></td>' in drawn
    assert "(not printed)" not in drawn


def test_a_step_that_is_not_printed_is_marked() -> None:
    assert "(not printed)" in recurrences.table(of_printed(CHAIN, {"first": 3, "second": 8}), "As printed")


def test_a_right_number_by_two_mistakes_is_called_chance() -> None:
    lines = of_habits(CHAIN)
    assert "By chance the number is right." in recurrences.table(lines, "A wrong rule")
    said = recurrences.say(lines)
    assert said.startswith("Both agree up to first. They first differ at pool: 6 instead of 4.")
    assert "After second two mistakes cancel" in said


def test_recurrences_that_agree_are_said_to_agree() -> None:
    assert recurrences.say(of_habits(CHAIN[:1])) == "Both recurrences give the same field at each step."
    assert recurrences.of_networks({"A": of_habits(CHAIN[:1])})["first wrong at"] == ["nowhere"]


def test_columns_hold_every_line() -> None:
    found = recurrences.columns(of_habits(CHAIN))
    assert found["wrong field"] == ["3", "6", "8"]
    assert found["right field"] == ["3", "4", "8"]
