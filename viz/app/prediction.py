"""A prediction question: the user chooses an answer, and the page then shows what was measured."""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext

import streamlit as st

from viz.app import address, projector

_REVEALED = "shown"


def allowed(answers: Iterable[str]) -> list[str]:
    """Return what the address can hold for a question: its answers, or that the answer was revealed without one."""
    return [*answers, _REVEALED]


def ask(name: str, question: str, answers: Mapping[str, str], measured: str, because: str) -> bool:
    """Ask what will happen. After a choice, or without one on request, say what was measured and why.

    Return whether that is said.

    Args:
        name: The address parameter that holds the choice; each page uses its own.
        question: The text of the question.
        answers: The label of each address value.
        measured: The address value of the correct answer.
        because: The reason in a sentence or two, with numbers.
    """
    key = f"widget-{name}"
    chosen = address.read_one_of(name, ["", *allowed(answers)], "", label=question)
    st.session_state[key] = chosen if chosen in answers else None
    st.segmented_control(
        question,
        list(answers),
        key=key,
        wrap=True,  # on a phone
        format_func=answers.__getitem__,
        on_change=address.when_chosen(key, lambda answer: address.write(**{name: answer or ""})),
    )
    if not chosen:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.write("No answer is chosen yet. Choose one to see what was measured.")
            st.button("Reveal", key=f"reveal-{name}", on_click=lambda: address.write(**{name: _REVEALED}))
    elif chosen == _REVEALED:
        st.write(f"**Measured: {answers[measured]}.** {because}")
    elif chosen == measured:
        st.write(f"**As you predicted: {answers[measured]}.** {because}")
    else:
        st.write(f"**You predicted: {answers[chosen]}. Measured: {answers[measured]}.** {because}")
    return bool(chosen)


def until_answered(name: str) -> AbstractContextManager[None]:
    """Hold a question that the projector view shows until it has an answer; then the figure needs the space.

    Args:
        name: The address parameter that holds the choice.
    """
    return nullcontext() if address.read(name, "") else projector.controls()
