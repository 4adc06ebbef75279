"""The published numbers: docs/training.md and card agree, and the card agrees with every seed's mistakes."""

import json
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from model.networks.assignment import weights
from model.training import document, published
from tests.scoring import DISPUTED, wrong

CARD = weights.read_card()
RECIPES = ("glass", "assignment")


def right(recipe: str) -> dict[int, NDArray[np.bool_]]:
    """Return which test images each seed classifies correctly, from the file of the report alone."""
    found: dict[str, Any] = json.loads((published.FOLDER / f"{recipe}-final.json").read_text(encoding="utf-8"))
    missed = {each["seed"]: [int(index) for index in each["mistakes"]] for each in found["results"]}
    return {seed: ~np.isin(np.arange(10_000), each) for seed, each in missed.items()}


def test_document_has_the_numbers_of_the_card() -> None:
    assert document.filled(document.DOCUMENT, CARD) == document.DOCUMENT.read_text(encoding="utf-8")


@pytest.mark.parametrize("recipe", RECIPES)
def test_card_equals_the_mistakes_in_the_reports(recipe: str) -> None:
    said, seeds = CARD["seeds"][recipe], right(recipe)
    undisputed = ~np.isin(np.arange(10_000), DISPUTED)
    for name, counted in (("test_accuracy", slice(None)), ("without_disputed_labels", undisputed)):
        values = [float(each[counted].mean()) for each in seeds.values()]
        assert [*said[name]["values"]] == [str(seed) for seed in seeds]
        assert [*said[name]["values"].values()] == pytest.approx(values, abs=1e-6)
        assert said[name]["n"] == len(values) >= 10
        assert said[name]["mean"] == pytest.approx(np.mean(values), abs=1e-6)
        assert said[name]["standard_deviation"] == pytest.approx(np.std(values, ddof=1), abs=1e-6)
    correct = sorted(int(each.sum()) for each in seeds.values())
    assert int(seeds[said["median_seed"]].sum()) == correct[(len(correct) - 1) // 2], "the lower of two in the middle"


def test_weights_make_the_mistakes_of_the_median_seed() -> None:
    assert CARD["seed"] == CARD["seeds"]["glass"]["median_seed"]
    assert sorted(wrong()) == np.flatnonzero(~right("glass")[CARD["seed"]]).tolist()
    assert CARD["test_accuracy"] == CARD["seeds"]["glass"]["test_accuracy"]["values"][str(CARD["seed"])]


def test_card_has_the_paired_tests_of_these_seeds() -> None:
    ours, theirs = map(right, RECIPES)
    between = CARD["seeds"]["difference"]
    means = [float(np.mean([*each.values()])) for each in (ours, theirs)]
    assert between["difference"] == pytest.approx(means[0] - means[1])
    assert between["low"] < between["difference"] < between["high"]
    one, other = (each[CARD["seeds"][name]["median_seed"]] for name, each in zip(RECIPES, (ours, theirs), strict=True))
    alone = int((one & ~other).sum()), int((other & ~one).sum())
    p = stats.binomtest(alone[0], sum(alone)).pvalue
    assert CARD["seeds"]["mcnemar_of_the_median_seeds"] == pytest.approx(p)
