"""Questions: answers compared with the network, misconceptions with wrong answers worked by hand, and notations."""

import dataclasses
from itertools import combinations, product

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from model import layers, receptive_field
from model.errors import InputError
from model.images import digits
from model.layers.quiz import questions
from model.layers.quiz.records import Question, QuestionKind
from model.layers.records import Term
from model.networks.assignment import weights
from model.parameters import printed_table
from model.records import Unit
from model.trace import record
from model.trace.records import Trace

NETWORK = weights.load()
TRACE: Trace = record(NETWORK, digits.to_input(digits.find("project-3a")))
ARITHMETIC = layers.arithmetic(TRACE)
GROWTH = {step.name: step for step in receptive_field.growth(NETWORK)}
PRINTED = {row.name: row for row in printed_table.compare(NETWORK)}
FIELDS = receptive_field.of_network(NETWORK)
NAMES = [step.name for step in TRACE.steps]


def asked_of(name: str, unit: Unit = (0, 0, 0), arithmetic: object = None) -> dict[QuestionKind, Question]:
    step = TRACE[name]
    explained = layers.explain(TRACE, name, unit)
    window, field, printed = layers.window(step), GROWTH.get(name), PRINTED.get(name)
    worked = arithmetic if isinstance(arithmetic, type(ARITHMETIC[name])) else ARITHMETIC[name]
    return dict(questions.of_step(step, worked, window, field, printed, explained))


def measured(name: str, unit: Unit, without: Term | None) -> dict[QuestionKind, tuple[float, ...]]:
    """Return the right answers from PyTorch; with an input that is 0, the step runs again on other input."""
    module = dict(NETWORK.named_modules()).get(name)
    answers = {
        QuestionKind.SHAPE: tuple(map(float, TRACE[name].output.shape)),
        QuestionKind.PARAMETERS: (float(sum(p.numel() for p in module.parameters())) if module else 0.0,),
        QuestionKind.UNIT: (_value(name, unit, without),),
    }
    return answers | ({QuestionKind.FIELD: tuple(map(float, FIELDS[name].size))} if name in FIELDS else {})


def _value(name: str, unit: Unit, without: Term | None) -> float:
    if without is None:
        return float(TRACE[name].maps[unit])
    changed = TRACE[name].input.copy()
    changed[without.unit] = 0
    with torch.no_grad():
        return float(dict(NETWORK.named_modules())[name](torch.from_numpy(changed)[None])[0][unit])


def disagreeing(asked: dict[QuestionKind, Question], name: str, unit: Unit) -> set[QuestionKind]:
    truth = measured(name, unit, asked[QuestionKind.UNIT].without)
    assert asked.keys() == truth.keys()
    near = {what: pytest.approx(answer, rel=1e-4, abs=1e-4) for what, answer in truth.items()}
    return {what for what, question in asked.items() if question.answer != near[what]}


@pytest.mark.parametrize("name", NAMES)
def test_answers_are_those_of_the_network(name: str) -> None:
    maps = TRACE[name].maps
    for unit in [(0, 0, 0), tuple(size - 1 for size in maps.shape)]:
        c, y, x = unit
        assert not disagreeing(asked_of(name, (c, y, x)), name, (c, y, x))


def test_answer_check_fails_for_wrong_arithmetic() -> None:
    biased = dataclasses.replace(ARITHMETIC["Conv2d-4"], parameters=ARITHMETIC["Conv2d-4"].parameters[:1])
    assert disagreeing(asked_of("Conv2d-4", arithmetic=biased), "Conv2d-4", (0, 0, 0)) == {QuestionKind.PARAMETERS}


@pytest.mark.parametrize("name", NAMES)
def test_misconceptions_are_wrong_and_have_explanations(name: str) -> None:
    for question in asked_of(name).values():
        for wrong in question.misconceptions:
            text = "x".join(
                f"{number:.6f}" if question.kind is QuestionKind.UNIT else f"{number:.0f}" for number in wrong.answer
            )
            verdict = questions.mark(question, text)
            assert not verdict.right
            assert verdict.sentence.endswith(".")


@pytest.mark.parametrize(
    ("name", "what", "text", "told"),
    [
        ("Conv2d-13", QuestionKind.PARAMETERS, "36", "The assignment prints the same wrong figure. It learns"),
        ("MaxPool2d-10", QuestionKind.FIELD, "14", "Its stride multiplies the jump by 2, not the receptive field"),
        ("Conv2d-23", QuestionKind.SHAPE, "32x1x1", "there cannot be 32 of them"),
        ("Conv2d-4", QuestionKind.PARAMETERS, "1152", "That leaves out the biases: 16 more"),
        ("Conv2d-4", QuestionKind.PARAMETERS, "160", "one slice. It has one slice for each of the 8 input maps"),
        ("Conv2d-4", QuestionKind.PARAMETERS, "1160", "a bias for each input map"),
        ("Conv2d-4", QuestionKind.PARAMETERS, "1280", "each slice of a kernel a bias"),
        ("BatchNorm2d-2", QuestionKind.PARAMETERS, "8", "leaves out the shift"),
        ("BatchNorm2d-2", QuestionKind.PARAMETERS, "32", "includes running mean and running var."),
        ("MaxPool2d-10", QuestionKind.PARAMETERS, "4", "Nothing in it is learned"),
        ("Conv2d-4", QuestionKind.SHAPE, "16x26x26", "keeps the size of the input maps"),
        ("Conv2d-4", QuestionKind.SHAPE, "8x24x24", "the number of input maps"),
        ("Conv2d-4", QuestionKind.SHAPE, "16x23x23", "subtract one less"),
        ("Conv2d-4", QuestionKind.SHAPE, "24x24x16", "the channels come first"),
        ("MaxPool2d-10", QuestionKind.SHAPE, "16x21x21", "Its stride is 2 × 2"),
        ("Conv2d-16", QuestionKind.FIELD, "10", "That leaves out the jump"),
        ("Conv2d-4", QuestionKind.FIELD, "6", "count one less"),
        ("Conv2d-4", QuestionKind.FIELD, "3", "the window on the input units"),
    ],
)
def test_mark_explains_a_known_misconception(name: str, what: QuestionKind, text: str, told: str) -> None:
    verdict = questions.mark(asked_of(name)[what], text)
    assert not verdict.right
    assert told in verdict.sentence


