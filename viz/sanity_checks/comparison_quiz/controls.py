"""The rounds of the comparison quiz; the address holds the guesses."""

from functools import partial
from html import escape

import streamlit as st

from model.records import Activation
from model.saliency import METHODS
from model.saliency.records import AttributionPlan
from model.sanity_checks.comparison_quiz import quiz
from model.sanity_checks.comparison_quiz.records import Guess, Round, Side
from model.sanity_checks.similarity import rank_correlation
from viz.app import address, current, projector, shared, tables, widgets
from viz.app.markdown import escape_markdown
from viz.pictures.panels import tabled
from viz.saliency import cache as maps
from viz.saliency.controls import AGAINST, BASELINE, METHOD, TARGET, plans
from viz.sanity_checks import cache
from viz.sanity_checks.comparison_quiz import figures
from viz.sanity_checks.controls import CHECK, SEED, VIEW

ROUND, GUESSES = "round", "rounds"
_NUMBERS = [str(number) for number in range(1, quiz.ROUNDS + 1)]
ALLOWED: dict[str, address.Allowed] = {ROUND: _NUMBERS, GUESSES: quiz.parse_guesses}


def guesses() -> tuple[Guess, ...]:
    """Return the guesses of the address; if it is invalid, show a notice and return none."""
    none: tuple[Guess, ...] = ()
    found = address.read_as(GUESSES, quiz.parse_guesses, none, "No guess is counted.")
    return tuple(Guess(_round_of(each.round.number), each.side) for each in found)


def _round_of(number: int) -> Round:
    """Return a round with the pictures of the network of this run, and the methods that apply to it."""
    able = tuple(name for name in quiz.METHODS if name not in maps.refusals())
    return quiz.round_of(number, shared.samples(), able)


def show_round() -> None:
    """Show two maps and ask which one has random weights; after the guess, show the answer and the reason."""
    given, noun = guesses(), current.picture_word()
    dealt = _round_of(int(address.read_one_of(ROUND, _NUMBERS, "1")))
    guess = next((each for each in given if each.round.number == dealt.number), None)
    st.write(
        f"**Round {dealt.number}.** {figures.say_score(given)} Each round has its own {noun}; the "
        f"{noun} in the sidebar is not used here."
    )
    trace = shared.record(dealt.digit)
    plan, target = AttributionPlan(dealt.method, trace.prediction), escape_markdown(trace.class_name(trace.prediction))
    left, right = _pair(dealt, plan)
    pixels = dealt.digit.pixels
    if guess is None:
        drawn = figures.unanswered(left, right, pixels)
        words = (
            f"Both maps explain the logit of {target} by the same method. One network is trained; the other has "
            "random weights, as before training. Each map has its own scale. Which map has random weights?"
        )
        numbers: tables.Numbers = tables.LEFT_OUT
    else:
        drawn = figures.answered(left, right, pixels, guess)
        words = figures.say_answer(guess, METHODS[dealt.method], left, right, rank_correlation(left, right))
        both = {"left": left, "right": right}
        numbers = tables.maps_file("Download both maps as CSV", both, f"round-{dealt.number}")

    def show() -> None:
        """Show both maps, and the buttons below them."""
        st.html(drawn)
        _buttons(dealt, guess)

    with projector.stage():
        widgets.figure(show, words, numbers)
    if guess is not None:
        _explain(dealt, plan)
    if given:
        _tally(given)


def _pair(dealt: Round, plan: AttributionPlan) -> tuple[Activation, Activation]:
    """Return the map on the left and that on the right."""
    trained = maps.attribute(dealt.digit, plan).values
    randomized = cache.map_of_random_weights(dealt.digit, plan, dealt.seed).values
    return (randomized, trained) if dealt.randomized == "left" else (trained, randomized)


def _buttons(dealt: Round, guess: Guess | None) -> None:
    def choose(side: Side | None) -> None:
        before = guesses()
        if dealt.number not in {each.round.number for each in before}:  # of two keys at once, the first counts
            address.write(**{GUESSES: quiz.format_guesses([*before, Guess(dealt, side)])})

    following = str(dealt.number % quiz.ROUNDS + 1)
    with st.container(horizontal=True, key="quiz_guess"):
        st.button("Left is random", shortcut="Left", disabled=guess is not None, on_click=choose, args=("left",))
        st.button("Right is random", shortcut="Right", disabled=guess is not None, on_click=choose, args=("right",))
        st.button("Reveal", disabled=guess is not None, on_click=choose, args=(None,))
        # Never disabled: its key can be pressed before the answer is drawn, and a round can be skipped.
        st.button("Next round", shortcut="G", on_click=lambda: address.write(**{ROUND: following}))


def _explain(dealt: Round, plan: AttributionPlan) -> None:
    """Say whether the method depends on the weights for this digit, and link to all checks of the trained map."""
    place, rows = st.empty(), len(cache.rows())
    place.write("Why? The weights are randomized row by row …")
    asked = dealt.digit, plan, dealt.seed
    found = cache.randomized(
        *asked,
        lambda maps: place.write(f"Why? The weights are randomized row by row: {len(maps) - 1} of {rows} …"),
    )
    dependence = cache.dependence(
        *asked, found, lambda _others: place.write("Why? Maps of other pictures are compared …")
    )
    place.write(figures.say_why(dependence, METHODS[dealt.method]))
    chosen = {
        address.DIGIT: dealt.digit.key,
        METHOD: dealt.method,
        TARGET: str(plan.target),
        SEED: str(dealt.seed),
        CHECK: "weights",
    }
    defaults = dict.fromkeys((address.EXPLAIN, AGAINST, BASELINE, VIEW), "")
    link = address.address("lie_detector", **{**plans.default_options(), **defaults, **chosen})
    st.html(f'<p><a href="{escape(link)}" target="_self">Check this map</a></p>')


def _tally(given: tuple[Guess, ...]) -> None:
    st.html(tabled(figures.tally(given, METHODS), "Correct guesses by method"))
    with st.container(horizontal=True, vertical_alignment="center"):
        tables.offer("Download the rounds as CSV", partial(figures.as_csv, given), "rounds.csv")
        st.button("Clear the score", on_click=lambda: address.write(**{GUESSES: ""}))
