"""The controls of the sanity checks: the address holds all choices."""

from collections.abc import Iterable
from dataclasses import dataclass

import streamlit as st

from model.trace.records import Trace
from viz.app import address
from viz.saliency.controls import choices

VIEW = "doubt_view"
VIEWS = {"one": "One map", "all": "All methods", "round": "Comparison quiz"}
SEED, EVERY, CHECK = "doubt_seed", "doubt_all", "doubt_test"
IDEAS = (
    "Check guided backprop: how much of its map remains when all weights are random?",
    "Compare integrated gradients with saliency: which predicts the score, and which has the better order of pixels?",
    "Explain a class that is not predicted. Which checks are still meaningful?",
    "Play ten rounds of the quiz: which method deceives you most often?",
)
_SEEDS = [str(number) for number in range(100)]
_SEED_HELP = "For random weights, random orders of pixels, and noise."


@dataclass(frozen=True, slots=True)
class _Check:
    """The short name of a check, and its question."""

    name: str
    question: str


CHECKS = {  # in the order of their verdicts
    "sums": _Check("Sum", "Does it add up?"),
    "weights": _Check("Random weights", "Does it depend on the weights?"),
    "edges": _Check("Edges", "Is it more than edges?"),
    "order": _Check("Order of pixels", "Is its order of pixels better than chance?"),
    "noise": _Check("Noise", "Is it stable, and does it predict the score?"),
}


def allowed(trace: Trace) -> dict[str, Iterable[str]]:
    """Return the values that the address can hold for each parameter of the page, except those of the quiz."""
    return {**choices.allowed(trace), SEED: _SEEDS, EVERY: [address.YES], CHECK: CHECKS}


def seed() -> int:
    """Let the user choose other random numbers for the checks."""
    return int(address.bind(st.selectbox, "Seed of the checks", SEED, _SEEDS, "0", help=_SEED_HELP))


def opened_check() -> str:
    """Return the name of the check that is open, or an empty string."""
    return address.read_one_of(CHECK, ["", *CHECKS], "")


def choose_check() -> None:
    """Let the user open one of the checks, and close it by a second click."""
    key = f"widget-{CHECK}"
    st.session_state[key] = opened_check() or None
    st.segmented_control(
        "Look into one check",
        list(CHECKS),
        key=key,
        wrap=True,  # on a phone
        format_func=lambda each: CHECKS[each].name,
        on_change=address.when_chosen(key, lambda check: address.write(**{CHECK: check or ""})),
    )
