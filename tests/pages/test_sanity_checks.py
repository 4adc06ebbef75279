"""The page of the sanity checks in Streamlit's own simulator."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import streamlit as st
from scipy import stats
from streamlit.testing.v1 import AppTest

from model import saliency, trace
from model.images import digits
from model.networks.assignment import weights
from model.saliency import METHODS, attribute
from model.saliency.records import AttributionPlan
from model.sanity_checks import pixel_curves, robustness, weight_dependence
from model.sanity_checks.comparison_quiz import quiz
from model.sanity_checks.comparison_quiz.records import Round
from model.sanity_checks.randomization import cascade, learned_rows, randomized
from model.trace.records import Trace
from tests import charting
from tests.pages.conftest import as_read, assert_works, charts, component, run, said, show, shown
from tests.pictures import assert_painted, decode
from viz import theme
from viz.saliency.controls import plans
from viz.sanity_checks import verdicts
from viz.sanity_checks.controls import CHECKS

PAGE, TITLE = "lie_detector", "Sanity checks"
KEY = "project-4or9"
DIGIT = digits.find(KEY)
X = digits.to_input(DIGIT)
ANSWER = trace.record(weights.load(), X).prediction

BLANK = {"digit": "project-1a", "method": "grad_cam", "cam": "MaxPool2d-10", "explain": "difference"}


@pytest.fixture(scope="module", autouse=True)
def _fresh_caches() -> Iterator[None]:
    """Keep the maps for all tests of this file: what one test computes, another can show."""
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


@pytest.fixture(scope="module")
def opened() -> AppTest:
    return run(PAGE, digit=KEY, method="saliency")


def cards(app: AppTest) -> dict[str, tuple[str, str, str]]:
    """Return the outcome, the word and the number of each card."""
    found = re.findall(r'<li class="(\w+)"><span>([^<]+)</span><b>([^<]+)</b><small>([^<]+)</small>', shown(app))
    return {question: (outcome, word, number) for outcome, question, word, number in found}


def strip(app: AppTest) -> list[str]:
    """Return the rank correlations below the maps of the stages."""
    (drawn,) = re.findall(r'<ol class="check-stages">(.*?)</ol>', shown(app))
    return re.findall(r"<span>([^<]+)</span>", drawn)


def test_one_map_has_all_checks(opened: AppTest) -> None:
    app = show(opened, digit=KEY, method="saliency")
    assert_works(app, TITLE)
    found = attribute(weights.load(), X, ANSWER, "saliency")
    told = cards(app)
    assert len(told) == 6
    assert not [card for card in told.values() if card[0] == "pending"]
    assert told["Does it add up?"][1:] == ("No claim", "a gap is not an error")
    assert not charts(app), "the checks in detail are folded"
    assert not app.subheader
    app = show(opened, digit=KEY, method="saliency", doubt_test="order")
    assert cards(app) == told, "the verdicts do not depend on the check shown"
    curves = pixel_curves.pixel_curves(weights.load(), X, found)
    assert f"under the probability of {ANSWER} is {curves.area(curves.deletion):.3f} in" in said(app)
    assert said(app).count("These results are for this network and this digit") == 1
    drawn = charts(app)
    assert {*drawn} == {"deletion", "insertion"}, "only the charts of this check"
    np.testing.assert_array_equal(charting.named(drawn["deletion"], "the map's order").y, curves.deletion)


@pytest.mark.parametrize(
    ("check", "drawn"),
    [("weights", {"similarity-by-row"}), ("noise", {"map-under-noise"}), ("edges", set()), ("sums", set())],
)
def test_each_check_is_shown_in_detail(opened: AppTest, check: str, drawn: set[str]) -> None:
    app = show(opened, digit=KEY, method="saliency", doubt_test=check)
    assert_works(app, TITLE)
    assert {*charts(app)} == drawn
    assert [each.value for each in app.subheader] == [CHECKS[check].question]


@pytest.mark.slow  # explains 15 networks, and runs all other checks of the page
@pytest.mark.parametrize("seed", ["7"])
def test_stages_are_those_of_the_seed_in_the_address(opened: AppTest, seed: str) -> None:
    app = show(opened, digit=KEY, method="guided_backprop", doubt_seed=seed, doubt_test="weights")
    assert_works(app, TITLE)
    networks = [weights.load(), *(forgetful for _, forgetful in cascade(weights.load(), int(seed)))]
    maps = [attribute(each, X, ANSWER, "guided_backprop").values.ravel() for each in networks]
    ranks = [stats.spearmanr(maps[0], each)[0] for each in maps]
    assert [float(each.replace("−", "-")) for each in strip(app)] == pytest.approx(ranks, abs=6e-3)
    assert f"rows, is {np.mean(ranks[1:]):.2f}. The limit" in said(app)
    assert len(ranks) == len(learned_rows(weights.load())) + 1


def test_cached_checks_are_not_computed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    before = run(PAGE, digit=KEY, method="saliency")
    assert_works(before, TITLE)

    def never(*_arguments: Any, **_more: Any) -> None:
        raise AssertionError("it is in the cache")

    for module, name in (
        (weight_dependence, "compare"),
        (weight_dependence, "weight_dependence"),
        (robustness, "from_changes"),
    ):
        monkeypatch.setattr(module, name, never)
    monkeypatch.setattr(saliency, "attribute", never)
    after = run(PAGE, digit=KEY, method="saliency")
    assert_works(after, TITLE)
    assert shown(after) == shown(before)
    assert run(PAGE, digit=KEY, method="saliency", doubt_seed="4").exception  # that of another seed is not


def test_seed_changes_the_weights_and_is_kept_in_the_address(opened: AppTest) -> None:
    app = show(opened, digit=KEY, method="saliency", doubt_test="weights")
    first = strip(app)
    app.selectbox("widget-doubt_seed").set_value("7").run()
    assert_works(app, TITLE)
    assert app.query_params["doubt_seed"] == "7"
    assert strip(app) != first
    app.selectbox("widget-doubt_seed").set_value("0").run()
    assert strip(app) == first


@pytest.mark.slow  # runs all checks of another map
def test_both_pages_show_the_same_map() -> None:
    link = {"digit": KEY, "method": "lrp", "target": "4", "epsilon": "0.5"}
    one, other = (component(run(page, **link), "value_map") for page in ("saliency", PAGE))
    assert one == other


@pytest.mark.usefixtures("speaking_against")
def test_blank_map_gives_a_sentence() -> None:
    app = run(PAGE, **BLANK, target="9", against="4", relu="1")
    assert_works(app, TITLE)
    assert "no place raises the logit of 9 less that of 4" in said(app)
    assert "nan" not in shown(app) + said(app)
    assert "passes" not in {tone for tone, _, _ in cards(app).values()}


def test_table_of_similarities_can_be_unfolded() -> None:
    app = run(PAGE, digit=KEY, method="saliency", doubt_test="weights")
    assert "Similarity of the maps" not in shown(app)
    app.session_state["randomization_numbers"] = True
    app.run()
    assert_works(app, TITLE)
    table = shown(app).split("Similarity of the maps")[1]
    assert re.findall(r'<th scope="row">[^<]+</th><td>([^<]+)</td>', table) == strip(app)


def lines(app: AppTest) -> dict[str, list[str]]:
    """Return the cells of the table of methods, by method."""
    found = re.findall(r'<tr[^>]*><th scope="row">(?:<a[^>]*>)?([^<]+)(?:</a>)?</th>(.*?)</tr>', shown(app))
    return {name: re.findall(r"<td[^>]*>([^<]*)</td>", cells) for name, cells in found}


@pytest.mark.slow  # runs all checks of two maps
def test_all_methods_are_checked_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    every = plans.for_all_methods
    chosen = ("saliency", "guided_backprop")
    drawn: list[str] = []
    draw = verdicts.table

    def noted(*arguments: Any) -> str:
        drawn.append(draw(*arguments))
        return drawn[-1]

    def few(plan: AttributionPlan, of: Trace) -> dict[str, AttributionPlan]:
        return {name: each for name, each in every(plan, of).items() if name in chosen}

    monkeypatch.setattr(plans, "for_all_methods", few)
    monkeypatch.setattr(verdicts, "table", noted)
    app = run(PAGE, digit=KEY, doubt_view="all")
    assert_works(app, TITLE)
    assert not lines(app)
    (start,) = (button for button in app.button if button.label == "Check all methods")
    start.click().run()
    assert_works(app, TITLE)
    assert app.query_params["doubt_all"] == "yes"
    table = lines(app)
    assert list(table) == [method.title for method in METHODS.values()]
    assert [name for name, cells in table.items() if "…" not in cells] == ["Saliency", "Guided backprop"]
    linked = [re.findall(r"<a[^>]*>([^<]+)</a>", each) for each in drawn]
    assert linked == [[], ["Saliency"], ["Saliency", "Guided backprop"]], "each line has its link as soon as it is done"
    for name in chosen:
        one = cards(run(PAGE, digit=KEY, method=name))
        cells = table[METHODS[name].title]
        gap = attribute(weights.load(), X, ANSWER, name).gap
        assert cells[0] == f"no claim: {gap * 100:,.1f}\xa0%"
        assert one["Does it depend on the weights?"][1].lower() == cells[2]
        assert one["Is it more than edges?"][2] == f"correlation {cells[3]}, limit {0.5**0.5:.2f}"
        assert one["Is its order better than chance?"][2] == f"deletion {cells[4]}, insertion {cells[5]}"
        assert one["Is it stable?"][2] == f"changes by {cells[6]}"
        assert one["Does it predict the score?"][2] == f"{cells[7]} predicted"


def pair(app: AppTest) -> list[str]:
    """Return the pictures of a round: left, digit, right."""
    (drawn,) = re.findall(r'<div class="quiz-round">(.*?)</div>', shown(app))
    return re.findall(r'src="([^"]+)"', drawn)


@pytest.mark.parametrize("number", [1, 3, 4])
def test_round_shows_the_maps_of_both_networks(opened: AppTest, number: int) -> None:
    dealt = quiz.round_of(number)
    app = show(opened, digit=KEY, doubt_view="round", round=str(number))
    assert_works(app, TITLE)
    left, digit, right = map(decode, pair(app))
    np.testing.assert_array_equal(digit[..., 0], dealt.digit.pixels)
    x = digits.to_input(dealt.digit)
    target = trace.record(weights.load(), x).prediction
    trained, forgetful = (
        attribute(each, x, target, dealt.method).values
        for each in (weights.load(), randomized(weights.load(), dealt.seed))
    )
    expected = (forgetful, trained) if dealt.randomized == "left" else (trained, forgetful)
    for picture, values in zip((left, right), expected, strict=True):
        assert_painted(picture, values, -np.abs(values).max(), np.abs(values).max(), theme.DIVERGING)


def test_round_does_not_reveal_the_side(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the sides exchanged, only the places of the pictures may change."""
    app = run(PAGE, digit=KEY, doubt_view="round")
    before, pictures = sent(app), pair(app)
    deal = quiz.round_of

    def turned(number: int, *given: Any) -> Round:
        each = deal(number, *given)
        return replace(each, randomized="left" if each.randomized == "right" else "right")

    monkeypatch.setattr(quiz, "round_of", turned)
    other = run(PAGE, digit=KEY, doubt_view="round")
    assert pair(other) == pictures[::-1]
    assert sent(other) == before
    assert METHODS[deal(1).method].title not in before


