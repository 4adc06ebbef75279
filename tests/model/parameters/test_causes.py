"""The mistake behind a printed field: each wrong rule, applied here by hand, is named where it first matters."""

from collections.abc import Callable

import pytest

from model.parameters.causes import Passed, explain

#        name, kind, kernel, stride, dilation
CHAIN = (
    ("Conv2d-1", "conv", 3, 1, 1),
    ("Conv2d-2", "conv", 3, 1, 1),
    ("MaxPool2d-3", "pool", 2, 2, 1),
    ("Conv2d-4", "conv", 1, 1, 1),
    ("Conv2d-5", "conv", 3, 1, 1),
    ("Conv2d-6", "conv", 3, 1, 2),
    ("Conv2d-7", "conv", 3, 1, 1),
    ("AvgPool2d-8", "global", 5, 5, 1),
)
Link = tuple[str, str, int, int, int]
Grow = Callable[[Link, int, int, int], int]  # link, field, jump, dilation so far -> field


def right(link: Link, field: int, jump: int, _dilated: int) -> int:
    return field + (link[2] - 1) * link[4] * jump


def doubled(link: Link, field: int, jump: int, dilated: int) -> int:
    return 2 * field if link[1] == "pool" else right(link, field, jump, dilated)


def nothing(link: Link, field: int, jump: int, dilated: int) -> int:
    return field if link[1] == "pool" else right(link, field, jump, dilated)


def no_jump(link: Link, field: int, _jump: int, _dilated: int) -> int:
    return right(link, field, 1, 1) if link[1] == "conv" else right(link, field, _jump, _dilated)


def no_global(link: Link, field: int, jump: int, dilated: int) -> int:
    return field if link[1] == "global" else right(link, field, jump, dilated)


def dilated_jump(link: Link, field: int, jump: int, dilated: int) -> int:
    return right(link, field, jump * dilated, dilated) if link[1] == "conv" else right(link, field, jump, dilated)


def no_dilation(link: Link, field: int, jump: int, _dilated: int) -> int:
    return field + (link[2] - 1) * jump


def three_by_three(link: Link, field: int, jump: int, dilated: int) -> int:
    name, kind, kernel, stride, dilation = link
    return right((name, kind, 3 if kernel == 1 else kernel, stride, dilation), field, jump, dilated)


def fields(grow: Grow) -> list[tuple[int, int, int]]:
    """Return for each link the field by a rule, the jump before it, and the dilations before it."""
    field, jump, dilated, found = 1, 1, 1, []
    for link in CHAIN:
        field = grow(link, field, jump, dilated)
        found.append((field, jump, dilated))
        jump, dilated = jump * link[3], dilated * link[4]
    return found


def explanations(grow: Grow) -> dict[str, str]:
    """Return by step what is said of each field that a rule makes wrong."""
    true, claimed = fields(right), fields(grow)
    found, before, start, start_right = {}, "the image", 1, 1
    for link, (size, jump, dilated), (printed, _, _) in zip(CHAIN, true, claimed, strict=True):
        if printed != size:
            step = Passed(*link, jump, dilated)
            found[link[0]] = explain(printed, size, start, [step], before, start_right)
        before, start, start_right = link[0], printed, size
    return found


@pytest.mark.parametrize(
    ("grow", "step", "said"),
    [
        (doubled, "MaxPool2d-3", "The pool MaxPool2d-3 doubles the field here"),
        (nothing, "MaxPool2d-3", "The pool MaxPool2d-3 adds nothing here"),
        (no_jump, "Conv2d-5", "The jump of 2 is forgotten: Conv2d-5 adds 2 instead of 4."),
        (no_global, "AvgPool2d-8", "The global pool AvgPool2d-8 is not counted."),
        (dilated_jump, "Conv2d-7", "A dilation before Conv2d-7 is multiplied into the jump"),
        (no_dilation, "Conv2d-6", "the dilation of Conv2d-6 is forgotten."),
        (three_by_three, "Conv2d-4", "The 1x1 Conv2d-4 is counted as 3x3."),
    ],
)
def test_each_wrong_rule_is_named_where_it_first_matters(grow: Grow, step: str, said: str) -> None:
    found = explanations(grow)
    assert next(iter(found)) == step
    assert said in found[step]
    later = [each for name, each in found.items() if name != step]
    assert all("which is wrong already" in each or said.split()[1] in each or "forgotten" in each for each in later)


def test_the_right_rule_needs_no_explanation() -> None:
    assert explanations(right) == {}


def test_the_arithmetic_of_this_step_is_given() -> None:
    assert explanations(doubled)["MaxPool2d-3"].startswith(
        "After Conv2d-2 the field is 5; MaxPool2d-3 adds (2 − 1) × 1 = 1, so it is 6."
    )


@pytest.mark.parametrize(
    ("printed", "start", "said"),
    [
        (5, 50, "A digit is missing."),  # of 54
        (108, 50, "adds as if the jump were 16"),
        (17, 50, "A field never becomes smaller"),
        (77, 50, "No common mistake gives the printed number"),
    ],
)
def test_what_no_rule_explains_is_said(printed: int, start: int, said: str) -> None:
    step = Passed("Conv2d-9", "conv", 3, 1, 1, 2, 1) if printed != 108 else Passed("Conv2d-9", "conv", 3, 1, 1, 2)
    printed = {108: 50 + 2 * 16}.get(printed, printed)
    assert said in explain(printed, 54, start, [step], "Conv2d-8", 50)


def test_two_mistakes_between_two_printed_fields_are_both_named() -> None:
    pool = Passed("AvgPool2d-22", "global", 7, 7, 1, 2)
    last = Passed("Conv2d-23", "conv", 1, 1, 1, 14)
    said = explain(22, 28, 18, [pool, last], "Conv2d-19", 16)
    assert "The global pool AvgPool2d-22 is not counted; the 1x1 Conv2d-23 is counted as 3x3, with a jump of 2." in said
