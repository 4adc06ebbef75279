"""Charts and texts of curves, seeds and recipes have the right numbers."""

import csv
import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model.networks.assignment import logged_run
from model.training import published, recipe_changes
from model.training.records import CurveBand, PairedTest, RecipeChange, RecipeResult, Spread, Trial
from model.training.seeds import best_epochs, curve_band, spread
from tests import curve, reports
from viz.pictures.swatches import columns_as_csv
from viz.training import figures, seeds
from viz.training import recipes as parts

LOGGED = logged_run.logged_run()
BAR = logged_run.REQUIRED_ACCURACY


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, RecipeResult]:
    folder: Path = tmp_path_factory.mktemp("results")
    reports.write_all(folder, seeds=6)
    return {name: published.read(name, folder) for name in (*reports.FINAL, *reports.SEARCH)}


def bands(found: dict[str, RecipeResult], what: str) -> dict[str, CurveBand]:
    return {name: curve_band(getattr(found[f"{name}-search"], what)) for name in ("glass", "assignment")}


def strip(found: dict[str, RecipeResult]) -> dict[str, tuple[tuple[int, ...], Spread]]:
    return {
        name: (found[f"{name}-final"].seeds, spread(found[f"{name}-final"].accuracies))
        for name in ("glass", "assignment")
    }


def test_accuracy_chart_equals_the_values(found: dict[str, RecipeResult]) -> None:
    every = bands(found, "held_out")
    html = figures.accuracy(every, LOGGED, BAR)
    up, across = curve.scales(html)
    first, second, bar, ours, theirs, logged = curve.lines(html)
    for line, each in ((ours, every["glass"]), (theirs, every["assignment"])):
        np.testing.assert_allclose(up(line.y), 100 * each.mean, atol=curve.near(up))
        np.testing.assert_allclose(across(line.x), range(1, reports.EPOCHS + 1), atol=curve.near(across))
    for area, each in ((first, every["glass"]), (second, every["assignment"])):
        around = 100 * np.concatenate([each.high, each.low[::-1]])
        np.testing.assert_allclose(np.sort(up(area.y)), np.sort(around), atol=curve.near(up))
    np.testing.assert_allclose(up(logged.y), 100 * LOGGED.accuracies, atol=curve.near(up))
    np.testing.assert_allclose(up(bar.y), 100 * BAR, atol=curve.near(up))
    assert ours.paint["stroke"] != theirs.paint["stroke"] == logged.paint["stroke"]
    said = curve.pointed_at(html)
    assert len(said) == reports.EPOCHS
    assert f"{100 * LOGGED.accuracies[16]:.3f}" in said[16]
    assert figures.LOGGED not in said[17], "it had stopped by then"


def test_say_accuracy_has_the_numbers_of_the_chart(found: dict[str, RecipeResult]) -> None:
    every = bands(found, "held_out")
    said = figures.say_accuracy(every, LOGGED, BAR)
    for each in every.values():
        assert figures.share(float(each.mean[-1])) in said
    assert "99.41\xa0% after epoch 17. This was the first epoch above 99.40\xa0%" in said
    assert "are below the chart" in said
    high = {"glass": CurveBand(*[np.full(3, 0.99)] * 3)}
    assert "below" not in figures.say_accuracy(high, LOGGED, BAR)


def test_accuracy_chart_without_results_has_the_logged_run() -> None:
    assert len(curve.lines(figures.accuracy({}, LOGGED, BAR))) == 2
    assert len(curve.lines(figures.loss({}, {}, LOGGED))) == 1
    assert "the assignment's logged run at 0.0186" in figures.say_loss({}, {}, LOGGED)
    assert seeds.strip({}, LOGGED, BAR).count("seed-line") == 1


def test_loss_chart_equals_the_values(found: dict[str, RecipeResult]) -> None:
    trained, held_out = bands(found, "training_loss"), bands(found, "validation_loss")
    html = figures.loss(trained, held_out, LOGGED)
    ticks = re.findall(r'<span class="beside" style="--y: ([\d.]+)">([\d.]+)<', html)
    slope, start = np.polyfit([float(y) / 100 for y, _ in ticks], np.log([float(text) for _, text in ticks]), 1)
    every = [held_out["glass"], held_out["assignment"], trained["glass"], trained["assignment"]]
    lines = curve.lines(html)
    for line, each in zip(lines, every, strict=False):
        np.testing.assert_allclose(np.exp(start + slope * line.y), each.mean, rtol=0.01)
        assert not np.allclose(start + slope * line.y, each.mean, rtol=0.01), "the axis is one of factors"
    np.testing.assert_allclose(np.exp(start + slope * lines[-1].y), LOGGED.losses, rtol=0.01)


