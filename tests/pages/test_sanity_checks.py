"""The lie detector's page in Streamlit's own simulator."""

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats
from streamlit.testing.v1 import AppTest

from model import saliency, trace
from model.images import digits
from model.networks.assignment import weights
from model.saliency import METHODS, attribute
from model.saliency.records import AttributionPlan
from model.sanity_checks import evidence, pixel_curves, robustness
from model.sanity_checks.comparison_quiz import pairs
from model.sanity_checks.comparison_quiz.records import Round
from model.sanity_checks.randomization import cascade, learned_rows, untrained
from tests import charting
from tests.pages.conftest import as_read, assert_works, charts, component, run, said, shown
from tests.pictures import assert_painted, decode
from viz import theme
from viz.saliency import controls
from viz.sanity_checks import verdicts
from viz.sanity_checks.controls import TESTS

PAGE, TITLE = "lie_detector", "Lie detector"
KEY = "project-4or9"
DIGIT = digits.find(KEY)
X = digits.to_input(DIGIT)
ANSWER = trace.record(weights.load(), X).prediction

BLANK = {"digit": "project-1a", "method": "grad_cam", "cam": "MaxPool2d-10", "explain": "difference"}


def cards(app: AppTest) -> dict[str, tuple[str, str, str]]:
    """Return what each card says: its tone, its word, its number."""
    found = re.findall(r'<li class="(\w+)"><span>([^<]+)</span><b>([^<]+)</b><small>([^<]+)</small>', shown(app))
    return {question: (tone, word, number) for tone, question, word, number in found}


def strip(app: AppTest) -> list[str]:
    """Return the rank correlations beneath the maps of a network that forgets."""
    (drawn,) = re.findall(r'<ol class="doubt-strip">(.*?)</ol>', shown(app))
    return re.findall(r"<span>([^<]+)</span>", drawn)


def test_one_map_is_put_to_every_test() -> None:
    app = run(PAGE, digit=KEY, method="saliency")
    assert_works(app, TITLE)
    found = attribute(weights.load(), X, ANSWER, "saliency")
    told = cards(app)
    assert len(told) == 6
    assert not [card for card in told.values() if card[0] == "awaited"]
    assert told["Does it add up?"][1:] == ("Not meant to", "so a gap is no fault")
    app = run(PAGE, digit=KEY, method="saliency", doubt_test="order")
    assert cards(app) == told, "whatever test is shown"
    curves = pixel_curves.pixel_curves(weights.load(), X, found)
    assert f"an area of {curves.area(curves.deletion):.3f} under it" in said(app)
    assert said(app).count("These results are for this network and this digit") == 1
    drawn = charts(app)
    assert {*drawn} == {"deletion", "insertion"}, "two that change, and no more"
    np.testing.assert_array_equal(charting.named(drawn["deletion"], "the map's order").y, curves.deletion)


@pytest.mark.parametrize(
    ("test", "drawn"),
    [("weights", {"similarity-by-row"}), ("noise", {"map-under-noise"}), ("edges", set()), ("sums", set())],
)
def test_each_test_is_shown_in_full(test: str, drawn: set[str]) -> None:
    app = run(PAGE, digit=KEY, method="saliency", doubt_test=test)
    assert_works(app, TITLE)
    assert {*charts(app)} == drawn
    assert [each.value for each in app.subheader] == [TESTS[test].question]


@pytest.mark.parametrize("seed", ["0", "7"])
def test_the_network_forgets_as_the_seed_in_the_link_says(seed: str) -> None:
    app = run(PAGE, digit=KEY, method="guided_backprop", doubt_seed=seed)
    assert_works(app, TITLE)
    networks = [weights.load(), *(forgetful for _, forgetful in cascade(weights.load(), int(seed)))]
    maps = [attribute(each, X, ANSWER, "guided_backprop").values.ravel() for each in networks]
    ranks = [stats.spearmanr(maps[0], each)[0] for each in maps]
    assert [float(each.replace("−", "-")) for each in strip(app)] == pytest.approx(ranks, abs=6e-3)
    assert f"is {np.mean(ranks[1:]):.2f} in the mean" in said(app)
    assert len(ranks) == len(learned_rows(weights.load())) + 1


def test_what_is_kept_is_neither_made_nor_put_together_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    before = run(PAGE, digit=KEY, method="saliency", doubt_seed="3")
    assert_works(before, TITLE)

    def never(*_arguments: Any, **_more: Any) -> None:
        raise AssertionError("it is kept")

    for module, name in ((evidence, "collapsed"), (evidence, "reaction"), (robustness, "measured")):
        monkeypatch.setattr(module, name, never)
    monkeypatch.setattr(saliency, "attribute", never)
    after = run(PAGE, digit=KEY, method="saliency", doubt_seed="3")
    assert_works(after, TITLE)
    assert shown(after) == shown(before)
    assert run(PAGE, digit=KEY, method="saliency", doubt_seed="4").exception  # another seed's is not