def wrong_values(unit: Unit) -> dict[str, float]:
    """Return common wrong values of a unit of the second convolution with one input at 0, by their explanation."""
    convolution = layers.explain(TRACE, "Conv2d-4", unit)
    term = asked_of("Conv2d-4", unit)[QuestionKind.UNIT].without
    assert term
    right = convolution.value - term.product
    return {
        "as it is now": convolution.value,
        "not times its weight": convolution.value - term.value,
        "adds the product once more": convolution.value + term.product,
        "leaves out the bias": right - convolution.bias,
    }


def are_apart(unit: Unit) -> bool:
    """Tell whether these values and the right one differ by more than rounding; a bias can be nearly zero."""
    right = asked_of("Conv2d-4", unit)[QuestionKind.UNIT].answer[0]
    values = [right, *wrong_values(unit).values()]
    return all(abs(one - other) > 0.1 * max(1, abs(values[0])) for one, other in combinations(values, 2))


def test_mark_explains_misconceptions_about_a_unit() -> None:
    unit = next(unit for unit in product(range(16), range(4, 20, 5), range(4, 20, 5)) if are_apart(unit))
    for sentence, value in wrong_values(unit).items():
        assert sentence in questions.mark(asked_of("Conv2d-4", unit)[QuestionKind.UNIT], f"{value:.4f}").sentence
    pool = asked_of("AvgPool2d-22", (1, 0, 0))[QuestionKind.UNIT]
    verdict = questions.mark(pool, f"{pool.answer[0] * 49:.4f}")
    assert "The mean divides it by 49" in verdict.sentence


@pytest.mark.parametrize(
    "text", ["16x24x24", "16 × 24 × 24", "[-1, 16, 24, 24]", "(16, 24, 24)", " 16 24 24 ", "16*24*24", "16;24;24"]
)
def test_mark_reads_a_shape_in_many_notations(text: str) -> None:
    verdict = questions.mark(asked_of("Conv2d-4")[QuestionKind.SHAPE], text)
    assert (verdict.right, verdict.given) == (True, "16x24x24")


@pytest.mark.parametrize("text", ["1168", "1,168", "1 168", "1'168", "1_168", "1\xa0168"])
def test_mark_reads_a_count_in_many_notations(text: str) -> None:
    verdict = questions.mark(asked_of("Conv2d-4")[QuestionKind.PARAMETERS], text)
    assert (verdict.right, verdict.given) == (True, "1168")


@pytest.mark.parametrize("text", ["5", "5x5", " 5 × 5"])
def test_mark_reads_a_field_as_one_side_or_two(text: str) -> None:
    assert questions.mark(asked_of("Conv2d-4")[QuestionKind.FIELD], text).right


def test_mark_tolerates_an_error_of_a_hundredth() -> None:
    question = dataclasses.replace(asked_of("Conv2d-4")[QuestionKind.UNIT], answer=(-0.83,), tolerance=0.01)
    assert all(questions.mark(question, text).right for text in ("-0.83", "−0.825", "-0,835", "-.83"))
    assert not any(questions.mark(question, text).right for text in ("-0.85", "0.83", "-0.8"))


@given(st.floats(-9e5, 9e5), st.sampled_from(list(QuestionKind)))
@settings(max_examples=30)
def test_mark_of_a_stored_answer_gives_the_same_result(value: float, what: QuestionKind) -> None:
    question = asked_of("Conv2d-4")[what]
    count = len(question.answer)
    text = f"{value:.4f}" if what is QuestionKind.UNIT else "x".join([str(abs(int(value)))] * count)
    verdict = questions.mark(question, text)
    again = questions.mark(question, verdict.given)
    assert (again.given, again.right) == (verdict.given, verdict.right)


@pytest.mark.parametrize("what", list(QuestionKind))
@pytest.mark.parametrize("text", ["abc", "", "16x", "1.5.2", "1e5", "nan", "inf", "9" * 40, "²", "٣", "1x2x3x4x5", "-"])
def test_mark_refuses_unreadable_text(what: QuestionKind, text: str) -> None:
    with pytest.raises(InputError) as refused:
        questions.mark(asked_of("Conv2d-4")[what], text)
    assert str(refused.value).startswith(f"'{text}' cannot be read as an answer. It can be ")