def test_strip_has_a_dot_for_every_seed(found: dict[str, RecipeResult]) -> None:
    lines = strip(found)
    html = seeds.strip(lines, LOGGED, BAR)
    ticks = re.findall(r'<span style="--at: ([\d.]+)">([\d.]+)</span>', html)
    slope, start = np.polyfit([float(at) for at, _ in ticks], [float(text) for _, text in ticks], 1)
    drawn = re.split(r'<div class="seed-line"', html)[1:]
    values = [each.values for _, each in lines.values()] + [LOGGED.accuracies[LOGGED.around]]
    for part, each in zip(drawn, values, strict=True):
        places = [float(at) for at in re.findall(r'<u style="--at: ([\d.]+);', part)]
        np.testing.assert_allclose(start + slope * np.asarray(places), 100 * each, atol=0.001)
        mean = float(re.findall(r'<i style="--at: ([\d.]+)"', part)[0])
        assert start + slope * mean == pytest.approx(100 * each.mean(), abs=0.001)
        left, right = map(float, re.findall(r'<b style="--at: ([\d.]+); --to: ([\d.]+)"', part)[0])
        assert (right - left) / 2 * slope == pytest.approx(100 * each.std(ddof=1), abs=0.001)
        assert (right - left) / 2 * slope != pytest.approx(100 * each.std(), abs=0.001)
    (peak,) = re.findall(r'<em style="--at: ([\d.]+)"', html)
    assert start + slope * float(peak) == pytest.approx(99.41, abs=0.001)
    (bar,) = re.findall(r'class="seed-strip" style="--bar: ([\d.]+)"', html)
    assert start + slope * float(bar) == pytest.approx(99.4, abs=0.001)


def test_strip_stacks_equal_values() -> None:
    values = np.array([0.996, 0.995, 0.996, 0.996])
    html = seeds.strip({"glass": ((1, 2, 3, 4), spread(values))}, LOGGED, BAR)
    first = re.split(r'<div class="seed-line"', html)[1]
    assert re.findall(r"--up: (\d)", first) == ["0", "0", "1", "2"]


def test_strip_of_one_seed_has_no_deviation() -> None:
    one = {"glass": ((1,), spread(np.array([0.996])))}
    html = seeds.strip(one, LOGGED, BAR)
    assert "one seed at the last epoch" in html
    assert "nan" not in html
    assert "standard deviation unknown" in seeds.say_strip(one, BAR)


def test_say_peak_compares_the_peak_with_the_epochs_before() -> None:
    said = figures.say_peak(LOGGED, spread(LOGGED.accuracies[LOGGED.around]))
    assert "**99.26\xa0%**" in said
    assert "Epochs 11 to 16" in said
    assert "0.15 points above them: the best of 17 evaluations" in said


def test_best_epochs_of_each_seed(found: dict[str, RecipeResult]) -> None:
    study = found["glass-search"]
    chosen = best_epochs(study.held_out)
    assert figures.points(chosen.gain) in figures.say_best_epochs({"glass": chosen})
    columns = figures.best_epoch_columns({"glass": (study.seeds, chosen)})
    assert columns["best epoch"] == [str(curve.argmax() + 1) for curve in study.held_out]
    assert columns["seed"] == [str(seed) for seed in study.seeds]


def test_curve_columns_have_every_curve(found: dict[str, RecipeResult]) -> None:
    searched = [found[name] for name in reports.SEARCH]
    lines = [*csv.DictReader(io.StringIO(columns_as_csv(figures.curve_columns(searched, LOGGED, "accuracy"))))]
    assert len(lines) == reports.EPOCHS
    for study in searched:
        for seed, values in zip(study.seeds, study.held_out, strict=True):
            column = [float(line[f"{study.name} seed {seed}, held-out accuracy"]) for line in lines]
            np.testing.assert_allclose(column, values, rtol=1e-5)
    assert [line["logged run, test accuracy"] for line in lines][17] == ""
    losses = figures.curve_columns(searched, LOGGED, "loss")
    assert losses["logged run, test loss"][16:18] == ["0.0186", ""]
    assert not any("accuracy" in name for name in losses)


PAIRED = PairedTest(("glass", "assignment"), (10, 9), 10_000, 0.0035, 0.002, 0.005, 0.0002, (3, 4), (40, 10), 0.00002)


def test_paired_test_chart_and_text() -> None:
    html, said = seeds.paired(PAIRED), seeds.say_paired(PAIRED)
    assert re.findall(r"--share: ([\d.]+)", html) == ["1.0000", "0.2500"]
    for number in ("+0.350\xa0points", "+0.200\xa0points to +0.500\xa0points", "p = 0.0002", "p = 2e-05", "10 and 9"):
        assert number in said
    assert "is above zero" in said
    assert seeds.paired_columns(PAIRED)["found"][1] == "40 against 10 images"