def test_another_seed_draws_other_weights_and_is_kept_in_the_link() -> None:
    app = run(PAGE, digit=KEY, method="saliency")
    first = strip(app)
    app.selectbox("widget-doubt_seed").set_value("7").run()
    assert_works(app, TITLE)
    assert app.query_params["doubt_seed"] == "7"
    assert strip(app) != first
    app.selectbox("widget-doubt_seed").set_value("0").run()
    assert strip(app) == first


def test_the_same_map_is_on_both_pages() -> None:
    link = {"digit": KEY, "method": "lrp", "target": "4", "epsilon": "0.5"}
    one, other = (component(run(page, **link), "value_map") for page in ("saliency", PAGE))
    assert one == other


@pytest.mark.usefixtures("speaking_against")
def test_a_blank_map_is_a_sentence() -> None:
    app = run(PAGE, **BLANK, target="9", against="4", relu="1")
    assert_works(app, TITLE)
    assert "no place speaks for the logit of 9 less that of 4" in said(app)
    assert "nan" not in shown(app) + said(app)
    assert "stands" not in {tone for tone, _, _ in cards(app).values()}


def test_the_numbers_row_by_row_are_there_for_who_asks() -> None:
    app = run(PAGE, digit=KEY, method="saliency")
    assert "How alike the maps stay" not in shown(app)
    app.session_state["fall_numbers"] = True
    app.run()
    assert_works(app, TITLE)
    table = shown(app).split("How alike the maps stay")[1]
    assert re.findall(r'<th scope="row">[^<]+</th><td>([^<]+)</td>', table) == strip(app)


def lines(app: AppTest) -> dict[str, list[str]]:
    """Return the cells of the table of methods, by method."""
    found = re.findall(r'<tr[^>]*><th scope="row">(?:<a[^>]*>)?([^<]+)(?:</a>)?</th>(.*?)</tr>', shown(app))
    return {name: re.findall(r"<td[^>]*>([^<]*)</td>", cells) for name, cells in found}


def test_all_methods_are_tested_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    every = controls.every
    chosen = ("saliency", "guided_backprop")
    drawn: list[str] = []
    draw = verdicts.table

    def noted(*arguments: Any) -> str:
        drawn.append(draw(*arguments))
        return drawn[-1]

    def few(plan: AttributionPlan) -> dict[str, AttributionPlan]:
        return {name: each for name, each in every(plan).items() if name in chosen}

    monkeypatch.setattr(controls, "every", few)
    monkeypatch.setattr(verdicts, "table", noted)
    app = run(PAGE, digit=KEY, doubt_view="all")
    assert_works(app, TITLE)
    assert not lines(app)
    (start,) = (button for button in app.button if button.label.startswith("Put all methods"))
    start.click().run()
    assert_works(app, TITLE)
    assert app.query_params["doubt_all"] == "yes"
    table = lines(app)
    assert list(table) == [method.title for method in METHODS.values()]
    assert [name for name, cells in table.items() if "…" not in cells] == ["Saliency", "Guided backprop"]
    linked = [re.findall(r"<a[^>]*>([^<]+)</a>", each) for each in drawn]
    assert linked == [[], ["Saliency"], ["Saliency", "Guided backprop"]], "each line has its link as it comes"
    for name in chosen:
        one = cards(run(PAGE, digit=KEY, method=name))
        cells = table[METHODS[name].title]
        gap = attribute(weights.load(), X, ANSWER, name).gap
        assert cells[0] == f"no claim: {gap * 100:,.1f}\xa0%"
        assert one["Does it react to the weights?"][1].lower() == cells[2]
        assert one["Is it more than edges?"][2] == f"correlation {cells[3]}, limit {0.5**0.5:.2f}"
        assert one["Is its order better than chance?"][2] == f"areas {cells[4]} out, {cells[5]} in"
        assert one["Is it steady?"][2] == f"moves by {cells[6]}"
        assert one["Does it foretell the score?"][2] == f"{cells[7]} of what it does"


def pair(app: AppTest) -> list[str]:
    """Return the pictures of a round: left, digit, right."""
    (drawn,) = re.findall(r'<div class="doubt-round">(.*?)</div>', shown(app))
    return re.findall(r'src="([^"]+)"', drawn)


@pytest.mark.parametrize("number", [1, 3, 4])
def test_a_round_shows_the_trained_and_the_untrained_networks_map(number: int) -> None:
    dealt = pairs.deal(number)
    app = run(PAGE, digit=KEY, doubt_view="round", round=str(number))
    assert_works(app, TITLE)
    left, digit, right = map(decode, pair(app))
    np.testing.assert_array_equal(digit[..., 0], dealt.digit.pixels)
    x = digits.to_input(dealt.digit)
    target = trace.record(weights.load(), x).prediction
    trained, forgetful = (
        attribute(each, x, target, dealt.method).values
        for each in (weights.load(), untrained(weights.load(), dealt.seed))
    )
    expected = (forgetful, trained) if dealt.untrained == "left" else (trained, forgetful)
    for picture, values in zip((left, right), expected, strict=True):
        assert_painted(picture, values, -np.abs(values).max(), np.abs(values).max(), theme.DIVERGING)


