import csv
import io
import re
from dataclasses import replace

import pytest
import torch
from torch import nn

from model import trace
from model.batch_norm import folding
from model.batch_norm.normalisation import normalisation
from model.batch_norm.records import Fold, FoldComparison, FoldErrors
from model.images import digits
from model.networks.assignment import weights
from model.trace.records import Trace
from viz.batch_norm import folding as figures
from viz.pictures import words


@pytest.fixture(scope="module")
def three() -> Trace:
    return trace.record(weights.load(), digits.to_input(digits.find("project-3a")))


@pytest.fixture(scope="module")
def found() -> FoldComparison:
    return folding.compare(weights.load(), torch.cat([digits.to_input(sample) for sample in digits.samples()]))


def numbers(text: str) -> list[float]:
    return [float(number.replace("−", "-")) for number in re.findall(r"−?\d+\.\d+", text)]


def test_table_has_a_line_for_each_batch_norm(found: FoldComparison) -> None:
    html = figures.table(found, "BatchNorm2d-8")
    assert html.count('scope="row"') == len(found.folds) == 7
    assert html.count('aria-current="true"') == 1
    for fold in found.folds.values():
        assert fold.name in html
        assert (fold.into or fold.obstacle) in html
    said = figures.say_table(found)
    assert f"the same class for {found.same_predictions} of 53 digits" in said
    assert f"{found.folded_parameters:,} parameters, the original 10,066." in said
    assert "more than" not in said
    assert "more than the limit of 1e−5" in figures.say_table(replace(found, difference=2e-5))


@pytest.mark.parametrize("name", ["BatchNorm2d-2", "BatchNorm2d-5", "BatchNorm2d-14", "BatchNorm2d-17"])
def test_worked_arithmetic_gives_the_folded_weight(found: FoldComparison, three: Trace, name: str) -> None:
    fold, normal = found.folds[name], normalisation(three, name, 1)
    html = figures.worked(fold, normal)
    lines = re.findall(r"<dd>(.*?)</dd>", html)
    gain, offset, weight, bias = (numbers(line) for line in lines)
    assert gain[0] / gain[1] == pytest.approx(gain[2], rel=2e-3, abs=1e-3)
    assert offset[0] - offset[1] * offset[2] == pytest.approx(offset[3], abs=1e-2)
    assert weight[0] * weight[1] == pytest.approx(weight[2], abs=2e-3)
    assert bias[0] + bias[1] == pytest.approx(bias[2], abs=2e-3)
    assert weight[2] == pytest.approx(float(fold.folded_weight[0, 1, 0, 0]), abs=1e-3)
    assert bias[2] == pytest.approx(float(fold.folded_bias[0]), abs=1e-3)
    assert bias[1] == pytest.approx((fold.weight[0].sum(axis=(1, 2)) * fold.offset).sum(), abs=1e-2)


def test_say_path_names_the_steps_between_and_obstacles_are_escaped(found: FoldComparison, three: Trace) -> None:
    across = found.folds["BatchNorm2d-8"]
    if across.into:
        assert "MaxPool2d-10: the largest value stays the largest" in figures.say_path(across)
        assert "with BatchNorm2d-11" in figures.worked(across, normalisation(three, across.name, 0))
    assert "AvgPool2d-22: the mean of" in figures.say_path(found.folds["BatchNorm2d-20"])
    kept: Fold = replace(across, into=None, obstacle="a < b")
    assert "a &lt; b" in figures.worked(kept, normalisation(three, across.name, 0))
    assert "cannot be folded exactly: a < b" in figures.say_path(kept)
    assert "not folded: a &lt; b" in figures.table(replace(found, folds={across.name: kept}), "")


@pytest.mark.parametrize(
    ("inside", "edge", "answer"), [(1e-6, 3.0, "inside"), (1e-6, 1e-6, "everywhere"), (1.0, 3.0, "nowhere")]
)
def test_outcome_is_the_measured_answer(inside: float, edge: float, answer: str, found: FoldComparison) -> None:
    errors = FoldErrors(1.5e-6, inside, edge, 2.25)
    assert figures.outcome(errors) == answer
    assert answer in figures.ANSWERS
    fold = found.folds["BatchNorm2d-2"]
    assert "differ by 1.5e−6" in figures.say_padding(fold, errors)
    assert "2.250" in figures.say_dropout(fold, errors)


def test_table_csv_holds_every_gain_and_offset(found: FoldComparison) -> None:
    _, *rows = csv.reader(io.StringIO(figures.table_csv(found)))
    assert len(rows) == sum(len(fold.gain) for fold in found.folds.values()) == 112
    for name, _, into, channel, gain, offset in rows:
        fold = found.folds[name]
        assert into == (fold.into or "")
        assert float(gain) == pytest.approx(fold.gain[int(channel)], rel=1e-6)
        assert float(offset) == pytest.approx(fold.offset[int(channel)], rel=1e-6)


def test_fold_into_the_convolution_before_is_worked_out_with_its_own_weight() -> None:
    torch.manual_seed(1)
    convolution, norm = nn.Conv2d(1, 3, 3, padding=1), nn.BatchNorm2d(3)
    made = nn.Sequential(convolution, norm).eval()
    nn.init.uniform_(norm.weight)
    assert norm.running_mean is not None
    norm.running_mean.normal_()
    fold = folding.fold(made, "1")
    normal = normalisation(trace.record(made, torch.rand(1, 1, 5, 5)), "1", 2)
    html = figures.worked(fold, normal)
    fused = torch.nn.utils.fuse_conv_bn_eval(convolution, norm)
    assert fused.bias is not None
    assert f" = {words.number(float(fused.weight[2, 0, 0, 0].detach()))}</dd>" in html
    assert f" = {words.number(float(fused.bias[2].detach()))}</dd>" in html
    assert f" = {words.number(float(fused.weight[0, 0, 0, 0].detach()))}</dd>" not in html
    assert "1 gets the outputs of 0" in figures.say_path(fold)
