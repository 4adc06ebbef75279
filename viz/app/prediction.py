"""Predict first: a question with a few answers to choose from, and then what was measured."""

from collections.abc import Mapping

import streamlit as st

from viz.app import address


def ask(name: str, question: str, answers: Mapping[str, str], measured: str, because: str) -> bool:
    """Ask what will happen; once something is chosen, say what was measured and why, and return that it is.

    Args:
        name: The parameter in the link that keeps the choice; each page has one of its own.
        question: What the person reads.
        answers: What can be chosen: for each value in the link, its words.
        measured: Which of them is so.
        because: Why, in a sentence or two, with the numbers.
    """
    key = f"widget-{name}"
    chosen = address.read_one_of(name, ["", *answers], "", label=question)
    st.session_state[key] = chosen or None
    st.segmented_control(
        question,
        list(answers),
        key=key,
        wrap=True,  # on a phone
        format_func=answers.__getitem__,
        on_change=address.when_chosen(key, lambda answer: address.write(**{name: answer or ""})),
    )
    if not chosen:
        st.write("Choose an answer; what was measured is said then.")
    elif chosen == measured:
        st.write(f"**As you predicted: {answers[measured]}.** {because}")
    else:
        st.write(f"**You predicted: {answers[chosen]}. Measured: {answers[measured]}.** {because}")
    return bool(chosen)
