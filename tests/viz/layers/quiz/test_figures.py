"""Verdicts and scores as HTML and CSV."""

import csv
import io

import pytest

from model.layers.quiz.records import Asked, Question, Verdict
from viz.layers.quiz import figures

WEIGHTS = Question(Asked.PARAMETERS, (1168.0,), "1,168", ("16 × 8 × 3 × 3 + 16 = 1,168",), 0, ())
SHAPE = Question(Asked.SHAPE, (16.0, 24.0, 24.0), "16 × 24 × 24", ("height: 26 − 2 = 24",), 0, ())
WRONG = Verdict(WEIGHTS, "1152", False, "That leaves out the biases: 16 <more>.")
RIGHT = Verdict(SHAPE, "16x24x24", True, "")


def test_a_verdict_shows_both_answers_the_arithmetic_and_what_was_overlooked() -> None:
    html = figures.verdict(WRONG)
    for part in (
        "1,152 ✗",
        "1,168",
        "16 × 8 × 3 × 3 + 16 = 1,168",
        "16 &lt;more&gt;",
        'aria-label="Parameters: wrong"',
    ):
        assert part in html
    assert "16 × 24 × 24 ✓" in figures.verdict(RIGHT)


@pytest.mark.parametrize(("given", "said"), [("-0.83", "−0.83"), ("12", "12")])
def test_an_answer_is_said_with_a_true_minus(given: str, said: str) -> None:
    unit = Question(Asked.UNIT, (0.0,), "0", (), 0, ())
    assert figures.say_given(Verdict(unit, given, False, "")) == said


def test_the_score_counts_each_answer_once() -> None:
    rows, verdicts = ["Conv2d-4", "Conv2d-7"], {"Conv2d-4": {Asked.SHAPE: RIGHT, Asked.PARAMETERS: WRONG}}
    assert figures.say_score(rows, verdicts) == "1 of 2 answers right; 8 questions in 2 rows."
    lines = list(csv.DictReader(io.StringIO(figures.as_csv(rows, verdicts))))
    assert [line["row"] for line in lines] == ["Conv2d-4"] * 4 + ["Conv2d-7"] * 4
    answered = {line["question"]: line for line in lines if line["answer"]}
    assert answered.keys() == {"Output shape", "Parameters"}
    assert answered["Parameters"]["right"] == "no"
    assert answered["Parameters"]["what it overlooks"] == WRONG.sentence
    assert answered["Output shape"]["right"] == "yes"
    html = figures.score(rows, verdicts)
    assert html.count("not yet") == 6
    assert html.count("✓") == html.count("✗") == 1
