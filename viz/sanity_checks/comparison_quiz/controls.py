"""The rounds of "which of these two maps comes from an untrained network?"; guesses live in the link."""

from functools import partial
from html import escape

import streamlit as st

from model.records import Activation
from model.saliency import METHODS
from model.saliency.records import AttributionPlan
from model.sanity_checks.comparison_quiz import pairs
from model.sanity_checks.comparison_quiz.records import Guess, Round, Side
from model.sanity_checks.similarity import rank_correlation
from viz.app import address as state
from viz.app import shared, tables, widgets
from viz.pictures.panels import tabled
from viz.saliency import cache as maps
from viz.saliency import controls as choose
from viz.sanity_checks import cache as tests
from viz.sanity_checks.comparison_quiz import figures
from viz.sanity_checks.controls import SEED, VIEW

ROUND, GUESSES = "round", "rounds"
_NUMBERS = [str(number) for number in range(1, pairs.MOST + 1)]
ALLOWED: dict[str, state.Allowed] = {ROUND: _NUMBERS, GUESSES: pairs.read}


def guesses() -> tuple[Guess, ...]:
    """Return the guesses of the link; none, and a notice, where it holds nonsense."""
    return state.read_as(GUESSES, pairs.read, (), "No guess is counted.")


def play() -> None:
    """Show two maps and ask which is the untrained network's; then say it, and why."""
    given = guesses()
    current = pairs.deal(int(state.read_one_of(ROUND, _NUMBERS, "1")))
    guess = next((each for each in given if each.round.number == current.number), None)
    st.write(
        f"**Round {current.number}.** {figures.say_score(given)} Each round brings a digit of its own: the one in the "
        "sidebar plays no part here."
    )
    plan = AttributionPlan(current.method, shared.record(current.digit).prediction)
    left, right = _pair(current, plan)
    pixels = current.digit.pixels
    if guess is None:
        drawn = figures.hidden(left, right, pixels)
        words = (
            f"Both maps are of the logit of {plan.target}, by the same method; one network was trained, the other has "
            "the random weights that training begins with. Each map has a scale of its own."
        )
        numbers: tables.Numbers = tables.LEFT_OUT
    else:
        drawn = figures.told(left, right, pixels, guess)
        words = figures.say_answer(guess, METHODS[current.method], left, right, rank_correlation(left, right))
        both = {"left": left, "right": right}
        numbers = tables.maps_file("Download both maps as CSV", both, f"round-{current.number}")

    def pair() -> None:
        """Show both maps, and beneath them what can be guessed."""
        st.html(drawn)
        _buttons(current, guess)

    widgets.figure(pair, words, numbers)
    if guess is not None:
        _explain(current, plan)
    if given:
        _tally(given)


def _pair(current: Round, plan: AttributionPlan) -> tuple[Activation, Activation]:
    """Return the map on the left and that on the right."""
    trained = maps.attribute(current.digit, plan).values
    untrained = tests.of_untrained(current.digit, plan, current.seed).values
    return (untrained, trained) if current.untrained == "left" else (trained, untrained)


def _buttons(current: Round, guess: Guess | None) -> None:
    def choose(side: Side) -> None:
        before = guesses()
        if current.number not in {each.round.number for each in before}:  # two keys at once: the first one counts
            state.write(**{GUESSES: pairs.written([*before, Guess(current, side)])})

    following = str(current.number % pairs.MOST + 1)
    with st.container(horizontal=True, key="doubt_guess"):
        st.button("Left is untrained", shortcut="Left", disabled=guess is not None, on_click=choose, args=("left",))
        st.button("Right is untrained", shortcut="Right", disabled=guess is not None, on_click=choose, args=("right",))
        # Never disabled: its key may come before the answer to the guess is drawn, and a round may be left out.
        st.button("Next round", shortcut="N", on_click=lambda: state.write(**{ROUND: following}))


def _explain(current: Round, plan: AttributionPlan) -> None:
    """Say whether the method reacts, measured on the round's digit; and lead to all tests of the trained map."""
    place, rows = st.empty(), len(tests.rows())
    place.write("Why? The weights are made random row by row …")
    tests.collapse(
        current.digit,
        plan,
        current.seed,
        lambda found: place.write(f"Why? The weights are made random row by row: {len(found.rows)} of {rows} …"),
    )
    reaction = tests.reaction(
        current.digit, plan, current.seed, lambda _others: place.write("Why? Other digits are held …")
    )
    place.write(figures.say_why(reaction, METHODS[current.method]))
    chosen = {
        state.DIGIT: current.digit.key,
        choose.METHOD: current.method,
        choose.TARGET: str(plan.target),
        SEED: str(current.seed),
    }
    rest = dict.fromkeys((state.EXPLAIN, choose.AGAINST, choose.BASELINE, VIEW), "")
    address = state.address("lie_detector", **{**choose.usual(), **rest, **chosen})
    st.html(f'<p><a href="{escape(address)}" target="_self">Put this map to the test</a></p>')


def _tally(given: tuple[Guess, ...]) -> None:
    st.html(tabled(figures.tally(given, METHODS), "Right, by method"))
    with st.container(horizontal=True, vertical_alignment="center"):
        tables.offer("Download the rounds as CSV", partial(figures.as_csv, given), "rounds.csv")
        st.button("Forget the score", on_click=lambda: state.write(**{GUESSES: ""}))
