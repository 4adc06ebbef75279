"""A design against limits; the numbers are worked out by hand."""

import pytest

from model.design.assess import assess
from model.design.limits import check
from model.design.records import Limits
from model.design.text import read

GOOD = "conv 8 3\nrelu\nbn\ndropout 0.1\nconv 10 1\navg 26"


def holds(text: str, limits: Limits = Limits(), **trained: float) -> list[bool | None]:  # noqa: B008 (frozen)
    design = read(text)
    epochs = int(trained["epochs"]) if "epochs" in trained else None
    return [each.holds for each in check(design, assess(design), limits, epochs, trained.get("accuracy"))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (GOOD, [True, True, True, True, True]),
        (f"{GOOD}\nflatten\nlinear 10", [True, False, True, True, True]),
        ("conv 8 3\nconv 10 1\ngap\nconv 10 1", [True, True, True, False, False]),
        ("conv 8 3\ngap\nconv 10 3 padding=1", [True, True, False, False, False]),
        ("flatten\nlinear 26\nlinear 10", [False, False, False, False, False]),
    ],
)
def test_limits_of_a_design(text: str, expected: list[bool]) -> None:
    assert holds(text)[:5] == expected
    assert holds(text)[5:] == [None, None]


def test_an_exact_number_is_not_fewer() -> None:
    """The parameters of ``conv 10 28`` are 10 * 28 * 28 + 10 = 7,850."""
    assert holds("conv 10 28", Limits(parameters=7_850))[0] is False
    assert holds("conv 10 28", Limits(parameters=7_851))[0] is True


def test_a_sum_that_can_only_grow_is_not_known_to_hold() -> None:
    assert holds("conv 8 3\nmax 30")[0] is None
    assert holds("conv 8 3\nmax 30", Limits(parameters=80))[0] is False


def test_training_is_judged_where_there_was_any() -> None:
    assert holds(GOOD, epochs=19, accuracy=0.994)[5:] == [True, True]
    assert holds(GOOD, epochs=20, accuracy=0.9939)[5:] == [False, False]


def test_a_limit_that_is_not_asked_for_is_not_listed() -> None:
    none = Limits(None, None, False, False, False, False, None, None)
    assert holds(GOOD, none) == []


def test_products_are_limited_where_that_is_asked() -> None:
    """On 26 x 26 places 8 kernels of 9 weights, and 10 of 8."""
    products = 26 * 26 * (8 * 9 + 10 * 8)
    assert holds(GOOD, Limits(multiply_accumulates=products))[1] is False
    assert holds(GOOD, Limits(multiply_accumulates=products + 1))[1] is True
