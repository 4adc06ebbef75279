"""Questions: right answers against the network itself, misconceptions against hand-worked wrong ones, and spellings."""

import dataclasses
from itertools import combinations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import layers, receptive_field
from model.errors import InputError
from model.images import digits
from model.layers.quiz import questions
from model.layers.quiz.records import Asked, Question
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


def asked_of(name: str, unit: Unit = (0, 0, 0), arithmetic: object = None) -> dict[Asked, Question]:
    step = TRACE[name]
    explained = layers.explain(TRACE, name, unit)
    window, field, printed = layers.window(step), GROWTH.get(name), PRINTED.get(name)
    worked = arithmetic if isinstance(arithmetic, type(ARITHMETIC[name])) else ARITHMETIC[name]
    return dict(questions.of_step(step, worked, window, field, printed, explained))


def measured(name: str, unit: Unit) -> dict[Asked, tuple[float, ...]]:
    """Return the right answers as PyTorch has them."""
    module = dict(NETWORK.named_modules()).get(name)
    answers = {
        Asked.SHAPE: tuple(map(float, TRACE[name].output.shape)),
        Asked.PARAMETERS: (float(sum(p.numel() for p in module.parameters())) if module else 0.0,),
        Asked.UNIT: (float(TRACE[name].maps[unit]),),
    }
    return answers | ({Asked.FIELD: tuple(map(float, FIELDS[name].size))} if name in FIELDS else {})


def disagreeing(asked: dict[Asked, Question], name: str, unit: Unit) -> set[Asked]:
    truth = measured(name, unit)
    assert asked.keys() == truth.keys()
    return {what for what, question in asked.items() if question.answer != pytest.approx(truth[what])}


@pytest.mark.parametrize("name", NAMES)
def test_what_counts_as_right_is_what_the_network_has(name: str) -> None:
    maps = TRACE[name].maps
    for unit in [(0, 0, 0), tuple(size - 1 for size in maps.shape)]:
        c, y, x = unit
        assert not disagreeing(asked_of(name, (c, y, x)), name, (c, y, x))


def test_arithmetic_that_is_wrong_would_be_noticed() -> None:
    biased = dataclasses.replace(ARITHMETIC["Conv2d-4"], parameters=ARITHMETIC["Conv2d-4"].parameters[:1])
    assert disagreeing(asked_of("Conv2d-4", arithmetic=biased), "Conv2d-4", (0, 0, 0)) == {Asked.PARAMETERS}


@pytest.mark.parametrize("name", NAMES)
def test_no_misconception_is_right_and_each_is_answered(name: str) -> None:
    for question in asked_of(name).values():
        for wrong in question.misconceptions:
            text = "x".join(
                f"{number:.6f}" if question.what is Asked.UNIT else f"{number:.0f}" for number in wrong.answer
            )
            verdict = questions.mark(question, text)
            assert not verdict.right
            assert verdict.sentence.endswith(".")


@pytest.mark.parametrize(
    ("name", "what", "text", "told"),
    [
        ("Conv2d-13", Asked.PARAMETERS, "36", "So it is printed in the assignment, too"),
        ("MaxPool2d-10", Asked.FIELD, "14", "its stride multiplies the jump by 2, not the field"),
        ("Conv2d-23", Asked.SHAPE, "32x1x1", "there cannot be 32 of them"),
        ("Conv2d-4", Asked.PARAMETERS, "1152", "That leaves out the biases: 16 more"),
        ("Conv2d-4", Asked.PARAMETERS, "160", "one slice. It has one for each of the 8 maps"),
        ("Conv2d-4", Asked.PARAMETERS, "1160", "a bias for each map that comes in"),
        ("Conv2d-4", Asked.PARAMETERS, "1280", "each slice of a kernel a bias"),
        ("BatchNorm2d-2", Asked.PARAMETERS, "8", "leaves out the shift"),
        ("BatchNorm2d-2", Asked.PARAMETERS, "32", "running mean and running var too"),
        ("MaxPool2d-10", Asked.PARAMETERS, "4", "Nothing in it is learned"),
        ("Conv2d-4", Asked.SHAPE, "16x26x26", "as large as they came in"),
        ("Conv2d-4", Asked.SHAPE, "8x24x24", "how many maps come in"),
        ("Conv2d-4", Asked.SHAPE, "16x23x23", "take one less"),
        ("Conv2d-4", Asked.SHAPE, "24x24x16", "the channels come first"),
        ("MaxPool2d-10", Asked.SHAPE, "16x21x21", "Its stride is 2 × 2"),
        ("Conv2d-16", Asked.FIELD, "10", "That forgets the jump"),
        ("Conv2d-4", Asked.FIELD, "6", "count one less"),
        ("Conv2d-4", Asked.FIELD, "3", "the window on what comes in"),
    ],
)
def test_a_known_misconception_is_told_what_it_overlooks(name: str, what: Asked, text: str, told: str) -> None:
    verdict = questions.mark(asked_of(name)[what], text)
    assert not verdict.right
    assert told in verdict.sentence