def sent(app: AppTest) -> str:
    """Return everything that the page shows except pictures."""
    buttons = "".join(f"{each.label} {each.disabled} {each.proto.id} {each.proto.help}" for each in app.button)
    return re.sub(r'src="[^"]+"', "", said(app).partition("Check guided")[0] + shown(app)) + buttons


def press(app: AppTest, label: str) -> AppTest:
    (button,) = (each for each in app.button if each.label == label)
    assert not button.disabled
    return button.click().run()


@pytest.mark.slow  # computes the maps of three rounds
def test_score_is_kept_in_the_address() -> None:
    app = run(PAGE, digit=KEY, doubt_view="round")
    right = 0
    for number in (1, 2, 3):
        guess = "left" if number != 2 else "right"
        press(app, f"{guess.capitalize()} is random")
        assert_works(app, TITLE)
        right += quiz.round_of(number).randomized == guess
        assert f"Score: {right} of {number}" in said(app)
        assert METHODS[quiz.round_of(number).method].title in said(app)
        assert ("**Correct" in said(app)) == (quiz.round_of(number).randomized == guess)
        assert all(each.disabled for each in app.button if "is random" in each.label), "a round has one answer"
        if number < 3:
            press(app, "Next round")
    assert app.query_params["rounds"] == "1l.2r.3l"
    again = run(PAGE, digit=KEY, doubt_view="round", rounds="1l.2r.3l", round="3")
    assert sent(again) == sent(app)
    press(again, "Clear the score")
    assert "rounds" not in again.query_params
    assert "No round is answered yet" in said(again)


