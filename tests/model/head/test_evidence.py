"""The part of a class map around its largest value: its amount against PyTorch, its name against ink drawn by hand."""

import numpy as np
import pytest
import torch

from model import networks, receptive_field, trace
from model.graph.module import NetworkModule
from model.head import evidence, linear
from model.head.records import Evidence, Head
from model.images import digits
from model.receptive_field.records import Box, ReceptiveField
from model.records import Numbers, Pixels

FIELD = ReceptiveField(size=(3, 3), jump=(1, 1), center=(0.0, 0.0))  # each unit lies on a pixel


def head(maps: Numbers) -> Head:
    """Return the head of a single class whose class map is given."""
    ones = np.ones((1, 1))
    return Head("maps", "", "", maps[None], ones, np.array([2.0]), np.array([maps.mean() + 2], np.float32))


def found(maps: Numbers, pixels: Pixels) -> Evidence:
    part = evidence.of_class(head(maps), 0, FIELD, pixels)
    assert part is not None
    return part


def test_the_part_is_the_largest_unit_and_what_touches_it_with_half_of_its_value() -> None:
    maps = np.array([[8.0, 3.9, 0, 0, 5], [0, 4, 0, 0, 0], [0, 0, 6, 0, 0], [-9, 0, 0, 0, 0], [0, 0, 0, 0, 0]])
    part = found(maps, np.zeros((5, 5), np.uint8))
    assert np.argwhere(part.units).tolist() == [[0, 0], [1, 1], [2, 2]]
    assert part.amount == pytest.approx((8 + 4 + 6) / 25)  # not 3.9, and not 5, which does not touch
    assert part.logit == pytest.approx((8 + 3.9 + 5 + 4 + 6 - 9) / 25 + 2)


@pytest.mark.parametrize("id", ["assignment", "padded", "residual"])
def test_the_amount_is_what_the_network_itself_adds_for_these_units_alone(id: str) -> None:
    """PyTorch runs the head with all other units at 0, and with all units at 0."""
    module, digit = networks.by_id(id).module, digits.find("project-9d")
    assert isinstance(module, NetworkModule)
    run = trace.record(module, digits.to_input(digit))
    whole = linear.of_network(module, run)
    field = receptive_field.of_network(module)[whole.source]
    assert isinstance(field, ReceptiveField)
    part = evidence.of_class(whole, run.prediction, field, digit.pixels)
    assert part is not None
    maps = torch.from_numpy(run[whole.source].output.copy())[None]
    with torch.no_grad():
        kept, none, other = (
            float(trace.run(module, run, {whole.source: maps * mask})[0, run.prediction])
            for mask in (torch.from_numpy(part.units), 0, torch.from_numpy(np.roll(part.units, 2, 1)))
        )
    assert part.amount == pytest.approx(kept - none, abs=1e-3)
    assert part.amount != pytest.approx(other - none, abs=1e-1), "other units must not agree"
    assert part.logit == pytest.approx(float(run.logits[run.prediction]), abs=1e-3)


def test_nothing_supports_a_class_whose_map_is_negative() -> None:
    assert evidence.of_class(head(-np.ones((5, 5))), 0, FIELD, np.zeros((5, 5), np.uint8)) is None


def ring() -> Pixels:
    pixels = np.zeros((28, 28), np.uint8)
    pixels[6:16, 9:19] = 255
    pixels[9:13, 12:16] = 0
    return pixels


def test_ink_is_named_by_what_is_measured() -> None:
    loop, bar = ring(), np.zeros((28, 28), np.uint8)
    bar[4:24, 13:16] = 255
    opened = loop.copy()
    opened[10:12, 16:19] = 0  # a gap: no loop any more
    around, below = Box(7, 10, 15, 18), Box(20, 10, 28, 19)
    assert evidence._name_ink(loop > 0, around) == "closed loop"
    assert evidence._name_ink(opened > 0, around) == ""
    assert evidence._name_ink(loop > 0, below) == "blank area"
    assert evidence._name_ink(bar > 0, Box(8, 10, 16, 19)) == "vertical stroke"
    assert evidence._name_ink(bar.T > 0, Box(10, 8, 19, 16)) == "horizontal stroke"
    assert evidence._name_ink(bar > 0, below) == "end of a stroke"
    assert evidence._name_ink(bar > 0, Box(8, 14, 16, 19)) == "", "the stroke fills a side: it is no end"


def test_a_unit_is_a_tile_one_jump_wide_of_the_picture() -> None:
    maps, tiles = np.zeros((7, 7)), ReceptiveField(size=(9, 9), jump=(4, 4), center=(1.5, 1.5))
    maps[2, 3] = 1  # the tile of rows 8 to 11 and columns 12 to 15, where the hole of the ring is
    part = evidence.of_class(head(maps), 0, tiles, ring())
    assert part is not None
    assert part.ink == "closed loop"


@pytest.mark.parametrize(
    ("at", "place"),
    [((4, 4), "top left"), ((13, 13), "middle"), ((13, 23), "right"), ((23, 13), "bottom"), ((4, 23), "top right")],
)
def test_the_place_is_that_of_the_values_on_the_ink(at: tuple[int, int], place: str) -> None:
    maps, pixels = np.zeros((28, 28)), np.zeros((28, 28), np.uint8)
    maps[at] = 1
    pixels[4:24, 4:24] = 255
    assert found(maps, pixels).place == place


def test_a_picture_in_colour_has_a_place_and_no_ink() -> None:
    maps = np.zeros((28, 28))
    maps[2, 2] = 1
    part = found(maps, np.full((28, 28, 3), 200, np.uint8))
    assert (part.place, part.ink) == ("top left", "")
