"""The wrong recurrence: it gives exactly the printed fields, by rules and not by copying them."""

from collections.abc import Sequence

import pytest

from model import networks
from model.parameters import recurrences
from model.parameters.causes import Passed, rules
from model.parameters.comparison import Comparison
from model.parameters.printed import find
from model.parameters.printed_table import PRINTED
from model.parameters.records import Line
from model.parameters.steps import between, steps_of
from model.receptive_field import of_network
from model.receptive_field.records import ReceptiveField
from model.records import IMAGE

FIELDS = {row.name: row.field for row in PRINTED if row.field is not None}
CHAIN = [  # worked by hand: the right fields are 3, 4, 8 and 12, those of the wrong rule 3, 6, 8 and 8
    Passed("first", "conv", 3, 1, 1, 1),
    Passed("pool", "pool", 2, 2, 1, 1),
    Passed("second", "conv", 3, 1, 1, 2),
    Passed("end", "global", 3, 3, 1, 2),
]


def passed(id: str, end: str) -> list[Passed]:
    found = between({step.name: step for step in steps_of(networks.load(id))}, IMAGE, end)
    assert found is not None
    return found


def parting(lines: Sequence[Line]) -> Line | None:
    return next((line for line in lines if line.size != line.right_size), None)


def habits_of(steps: Sequence[Passed], lines: Sequence[Line]) -> frozenset[str]:
    """Return the kinds of mistake that the wrong recurrence makes at each step where it can make them."""
    made = {line.name: line.habit for line in lines}
    known = [step for step in steps if step.name in made]
    possible = {step.name: {rule.habit for rule in rules(step)} for step in known}
    every = {habit for habit in made.values() if habit}
    return frozenset(
        habit for habit in every if all(made[name] == habit for name, could in possible.items() if habit in could)
    )


def test_rules_give_exactly_the_printed_fields() -> None:
    lines = recurrences.of_printed(passed("assignment", "Conv2d-23"), FIELDS)
    assert {line.name: line.size for line in lines if line.is_printed} == FIELDS
    assert [line.size for line in lines if line.is_printed] == [3, 5, 7, 14, 14, 16, 18, 22]
    before = 1
    for line in lines:  # each number follows from the one before it, by the arithmetic that is shown
        arithmetic = line.wrong.replace("−", "-").replace("×", "*")
        left, _, result = arithmetic.partition(" = ")
        assert eval(left) == int(result) == line.size  # noqa: S307 (our own arithmetic)
        assert left.split()[0] == str(before)
        before = line.size


def test_they_part_at_the_pool_and_the_jump_is_forgotten_behind_it() -> None:
    lines = recurrences.of_printed(passed("assignment", "Conv2d-23"), FIELDS)
    first = parting(lines)
    assert first is not None
    assert (first.name, first.wrong, first.right) == ("MaxPool2d-10", "7 × 2 = 14", "7 + (2 − 1) × 1 = 8")
    forgotten = [line.name for line in lines if line.habit == "jump"]
    assert forgotten == ["Conv2d-16", "Conv2d-19"]
    assert [line.right_size for line in lines] == [3, 5, 7, 8, 8, 12, 16, 28, 28]


def test_the_habits_of_the_table_are_those_that_it_follows_everywhere() -> None:
    steps = passed("assignment", "Conv2d-23")
    found = habits_of(steps, recurrences.of_printed(steps, FIELDS))
    assert found == {"pool stride", "jump", "global"}


def test_a_mistake_that_is_made_once_and_not_again_is_no_habit() -> None:
    steps = [*CHAIN[:3], Passed("third", "conv", 3, 1, 1, 2)]
    printed = {"first": 3, "pool": 4, "second": 6, "third": 10}  # the jump is forgotten at the second one alone
    lines = recurrences.of_printed(steps, printed)
    assert [line.habit for line in lines] == ["", "", "jump", ""]
    assert habits_of(steps, lines) == frozenset()


def test_the_two_habits_alone_give_the_printed_fields_up_to_the_last_pool() -> None:
    lines = recurrences.of_habits(passed("assignment", "Conv2d-19"))
    assert {line.name: line.size for line in lines}.items() <= FIELDS.items()


def test_a_chain_by_hand() -> None:
    lines = recurrences.of_habits(CHAIN, {*recurrences.DOUBLED, "global"})
    assert [(line.size, line.right_size) for line in lines] == [(3, 3), (6, 4), (8, 8), (8, 12)]
    assert [line.mistake != "" for line in lines] == [False, True, True, True]


def test_the_jump_is_forgotten_at_every_kind_of_step() -> None:
    pools = [Passed("pool", "pool", 3, 1, 1, 2), Passed("mean", "global", 3, 3, 1, 2)]
    lines = recurrences.of_habits([*CHAIN[:2], *pools])
    assert [line.wrong for line in lines] == [
        "1 + (3 − 1) × 1 = 3",
        "3 × 2 = 6",
        "6 + (3 − 1) × 1 = 8",
        "8 + (3 − 1) × 1 = 10",
    ]
    assert all(line.mistake for line in lines[1:])


@pytest.mark.parametrize(("id", "end", "first"), [("residual", "Conv2d-15", "Conv2d-9"), ("basic", "max_pool2d-2", "")])
def test_the_rule_on_another_network_fails_first_where_a_stride_is_behind(id: str, end: str, first: str) -> None:
    lines = recurrences.of_habits(passed(id, end))
    found = parting(lines)
    assert found is not None
    assert found.name == (first or end)
    field = of_network(networks.load(id).module)[end]
    assert isinstance(field, ReceptiveField)
    assert lines[-1].right_size == field.size[0]


def test_without_a_stride_the_wrong_rule_is_right() -> None:
    chain = [Passed("a", "conv", 3, 1, 1, 1), Passed("b", "conv", 5, 1, 1, 1)]
    lines = recurrences.of_habits(chain)
    assert parting(lines) is None
    assert [line.size for line in lines] == [3, 7]


def test_a_number_that_no_mistake_gives_is_said() -> None:
    (line,) = recurrences.of_printed(CHAIN[:1], {"first": 77})
    assert (line.wrong, line.size, line.right_size) == ("", 77, 3)
    assert line.mistake == "No common mistake gives the printed number."


PASTED = """
| layer | output | receptive field |
| --- | --- | --- |
| Conv2d-1 | 6x28x28 | {} |
| max_pool2d-1 | 6x14x14 | {} |
| Conv2d-2 | 16x10x10 | {} |
"""


def pasted(*fields: int) -> tuple[Line, ...]:
    comparison = Comparison(networks.load("lenet"))
    return comparison.recurrences(find(PASTED.format(*fields), comparison.names))


def test_a_pasted_table_has_the_recurrence_that_gives_its_numbers() -> None:
    assert [(line.size, line.right_size) for line in pasted(5, 10, 14)] == [(5, 5), (10, 6), (14, 14)]
    assert [line.habit for line in pasted(5, 10, 14)] == ["", "pool stride", "jump"]


def test_a_right_table_needs_none() -> None:
    assert pasted(5, 6, 14) == ()