def test_two_keys_at_once_both_count() -> None:
    app = run(PAGE, digit=KEY, doubt_view="round")
    for label in ("Left is random", "Next round"):
        next(each for each in app.button if each.label == label).click()
    app.run()
    assert_works(app, TITLE)
    assert app.query_params["rounds"] == "1l"
    assert "**Round 2.**" in said(app)


def test_second_guess_of_a_round_does_not_count() -> None:
    """Of two keys at once; later on Streamlit itself leaves out what a disabled button sends."""
    app = run(PAGE, digit=KEY, doubt_view="round")
    for button in app.button:
        if button.label in {"Left is random", "Right is random"}:
            button.click()
    app.run()
    assert_works(app, TITLE)
    assert app.query_params["rounds"] == "1l"


def test_round_says_that_it_has_its_own_digit(opened: AppTest) -> None:
    app = show(opened, digit=KEY, doubt_view="round")
    assert "Each round has its own digit; the digit in the sidebar is not used here." in said(app)


@pytest.mark.slow  # runs all checks of another map
def test_answer_links_to_the_checks_of_the_same_map() -> None:
    dealt = quiz.round_of(1)
    app = run(PAGE, digit=KEY, doubt_view="round", rounds="1l", baseline="noise", explain="difference", steps="50")
    (address,) = re.findall(r'href="lie_detector\?([^"]+)"[^>]*>Check this map', shown(app))
    link = dict(part.split("=") for part in address.split("&amp;") if not part.startswith(("rounds", "round=")))
    assert (link["digit"], link["method"], link["doubt_seed"]) == (dealt.digit.key, dealt.method, str(dealt.seed))
    assert not {"doubt_view", "baseline", "explain", "steps"} & link.keys()
    one = run(PAGE, **link)
    assert_works(one, TITLE)
    (mean,) = re.findall(r"for this picture is ([−\d.]+) \(limit", said(app))
    assert f"rows, is {mean}. The limit" in said(one)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("doubt_view", "two"),
        ("doubt_seed", "100"),
        ("doubt_seed", "-1"),
        ("method", "guess"),
        ("round", "0"),
        ("round", "100"),
        ("rounds", "1z"),
        ("rounds", "1l.1r"),
        ("rounds", "<script>"),
    ],
)
def test_invalid_address_gives_a_sentence_and_the_default(opened: AppTest, name: str, value: str) -> None:
    view = {"doubt_view": "round"} if name in {"round", "rounds"} else {"method": "saliency"}
    app = show(opened, **{"digit": KEY, **view, name: value})
    assert not app.exception
    (warning,) = (as_read(each.value) for each in app.warning)
    assert f"'{value}'" in warning
    assert warning.endswith(".")
    assert "<script>" not in shown(app)


def test_checks_of_a_large_network_are_shorter_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("viz.app.shared.is_small", lambda _network: False)
    monkeypatch.setattr("viz.sanity_checks.cache.is_small", lambda _network: False)
    app = run(PAGE, digit=KEY, doubt_test="order")
    assert app.selectbox("widget-method").value == "input_x_gradient"
    assert "Each curve has 7 steps." in said(app)
    assert "is subtracted from the picture 16 times" in said(run(PAGE, digit=KEY, doubt_test="noise"))
    monkeypatch.undo()
    assert plans.default_method() == "deep_lift"
