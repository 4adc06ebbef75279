"""Questions on every step of networks with branches, gates and vectors: right answers, and no false explanation."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch

from model import layers, receptive_field
from model.errors import InputError
from model.graph.module import NetworkModule
from model.graph.records import Op
from model.layers.quiz import questions
from model.layers.quiz.records import Question, QuestionKind
from model.receptive_field.records import ReceptiveField
from model.records import Unit
from model.trace import record
from model.trace.records import Trace
from tests.model.conftest import Example
from tests.model.graph.build import Builder

SHAPE, PARAMETERS, FIELD, UNIT = QuestionKind


def asked(module: NetworkModule, trace: Trace) -> dict[str, Mapping[QuestionKind, Question]]:
    """Return the questions on the middle unit of every step."""
    arithmetic, growth = layers.arithmetic(trace), {each.name: each for each in receptive_field.growth(module)}
    found = {}
    for step in trace.steps[:-1]:
        c, y, x = (size // 2 for size in step.maps.shape)
        explained = layers.explain(trace, step.name, (c, y, x))
        window = questions.window_of(step)
        found[step.name] = questions.of_step(
            step, arithmetic[step.name], window, growth.get(step.name), None, explained
        )
    return found


def _without(module: NetworkModule, trace: Trace, name: str, question: Question, unit: Unit) -> float:
    """Return the value of a unit when the step runs again with one of its input units at 0."""
    assert question.without
    source = question.without.source or trace[name].inputs[0]
    changed = np.array(trace.maps_of(source))
    changed[question.without.unit] = 0
    operands = [
        torch.from_numpy(np.array(changed.reshape(np.shape(operand)) if each == source else operand))[None]
        for each, operand in zip(trace[name].inputs, trace[name].operands, strict=True)
    ]
    with torch.no_grad():
        return float(module.step(name)(*operands)[0].reshape(trace[name].maps.shape)[unit])


@pytest.mark.parametrize("which", ["residual", "squeezing", "everything"])
def test_answers_are_those_of_the_network_and_misconceptions_are_not(
    which: str, request: pytest.FixtureRequest
) -> None:
    example: Example = request.getfixturevalue(which)
    module = example.module
    trace = record(module, torch.randn(1, 2, 8, 8, generator=torch.Generator().manual_seed(2)))
    fields = receptive_field.of_network(module)
    for name, every in asked(module, trace).items():
        step, field = trace[name], fields.get(name)
        c, y, x = (size // 2 for size in step.maps.shape)
        truth: dict[QuestionKind, tuple[float, ...]] = {
            SHAPE: step.output.shape,
            PARAMETERS: (sum(each.numel() for each in module.step(name).parameters()),),
            UNIT: (float(step.maps[c, y, x]),),
        }
        if UNIT in every and every[UNIT].without:
            truth[UNIT] = (_without(module, trace, name, every[UNIT], (c, y, x)),)
        if isinstance(field, ReceptiveField):
            truth[FIELD] = field.size
        for kind, question in every.items():
            assert question.answer == pytest.approx(truth[kind], rel=1e-4, abs=1e-5), (name, kind)
            for wrong in question.misconceptions:
                assert wrong.answer != question.answer
                assert "kernel" not in wrong.sentence or "weight" in step.parameters, (name, wrong.sentence)


@cache
def network() -> tuple[NetworkModule, Trace, dict[str, str]]:
    """Return a network of the steps whose wrong answers are worked by hand below."""
    build, names = Builder((2, 9, 9)), {}
    names["padded"] = build.conv(4, 3, 2, 1)  # (4, 5, 5)
    names["grouped"] = build.conv(6, 3, 1, 1, names["padded"], groups=2)  # (6, 5, 5)
    weights = {"weight": (6, 6, 2, 2)}
    pairs: dict[str, Any] = {"kernel": (2, 2), "stride": (1, 1), "padding": (0, 0), "dilation": (3, 3)}
    names["dilated"] = build.add(Op.CONV, names["grouped"], weights=weights, **pairs, groups=1)  # (6, 2, 2)
    names["side"] = build.conv(6, 4, 1, 0, names["grouped"])  # (6, 2, 2)
    names["add"] = build.add(Op.ADD, names["dilated"], names["side"], alpha=1.0)
    names["cat"] = build.add(Op.CAT, names["add"], names["dilated"], dim=1)  # (12, 2, 2)
    names["flat"] = build.add(Op.FLATTEN, start=1, end=3)  # (48,)
    names["wide"] = build.add(Op.LINEAR, weights={"weight": (7, 48), "bias": (7,)})
    names["norm"] = build.add(
        Op.BATCH_NORM,
        weights={"running_mean": (7,), "running_var": torch.full((7,), 1e4)},
        eps=1e-5,
        momentum=0.1,
        batch_statistics=False,
    )
    names["softmax"] = build.add(Op.SOFTMAX, dim=1)
    names["erf"] = build.add(Op.EXP, names["softmax"])
    names["last"] = build.add(Op.LINEAR, weights={"weight": (3, 7)})
    module = build.module()
    return module, record(module, torch.linspace(0, 30, 162).sin().view(1, 2, 9, 9)), names


@pytest.mark.parametrize(
    ("which", "what", "text", "told"),
    [
        ("padded", SHAPE, "4x4x4", "leaves out the padding of 1 × 1"),
        ("padded", SHAPE, "4x9x9", "that keeps the size"),
        ("padded", PARAMETERS, "72", "leaves out the biases: 4 more"),
        ("grouped", PARAMETERS, "222", "In 2 groups it has one for each of the 2 of its group"),
        ("dilated", SHAPE, "6x4x4", "the window reaches over 4 × 4 values"),
        ("dilated", SHAPE, "6x1x1", "subtracts the whole window of 4 × 4"),
        ("dilated", PARAMETERS, "150", "adds a bias for each output"),
        ("dilated", FIELD, "9", "leaves out the dilation"),
        ("add", SHAPE, "12x2x2", "puts the inputs one behind another"),
        ("cat", SHAPE, "6x2x2", "the first input alone"),
        ("flat", SHAPE, "12", "the number of maps"),
        ("flat", SHAPE, "4", "one map alone. All 12"),
        ("wide", SHAPE, "48", "the number of inputs"),
        ("wide", PARAMETERS, "336", "leaves out the biases: 7 more"),
        ("last", PARAMETERS, "24", "adds a bias for each output"),
    ],
)
def test_mark_explains_misconceptions_by_hand(which: str, what: QuestionKind, text: str, told: str) -> None:
    module, trace, names = network()
    verdict = questions.mark(asked(module, trace)[names[which]][what], text)
    assert not verdict.right
    assert told.lower() in verdict.sentence.lower()


def test_a_window_explains_no_step_without_one() -> None:
    """A concatenation has more maps than its first input, and no kernel that makes them."""
    module, trace, names = network()
    every = asked(module, trace)
    for which in ("add", "cat", "flat", "wide", "norm", "softmax"):
        said = " ".join(wrong.sentence for wrong in every[names[which]][SHAPE].misconceptions)
        assert "window" not in said
        assert "kernel" not in said
    assert FIELD not in every[names["wide"]]
    parts = every[names["wide"]][UNIT].misconceptions
    assert not any("input map" in wrong.sentence for wrong in parts)


def test_a_sum_is_not_one_of_its_inputs() -> None:
    module, trace, names = network()
    unit = tuple(size // 2 for size in trace[names["add"]].maps.shape)
    question = asked(module, trace)[names["add"]][UNIT]
    parts = [float(trace[names[which]].output[unit]) for which in ("dilated", "side")]
    assert question.without
    assert question.answer[0] == pytest.approx(min(parts, key=abs), rel=1e-5)  # the larger one is 0
    assert "as it is now" in questions.mark(question, f"{sum(parts):.4f}").sentence
    assert "only what this input adds" in questions.mark(question, f"{max(parts, key=abs):.4f}").sentence


def test_the_field_of_several_ways_is_no_window() -> None:
    build = Builder((1, 9, 9))
    build.add(Op.ADD, build.conv(2, 3, 1, 1), build.conv(2, 5, 1, 2, "image"), alpha=1.0)
    build.add(Op.MEAN, dims=(2, 3), keepdim=False)
    joined = build.module()
    question = asked(joined, record(joined, torch.ones(1, 1, 9, 9)))["step-0.3"][FIELD]
    assert question.answer == (5, 5)
    verdict = questions.mark(question, "3")
    assert verdict.sentence.startswith("That is the receptive field on one of the ways")
    assert not any("jump" in wrong.sentence for wrong in question.misconceptions)
    assert "last pixel" in question.arithmetic[0]


def test_a_softmax_is_neither_a_score_nor_a_logarithm() -> None:
    module, trace, names = network()
    question = asked(module, trace)[names["softmax"]][UNIT]
    said = {wrong.sentence.partition(".")[0]: wrong.answer[0] for wrong in question.misconceptions}
    assert said["That is the logarithm"] == pytest.approx(np.log(trace[names["softmax"]].output[3]), rel=1e-5)
    assert said["That is the score itself"] == pytest.approx(float(trace[names["norm"]].output[3]), rel=1e-5)


def test_what_has_no_rule_is_not_asked(squeezing: Example) -> None:
    module = squeezing.module
    trace = record(module, torch.randn(1, 2, 8, 8, generator=torch.Generator().manual_seed(2)))
    every = asked(module, trace)
    stored = [node.name for node in module.graph.all(Op.PARAMETER, Op.CONSTANT)]
    assert stored
    assert all(every[name].keys() == {PARAMETERS} for name in stored)
    assert "4 x 4" in questions._example(Question(SHAPE, (4, 4), "", (), 0, ()))


def test_an_unreadable_shape_of_a_vector_is_answered_with_an_example_of_one() -> None:
    module, trace, names = network()
    with pytest.raises(InputError, match="a number of units, like 120"):
        questions.mark(asked(module, trace)[names["wide"]][SHAPE], "7x1x1")