def test_nothing_sent_before_the_choice_tells_the_side(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deal the same round with the sides changed: all but the places of the pictures must stay the same."""
    app = run(PAGE, digit=KEY, doubt_view="round")
    before, pictures = sent(app), pair(app)
    deal = pairs.deal

    def turned(number: int) -> Round:
        each = deal(number)
        return replace(each, untrained="left" if each.untrained == "right" else "right")

    monkeypatch.setattr(pairs, "deal", turned)
    other = run(PAGE, digit=KEY, doubt_view="round")
    assert pair(other) == pictures[::-1]
    assert sent(other) == before
    assert METHODS[deal(1).method].title not in before


def sent(app: AppTest) -> str:
    """Return all that the page says and shows, but for pictures."""
    buttons = "".join(f"{each.label} {each.disabled} {each.proto.id} {each.proto.help}" for each in app.button)
    return re.sub(r'src="[^"]+"', "", said(app).partition("Put guided")[0] + shown(app)) + buttons


def press(app: AppTest, label: str) -> AppTest:
    (button,) = (each for each in app.button if each.label == label)
    assert not button.disabled
    return button.click().run()


def test_the_score_runs_on_and_is_kept_in_the_link() -> None:
    app = run(PAGE, digit=KEY, doubt_view="round")
    right = 0
    for number in (1, 2, 3):
        guess = "left" if number != 2 else "right"
        press(app, f"{guess.capitalize()} is untrained")
        assert_works(app, TITLE)
        right += pairs.deal(number).untrained == guess
        assert f"Score: {right} of {number}" in said(app)
        assert METHODS[pairs.deal(number).method].title in said(app)
        assert ("**Correct" in said(app)) == (pairs.deal(number).untrained == guess)
        assert all(each.disabled for each in app.button if "is untrained" in each.label), "a round is answered once"
        if number < 3:
            press(app, "Next round")
    assert app.query_params["rounds"] == "1l.2r.3l"
    again = run(PAGE, digit=KEY, doubt_view="round", rounds="1l.2r.3l", round="3")
    assert sent(again) == sent(app)
    press(again, "Forget the score")
    assert "rounds" not in again.query_params
    assert "No round is answered yet" in said(again)


def test_two_keys_at_once_are_both_heard() -> None:
    app = run(PAGE, digit=KEY, doubt_view="round")
    for label in ("Left is untrained", "Next round"):
        next(each for each in app.button if each.label == label).click()
    app.run()
    assert_works(app, TITLE)
    assert app.query_params["rounds"] == "1l"
    assert "**Round 2.**" in said(app)


def test_a_second_guess_that_comes_before_the_page_has_heard_of_the_first_does_not_count() -> None:
    app = press(run(PAGE, digit=KEY, doubt_view="round"), "Left is untrained")
    late = next(each for each in app.button if each.label == "Right is untrained")
    late.proto.disabled = False  # as the browser still had it
    late.click().run()
    assert_works(app, TITLE)
    assert app.query_params["rounds"] == "1l"


def test_a_round_says_that_its_digit_is_its_own() -> None:
    app = run(PAGE, digit=KEY, doubt_view="round")
    assert "Each round brings a digit of its own: the one in the sidebar plays no part here." in said(app)


def test_after_the_choice_a_link_leads_to_the_same_map() -> None:
    dealt = pairs.deal(1)
    app = run(PAGE, digit=KEY, doubt_view="round", rounds="1l", baseline="noise", explain="difference", steps="50")
    (address,) = re.findall(r'href="lie_detector\?([^"]+)"', shown(app))
    link = dict(part.split("=") for part in address.split("&amp;") if not part.startswith(("rounds", "round=")))
    assert (link["digit"], link["method"], link["doubt_seed"]) == (dealt.digit.key, dealt.method, str(dealt.seed))
    assert not {"doubt_view", "baseline", "explain", "steps"} & link.keys()
    one = run(PAGE, **link)
    assert_works(one, TITLE)
    (mean,) = re.findall(r"rank correlation of ([−\d.]+) in the mean", said(app))
    assert f"is {mean} in the mean" in said(one)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("doubt_view", "two"),
        ("doubt_seed", "100"),
        ("doubt_seed", "-1"),
        ("method", "guess"),
        ("round", "0"),
        ("round", "100"),
        ("rounds", "1x"),
        ("rounds", "1l.1r"),
        ("rounds", "<script>"),
    ],
)
def test_nonsense_is_a_sentence_and_the_default(name: str, value: str) -> None:
    view = {"doubt_view": "round"} if name in {"round", "rounds"} else {"method": "saliency"}
    app = run(PAGE, **{"digit": KEY, **view, name: value})
    assert not app.exception
    (warning,) = (as_read(each.value) for each in app.warning)
    assert f"'{value}'" in warning
    assert warning.endswith(".")
    assert "<script>" not in shown(app)
