"""Changes that bring a design under a limit: each is worked out again, and its sentence is true."""

import pytest

from model.design.assess import assess
from model.design.presets import preset
from model.design.text import read, write
from model.design.what_if import what_if


@pytest.mark.parametrize(("name", "limit"), [("assignment", 7_046), ("lenet", 20_000), ("residual", 7_000)])
def test_changes_are_under_the_limit_and_the_smallest_comes_first(name: str, limit: int) -> None:
    found = what_if(preset(name), limit)
    enough = [each.parameters for each in found if each.under]
    assert enough == sorted(enough, reverse=True)
    assert [each.under for each in found] == sorted((each.under for each in found), reverse=True)
    assert len(enough) >= 2
    for each in found:
        again = assess(each.design)
        assert again.works
        assert (again.parameters, again.multiply_accumulates) == (each.parameters, each.multiply_accumulates)
        assert each.under is (again.parameters < limit)


def test_number_of_kernels_is_the_largest_that_fits() -> None:
    """By hand: n kernels of 9 weights and a bias, then 10 of n * 26 * 26 weights and a bias: 6,770 n + 10."""
    (first, *_) = what_if(read("conv 16 3\nconv 10 26"), 65_000)
    assert (first.change, first.parameters) == ("Layer 1: 9 kernels in place of 16.", 9 * 6_770 + 10)


def test_a_mean_takes_the_place_of_linear_layers() -> None:
    changes = {each.change: each for each in what_if(preset("lenet"), 20_000)}
    mean = changes["Layers 7 to 12: conv 10 1 and a mean, in place of Linear."]
    assert write(mean.design).splitlines()[-2:] == ["conv 10 1", "gap"]
    assert mean.parameters == 6 * 25 + 6 + 16 * 6 * 25 + 16 + 10 * 16 + 10


def test_references_follow_where_a_layer_becomes_two() -> None:
    design = read("conv 8 3\nconv 8 3 padding=1\nrelu\nconv 8 3 padding=1\nadd @2\nconv 10 26")
    (found,) = (each for each in what_if(design, 55_200) if each.change.startswith("Layer 2: a kernel for each"))
    assert write(found.design).splitlines()[5] == "add @3"
    assert found.parameters == assess(design).parameters - (8 * 8 * 9) + (8 * 9 + 8 * 8)


@pytest.mark.parametrize("text", ["conv 10 28", "conv 8 3", ""])
def test_nothing_is_said_of_what_is_under_the_limit_or_no_network(text: str) -> None:
    assert what_if(read(text), 20_000) == ()
