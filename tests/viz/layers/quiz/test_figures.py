"""Verdicts and scores as HTML and CSV."""

import csv
import io

import pytest

from model.layers.quiz.records import Question, QuestionKind, Verdict
from viz.layers.quiz import figures

WEIGHTS = Question(QuestionKind.PARAMETERS, (1168.0,), "1,168", ("16 × 8 × 3 × 3 + 16 = 1,168",), 0, ())
SHAPE = Question(QuestionKind.SHAPE, (16.0, 24.0, 24.0), "16 × 24 × 24", ("height: 26 − 2 = 24",), 0, ())
WRONG = Verdict(WEIGHTS, "1152", False, "That leaves out the biases: 16 <more>.")
RIGHT = Verdict(SHAPE, "16x24x24", True, "")


def test_verdict_shows_both_answers_the_arithmetic_and_the_explanation() -> None:
    html = figures.verdict(WRONG)
    for part in (
        "1,152 ✗",
        "1,168",
        "16 × 8 × 3 × 3 + 16 = 1,168",
        "16 &lt;more&gt;",
        'aria-label="Parameters: incorrect"',
    ):
        assert part in html
    assert "16 × 24 × 24 ✓" in figures.verdict(RIGHT)


@pytest.mark.parametrize(("given", "said"), [("-0.83", "−0.83"), ("12", "12")])
def test_say_answer_uses_a_true_minus(given: str, said: str) -> None:
    unit = Question(QuestionKind.UNIT, (0.0,), "0", (), 0, ())
    assert figures.say_answer(Verdict(unit, given, False, "")) == said


def test_score_counts_each_answer_once() -> None:
    rows, verdicts = ["Conv2d-4", "Conv2d-7"], {"Conv2d-4": {QuestionKind.SHAPE: RIGHT, QuestionKind.PARAMETERS: WRONG}}
    assert figures.say_score(rows, verdicts) == "1 of 2 answers correct; 8 questions on 2 rows."
    assert figures.say_score(rows[:1], {}).endswith(" 4 questions on 1 row.")
    lines = list(csv.DictReader(io.StringIO(figures.as_csv(rows, verdicts))))
    assert [line["row"] for line in lines] == ["Conv2d-4"] * 4 + ["Conv2d-7"] * 4
    answered = {line["question"]: line for line in lines if line["answer"]}
    assert answered.keys() == {"Output shape", "Parameters"}
    assert answered["Parameters"]["correct"] == "no"
    assert answered["Parameters"]["explanation of the error"] == WRONG.sentence
    assert answered["Output shape"]["correct"] == "yes"
    html = figures.score(rows, verdicts)
    assert html.count("not answered") == 6
    assert html.count("✓") == html.count("✗") == 1