def test_disputed_columns_with_and_without_the_labels(found: dict[str, RecipeResult]) -> None:
    final = [found[name] for name in reports.FINAL]
    spreads = {each.name: (spread(each.accuracies), spread(each.undisputed)) for each in final}
    columns = seeds.disputed_columns(final, spreads)
    for place, study in enumerate(final):
        assert columns["all images"][place].startswith(figures.share(float(study.accuracies.mean())))
        assert columns["without the disputed"][place].startswith(figures.share(float(study.undisputed.mean())))
    assert "15 test images" in seeds.say_disputed(15)
    assert len(seeds.value_columns(final)["seed"]) == sum(len(study.seeds) for study in final)


def trial(key: str, difference: float, *, wide: float = 0.001, changes: int = 1) -> Trial:
    altered = tuple(RecipeChange(f"choice_{n}", 1, 2) for n in range(changes))
    accuracies, losses = np.array([0.995 + difference] * 2), np.array([0.02, 0.03])
    return Trial(key, altered, accuracies, losses, difference, difference - wide, difference + wide)


TRIALS = (trial("b", 0.0005), trial("a", -0.003), trial("many", -0.01, changes=2), trial("none", 0.0, changes=0))


def test_parts_are_trials_with_one_change_and_largest_loss_first(found: dict[str, RecipeResult]) -> None:
    alone = parts.parts(TRIALS)
    assert [each.key for each in alone] == ["a", "b"]
    html = parts.part_effects(alone)
    zero = float(re.findall(r"--zero: ([\d.]+)", html)[0])
    dots = [float(at) for at in re.findall(r'<u style="--at: ([\d.]+)"', html)]
    ends = [tuple(map(float, pair)) for pair in re.findall(r'<b style="--at: ([\d.]+); --to: ([\d.]+)"', html)]
    shares = [each.difference for each in alone]
    scale = (dots[1] - dots[0]) / (shares[1] - shares[0])
    assert dots[0] - zero == pytest.approx(scale * shares[0], abs=0.02)
    assert [end - start for start, end in ends] == pytest.approx([scale * 0.002] * 2, abs=0.02)
    assert re.findall(r"<li( class=apart)?>", html) == [" class=apart", ""]
    said = parts.say_part_effects(alone, found["glass-search"])
    assert "5,000 held-out images" in said
    assert "Here these do not: choice 0: 2 instead of 1 (−0.300\xa0points)." in said
    assert "Here all contain zero." in parts.say_part_effects(alone[1:], found["glass-search"])


def test_say_part_effects_states_the_number_of_seeds(found: dict[str, RecipeResult]) -> None:
    base = found["glass-search"]
    assert f"n = {len(base.seeds)} seeds of our recipe and 2 or more of the others" in parts.say_part_effects(
        TRIALS, base
    )
    once = replace(TRIALS[0], accuracies=np.array([0.9955]))
    lonely = replace(base, right=base.right[:1])
    for trials, own in (([*TRIALS, once], base), (TRIALS, lonely)):
        said = parts.say_part_effects(trials, own)
        assert "have one seed (n = 1;" in said
        assert "nor show that a part has no effect" in said


def test_trial_columns_have_every_trial_best_first(found: dict[str, RecipeResult]) -> None:
    columns = parts.trial_columns(TRIALS, found["glass-search"])
    assert columns["trial"] == ["our recipe", "b", "none", "a", "many"]
    assert columns["changes"][2] == "the recipe itself"
    assert columns["held-out loss"][1] == "0.0250"
    assert {len(each) for each in columns.values()} == {5}
    assert 'class="wordy-table wide"' in parts.text_table(columns, "log")


def test_schedule_chart_equals_the_rates() -> None:
    every = {name: recipe_changes.rates(name, 60_000) for name in ("glass", "assignment")}
    html = parts.schedule(every)
    up, across = curve.scales(html)
    for line, (places, rates) in zip(curve.lines(html), every.values(), strict=True):
        np.testing.assert_allclose(up(line.y), rates, atol=curve.near(up))
        np.testing.assert_allclose(across(line.x), places, atol=curve.near(across))
    said = parts.say_schedule(every)
    for name, (_, rates) in every.items():
        assert (f"{figures.name_of(name).capitalize()} keeps" in said) == (len({*rates.tolist()}) == 1)


def test_choice_columns_have_every_choice_and_an_unknown_one() -> None:
    changed = recipe_changes.changes(recipe_changes.choices("assignment"), recipe_changes.choices("glass"))
    columns = parts.choice_columns((*changed, RecipeChange("tutors", 0, 3)))
    assert columns["choice"][-1] == "tutors"
    assert columns["the assignment"][-1] == "0"
    assert columns["purpose"][-1] == ""
    same = parts.say_same(recipe_changes.choices("glass"), changed)
    said = same.partition("the network, ")[2].split(", ")
    assert not any(each.startswith(f"{parts.title(other.choice)} ") for each in said for other in changed)
    assert "how dropout draws masks gaps" in said
    assert "<script>" not in parts.part_effects([trial("<script>", 0.1)])
