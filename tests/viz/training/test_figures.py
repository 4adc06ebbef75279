"""Charts and texts of curves, seeds and recipes have the right numbers."""

import csv
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model.networks.assignment import logged_run
from model.training import published, recipe_changes
from model.training.records import CurveBand, PairedTest, RecipeChange, RecipeResult, Spread, Trial
from model.training.seeds import best_epochs, curve_band, spread
from tests import charting, reports
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
    chart = figures.accuracy(every, LOGGED, BAR)
    for name, each in every.items():
        line = charting.named(chart, f"{figures.name_of(name)}, held-out images")
        np.testing.assert_array_equal(line.x, range(1, reports.EPOCHS + 1))
        np.testing.assert_allclose(line.y, 100 * found[f"{name}-search"].held_out.mean(axis=0))
        low, high = charting.edges(chart, f"{figures.name_of(name)}, range of its seeds")
        np.testing.assert_allclose(low, 100 * found[f"{name}-search"].held_out.min(axis=0))
        np.testing.assert_allclose(high, 100 * found[f"{name}-search"].held_out.max(axis=0))
        assert not np.allclose(low, 100 * each.mean)
    logged = charting.named(chart, f"{figures.LOGGED}, test images")
    np.testing.assert_allclose(logged.y, 100 * LOGGED.accuracies)
    np.testing.assert_allclose(charting.named(chart, "the goal, 99.4 %").y, 99.4)
    ours, theirs = (charting.named(chart, f"{figures.name_of(name)}, held-out images") for name in every)
    assert any("Dots: test images" in text for trace in chart.data for text in trace.text or ()), "in the chart itself"
    assert ours.line.color != theirs.line.color == logged.marker.color


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
    assert len(figures.accuracy({}, LOGGED, BAR).data) == 3
    assert len(figures.loss({}, {}, LOGGED).data) == 1
    assert "the assignment's logged run at 0.0186" in figures.say_loss({}, {}, LOGGED)
    assert charting.names(seeds.strip({}, LOGGED, BAR)) == ["the goal, 99.4 %", figures.LOGGED, "the reported epoch"]


def test_loss_chart_equals_the_values(found: dict[str, RecipeResult]) -> None:
    trained, held_out = bands(found, "training_loss"), bands(found, "validation_loss")
    chart = figures.loss(trained, held_out, LOGGED)
    for name in trained:
        result, said = found[f"{name}-search"], figures.name_of(name)
        np.testing.assert_allclose(charting.named(chart, f"{said}, held-out").y, result.validation_loss.mean(axis=0))
        np.testing.assert_allclose(charting.named(chart, f"{said}, training").y, result.training_loss.mean(axis=0))
    np.testing.assert_array_equal(charting.named(chart, figures.LOGGED).y, LOGGED.losses)
    assert chart.layout.yaxis.type == "log"


def test_strip_has_a_dot_for_every_seed(found: dict[str, RecipeResult]) -> None:
    chart = seeds.strip(strip(found), LOGGED, BAR)
    final = {name: found[f"{name}-final"] for name in ("glass", "assignment")}
    values = {figures.name_of(name): each.accuracies for name, each in final.items()}
    values[figures.LOGGED] = LOGGED.accuracies[LOGGED.around]
    areas = [trace for trace in chart.data if trace.type == "bar"]
    for (name, each), area in zip(values.items(), areas, strict=True):
        dots = charting.named(chart, name)
        np.testing.assert_allclose(dots.x, 100 * each)
        assert area.x[0] == pytest.approx(100 * each.mean())
        assert area.width / 2 == pytest.approx(100 * each.std(ddof=1))
        assert area.width / 2 != pytest.approx(100 * each.std())
        assert all(area.base[0] < height < area.base[0] + 1 for height in dots.y), "in its own line"
    for name, result in final.items():
        seed, value = result.seeds[0], figures.share(result.accuracies[0])
        assert charting.named(chart, figures.name_of(name)).customdata[0] == f"seed {seed}: {value}"
    assert charting.named(chart, "the reported epoch").x[0] == pytest.approx(99.41)
    assert charting.named(chart, "the goal, 99.4 %").x == pytest.approx((99.4, 99.4))


def test_strip_stacks_equal_values() -> None:
    values = np.array([0.996, 0.995, 0.996, 0.996])
    dots = charting.named(seeds.strip({"glass": ((1, 2, 3, 4), spread(values))}, LOGGED, BAR), "our recipe")
    first, second, third, fourth = dots.y
    assert first == second < third < fourth


def test_strip_of_one_seed_has_no_deviation() -> None:
    one = {"glass": ((1,), spread(np.array([0.996])))}
    chart = seeds.strip(one, LOGGED, BAR).update_layout(template=None).to_json()
    assert "one seed at the last epoch" in chart
    assert "nan" not in chart.lower()
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
    chart, said = seeds.paired(PAIRED), seeds.say_paired(PAIRED)
    drawn = {bar.x[0]: (bar.y[0], bar.text[0]) for bar in chart.data}
    assert drawn == {"only our recipe": (40, "40"), "only the assignment's recipe": (10, "10")}
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
    chart = parts.part_effects(alone)
    for name, each in (("interval without zero", alone[0]), ("interval contains zero", alone[1])):
        dot = charting.named(chart, name)
        assert dot.x[0] == pytest.approx(100 * each.difference)
        assert dot.x[0] - dot.error_x.arrayminus[0] == pytest.approx(100 * each.low)
        assert dot.x[0] + dot.error_x.array[0] == pytest.approx(100 * each.high)
    (texts,) = (trace for trace in chart.data if trace.mode == "text")
    assert texts.text[0].startswith("choice 0: 2 instead of 1")
    assert charting.named(chart, "interval without zero").y[0] > charting.named(chart, "interval contains zero").y[0]
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
    chart = parts.schedule(every)
    for name, (places, rates) in every.items():
        line = charting.named(chart, figures.name_of(name))
        np.testing.assert_array_equal(line.x, places)
        np.testing.assert_array_equal(line.y, rates)
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
    assert "how dropout draws masks by the gaps between dropped values" in said
    changed_names = replace(trial("a", 0.1), changes=(RecipeChange("<b>", 0, 1),))
    assert any("&lt;b&gt;" in text for trace in parts.part_effects([changed_names]).data for text in trace.text or ())
