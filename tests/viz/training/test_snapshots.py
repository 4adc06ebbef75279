"""The browser data of a block after each epoch: exact pictures and numbers."""

import re
from dataclasses import replace

import numpy as np
import pytest

from model.training.records import BlockHistory
from tests.pictures import decode
from viz.pictures.raster import mosaic
from viz.pictures.scaling import range_of
from viz.training import snapshots

GENERATOR = np.random.default_rng(7)
STATISTICS = ("running mean", "running variance", "weight", "bias")


def made(maps: int = 8, reads: int = 4, side: int = 3, epochs: tuple[int, ...] = (1, 2, 5)) -> BlockHistory:
    count = len(epochs)
    shares = GENERATOR.random((count, 10)).astype(np.float32)
    return BlockHistory(
        epochs,
        "Conv2d-4",
        GENERATOR.normal(size=(count, maps, reads, side, side)).astype(np.float32),
        "ReLU-4",
        (GENERATOR.random((count, maps, 6, 5)) * np.linspace(0.2, 1, maps)[:, None, None]).astype(np.float32),
        "BatchNorm2d-5",
        {title: GENERATOR.normal(size=(count, maps)).astype(np.float32) for title in STATISTICS},
        shares / shares.sum(axis=1, keepdims=True),
    )


@pytest.mark.parametrize(("maps", "reads", "side"), [(8, 1, 3), (8, 4, 3), (4, 8, 3), (10, 32, 1), (16, 16, 3)])
@pytest.mark.parametrize("shared", [True, False])
def test_kernels_of_the_marked_map_are_in_its_frame(maps: int, reads: int, side: int, *, shared: bool) -> None:
    found = made(maps, reads, side)
    assert found.kernels is not None
    for channel in range(maps):
        panel = snapshots.kernels(found, channel, shared=shared)[0]
        high, wide = panel["size"]
        top, left, bottom, right = (
            round(share * size) for share, size in zip(panel["mark"], [high, wide] * 2, strict=True)
        )
        area = slice(top, bottom), slice(left, right)
        range_ = range_of(found.kernels if shared else found.kernels[:, channel], signed=True)
        for epoch in range(3):
            drawn = decode(panel["pictures"][epoch])
            assert drawn.shape[:2] == (high, wide)
            pieces = drawn[area]
            for read in range(reads):
                expected = decode(mosaic(found.kernels[epoch, channel, read][None], [range_], [(0, 0)]))
                places = [
                    (y, x)
                    for y in range(pieces.shape[0] - side + 1)
                    for x in range(pieces.shape[1] - side + 1)
                    if np.array_equal(pieces[y : y + side, x : x + side], expected)
                ]
                assert places, "each of its kernels is in the frame"


def test_maps_share_one_scale_over_epochs() -> None:
    found = made()
    panel = snapshots.maps(found, 3, shared=True)[0]
    top, left, bottom, right = panel["mark"]
    high, wide = panel["size"]
    for epoch in range(3):
        drawn = decode(panel["pictures"][epoch])[
            round(top * high) : round(bottom * high), round(left * wide) : round(right * wide)
        ]
        expected, own = (
            decode(mosaic(found.maps[epoch, 3][None], [range_of(values)], [(0, 0)]))
            for values in (found.maps, found.maps[epoch, 3])
        )
        np.testing.assert_array_equal(drawn, expected)
        assert not np.array_equal(drawn, own), "a scale of its own would hide that it grows"
    assert 'class="scale"' in panel["scale"]
    assert "its own scale" in snapshots.maps(found, 3, shared=False)[0]["scale"]


def test_statistics_lines_range_from_minimum_to_maximum() -> None:
    found = made()
    for chart, values in zip(snapshots.frames(found, 2, 1, [])["statistics"], found.statistics.values(), strict=True):
        high, low = (float(end.replace("−", "-")) for end in chart["ends"])
        lines = low + (high - low) * np.asarray(chart["lines"])
        np.testing.assert_allclose(lines, values.T, atol=2e-3)
        assert chart["says"] == [f"{value:z.3f}".replace("-", "−") for value in values[:, 2]]


def test_frames_start_at_the_given_epoch() -> None:
    shown = snapshots.frames(made(), 0, 2, [])
    assert shown["epochs"][shown["at"]] == 2
    assert shown["said"][1].startswith("Epoch 2 of 5: predicts ")


def test_constant_statistics_are_drawn() -> None:
    found = made()
    still = replace(found, statistics={title: np.ones((3, 8), np.float32) for title in STATISTICS})
    (chart, *_) = snapshots.frames(still, 0, 1, [])["statistics"]
    assert {value for line in chart["lines"] for value in line} == {0.0}


def test_say_of_a_block_without_kernels_or_batch_norm() -> None:
    pool = replace(made(), kernels=None)
    assert snapshots.kernels(pool, 0, shared=True) == []
    assert "has no kernel" in snapshots.say(pool, 0, shared=True)
    last = replace(made(), norm="", statistics={})
    assert snapshots.frames(last, 0, 1, [])["statistics"] == []
    assert "No batch norm follows." in snapshots.say(last, 0, shared=True)


def test_say_names_the_epoch_since_which_the_prediction_stays() -> None:
    found = made()
    shares = np.full((3, 10), 0.05, np.float32)
    for epoch, read in enumerate((4, 9, 4)):
        shares[epoch, read] = 0.55
    said = snapshots.say(replace(found, probabilities=shares), 1, shared=True)
    assert "From epoch 5 on, your picture is classified as 4; before that, not always." in said
    assert "goes from 5.0\xa0% to 55.0\xa0%" in said
    always = np.tile(shares[:1], (3, 1))
    assert "After every epoch, your picture is classified as 4." in snapshots.say(
        replace(found, probabilities=always), 1, shared=True
    )


def test_say_names_how_far_kernels_moved() -> None:
    found = made()
    assert found.kernels is not None
    kernels = found.kernels.copy()
    kernels[-1] = 1.5 * kernels[0]
    kernels[-1, 2] = 3 * kernels[0, 2]
    said = snapshots.say(replace(found, kernels=kernels), 2, shared=True)
    assert "the kernel of map 2 by 200\xa0%" in said


def test_columns_have_every_epoch() -> None:
    found = made()
    columns = snapshots.probability_columns(found)
    assert columns["epoch"] == ["1", "2", "5"]
    assert columns["prediction"] == [str(read) for read in found.probabilities.argmax(axis=1)]
    numbers = snapshots.number_columns(found)
    np.testing.assert_allclose(
        [float(value) for value in numbers["probability of 3"]], found.probabilities[:, 3], rtol=1e-5
    )
    running = [float(value) for value in numbers["BatchNorm2d-5 map 6, running mean"]]
    np.testing.assert_allclose(running, found.statistics["running mean"][:, 6], rtol=1e-5)
    assert all(re.fullmatch(r"[^<>]+", name) for name in numbers)