def wrong_values(unit: Unit) -> dict[str, float]:
    """Return what people may take a unit of the second convolution for, by what they are told then."""
    convolution = layers.explain(TRACE, "Conv2d-4", unit)
    return {
        "leaves out the bias": convolution.value - convolution.bias,
        "without the weights": sum(term.value for term in convolution.terms),
        "input map 3 alone": convolution.channels[3] + convolution.bias,
    }


def are_apart(unit: Unit) -> bool:
    """Tell whether these values and the right one differ by more than rounding: a bias, say, can be next to nothing."""
    values = [float(TRACE["Conv2d-4"].maps[unit]), *wrong_values(unit).values()]
    return all(abs(one - other) > 0.1 * max(1, abs(values[0])) for one, other in combinations(values, 2))


def test_the_value_of_a_unit_has_its_own_misconceptions() -> None:
    unit = next(unit for unit in product(range(16), range(4, 20, 5), range(4, 20, 5)) if are_apart(unit))
    for sentence, value in wrong_values(unit).items():
        assert sentence in questions.mark(asked_of("Conv2d-4", unit)[Asked.UNIT], f"{value:.4f}").sentence
    pool = layers.explain(TRACE, "AvgPool2d-22", (1, 0, 0))
    verdict = questions.mark(asked_of("AvgPool2d-22", (1, 0, 0))[Asked.UNIT], f"{pool.value * 49:.4f}")
    assert "The mean divides it by 49" in verdict.sentence


@pytest.mark.parametrize(
    "text", ["16x24x24", "16 × 24 × 24", "[-1, 16, 24, 24]", "(16, 24, 24)", " 16 24 24 ", "16*24*24", "16;24;24"]
)
def test_a_shape_can_be_written_in_many_ways(text: str) -> None:
    verdict = questions.mark(asked_of("Conv2d-4")[Asked.SHAPE], text)
    assert (verdict.right, verdict.given) == (True, "16x24x24")


@pytest.mark.parametrize("text", ["1168", "1,168", "1 168", "1'168", "1_168", "1\xa0168"])
def test_a_count_can_be_written_in_many_ways(text: str) -> None:
    verdict = questions.mark(asked_of("Conv2d-4")[Asked.PARAMETERS], text)
    assert (verdict.right, verdict.given) == (True, "1168")


@pytest.mark.parametrize("text", ["5", "5x5", " 5 × 5"])
def test_a_field_can_be_one_side_or_both(text: str) -> None:
    assert questions.mark(asked_of("Conv2d-4")[Asked.FIELD], text).right


def test_a_value_may_be_off_by_a_hundredth_and_no_more() -> None:
    question = dataclasses.replace(asked_of("Conv2d-4")[Asked.UNIT], answer=(-0.83,), tolerance=0.01)
    assert all(questions.mark(question, text).right for text in ("-0.83", "−0.825", "-0,835", "-.83"))
    assert not any(questions.mark(question, text).right for text in ("-0.85", "0.83", "-0.8"))


@given(st.floats(-9e5, 9e5), st.sampled_from(list(Asked)))
def test_what_is_kept_of_an_answer_can_be_read_again(value: float, what: Asked) -> None:
    question = asked_of("Conv2d-4")[what]
    count = len(question.answer)
    text = f"{value:.4f}" if what is Asked.UNIT else "x".join([str(abs(int(value)))] * count)
    verdict = questions.mark(question, text)
    again = questions.mark(question, verdict.given)
    assert (again.given, again.right) == (verdict.given, verdict.right)


@pytest.mark.parametrize("what", list(Asked))
@pytest.mark.parametrize("text", ["abc", "", "16x", "1.5.2", "1e5", "nan", "inf", "9" * 40, "²", "٣", "1x2x3x4x5", "-"])
def test_what_cannot_be_read_is_a_sentence(what: Asked, text: str) -> None:
    with pytest.raises(InputError) as refused:
        questions.mark(asked_of("Conv2d-4")[what], text)
    assert str(refused.value).startswith(f"'{text}' cannot be read as an answer. It can be ")
