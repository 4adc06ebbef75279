"""What Start says of the answer and of the evidence."""

import numpy as np

from model.head.records import Evidence
from viz.start import figures


def evidence(amount: float, logit: float, place: str, ink: str = "") -> Evidence:
    return Evidence(9, np.ones((1, 1), dtype=bool), amount, logit, place, ink)


def test_most_of_the_evidence_is_named_with_its_share() -> None:
    said = figures.say_why(evidence(12.46, 16.4, "top right", "closed loop"), "9", "digit")
    assert said == "**Why 9?** Most of the evidence is at the closed loop at the top right: **+12.5 of 16.4**."


def test_less_than_half_is_the_largest_part() -> None:
    said = figures.say_why(evidence(8.9, 21.1, "middle"), "3", "digit")
    assert said == "**Why 3?** The largest part of the evidence is in the middle of the digit: **+8.9 of 21.1**."
    assert "Most" not in figures.say_why(evidence(0.5, -0.2, "left"), "3", "picture")


def test_a_name_of_a_class_is_text() -> None:
    assert "<b>x</b>" not in figures.answer("<b>x</b>", "12 %", "")
    assert "named" in figures.answer("circle", "12 %", "")
