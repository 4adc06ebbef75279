"""Figures of heads other than means of maps, with numbers worked out by hand."""

import csv
import io

import numpy as np

from model.head.logits import scaled_softmax
from model.head.records import Head, ScaledSoftmax
from viz.head import contributions, figures, softmax

MAPS = np.arange(8, dtype=np.float64).reshape(2, 2, 2)
WEIGHTS = np.stack([np.ones((2, 2, 2)), np.full((2, 2, 2), -0.5)])
# Class "cat": 0 + ... + 7 = 28, with the bias of 1 it is 29; class "dog": -14 + 2 = -12.
FLAT = Head(
    "pool", "", "fc", MAPS, WEIGHTS, np.array([1.0, 2.0]), np.array([29.0, -12.0], np.float32), ("fc",), ("cat", "dog")
)
UNITS = Head(
    "relu",
    "",
    "fc",
    np.arange(50.0)[:, None, None],
    np.ones((2, 50)),
    np.zeros(2),
    np.array([1225.0, 1225.0], np.float32),
)


def link(number: int) -> str:
    return f"head?pooled={number}"


def test_a_class_map_of_a_flattened_head_is_summed() -> None:
    said = figures.say_class_map(FLAT, 0, None)
    assert "Class cat: the sum of the 4 units is 28.000; with the bias of 1.000 the sum is 29.000" in said
    assert "Grad-CAM, which gives each map one weight, is not this map" in said
    drawn = figures.stage(FLAT, 1, None, np.zeros((8, 8), np.uint8))
    assert "<dd>−14.000</dd><dd>sum of 4 units</dd>" in drawn
    assert drawn.count("<img") == 1, "without a single window nothing lies below the map"


def test_contributions_of_a_flattened_head_have_no_mean() -> None:
    table = contributions.contributions(FLAT, 0, 0, link)
    assert "mean" not in table
    assert "sum of products" in table
    assert "logit of cat" in table
    lines = list(csv.reader(io.StringIO(contributions.contributions_csv(FLAT))))
    assert lines[0] == ["class", "map", "contribution"]
    assert [float(line[-1]) for line in lines[1:5]] == [6, 22, 1, 29]  # 0 + 1 + 2 + 3, 4 + ... + 7, bias, logit
    assert "of 4 values and weights = <b>6.000</b>" in contributions.average(FLAT, 0, 0)


def test_of_many_units_the_largest_are_shown_and_the_others_summed() -> None:
    table = contributions.contributions(UNITS, 0, 49, link)
    assert table.count("<a href") == 40
    assert "the other 10 together</th><td>45.000" in table  # 0 + ... + 9


def test_of_many_classes_the_softmax_table_has_ten_and_the_rest_as_a_sum() -> None:
    soft: ScaledSoftmax = scaled_softmax(np.zeros(200), 1.0)
    names = [f"class {k}" for k in range(200)]
    table = softmax.table(soft, names, 0)
    assert table.count('scope="row">class ') == 10
    assert "the other 190 classes together</th><td>190.000" in table
    assert len(list(csv.reader(io.StringIO(softmax.as_csv(soft, names))))) == 201


def test_one_class_that_is_left_out_is_singular() -> None:
    soft: ScaledSoftmax = scaled_softmax(np.zeros(11), 1.0)
    drawn = softmax.table(soft, [str(k) for k in range(11)], 0)
    assert ">the other class</th>" in drawn
