"""How the network came to be: recipes epoch by epoch, the network forming, and what each part of a recipe is worth."""

import streamlit as st

from viz.app import shared, sidebar, widgets
from viz.training import controls as training
from viz.training.live import controls as live_training

digit = sidebar.current_digit()


def curves() -> None:
    """Show accuracy and loss by epoch, why a peak flatters, and whether the recipes differ by more than chance."""
    searched, final = training.reports("search"), training.reports("final")
    training.accuracy(searched)
    st.header("Why a peak flatters")
    training.flattery(final)
    left, right = st.columns(2, gap="large")
    with left:
        st.header("Loss")
        training.losses(searched)
    with right:
        st.header("The best epoch or the last?")
        training.choosing(searched)
    left, right = st.columns(2, gap="large")
    with left:
        st.header("Is it chance?")
        training.chance(final)
    with right:
        st.header("Labels that people dispute")
        training.disputed(final)


def epochs() -> None:
    """Show one block of the network after each epoch, on the digit."""
    training.forming_block(digit, shared.outline())


def recipe() -> None:
    """Show the learning rate, every choice, and what each is worth."""
    st.header("The learning rate")
    training.schedule()
    st.header("Every choice")
    training.recipe_in_words()
    st.header("What each part is worth")
    training.search()


def live() -> None:
    """Train a small network here and now."""
    live_training.show(digit)


TRY = {
    "curves": (
        "Cover the ring: what would you say of the assignment's network from its other dots?",
        "Point at the chart: how many epochs before the last is each recipe as good as at its end?",
        "Where would you set the bar so that chance alone does not pass it?",
    ),
    "epochs": (
        "Play it with a digit between two, such as 4or9: when does the network make up its mind?",
        "Choose Conv2d-1: which of its kernels are found in the first epoch, and which move to the last?",
        "Watch the running variance of one map: does it settle before the kernels do?",
    ),
    "recipe": (
        "Which part would you have thought matters most? Find its line.",
        "How many more held-out images would it take to tell two neighbours apart?",
        "Why does the learning rate end near nothing, if the last epoch is the one that is judged?",
    ),
    "live": (
        "Train twice with another seed alone: how much do two curves differ that differ by nothing but chance?",
        "Multiply the learning rate by ten: at which step does it go wrong, and do the maps show it?",
        "Go back to the first step: what does the network answer before it has learned anything?",
    ),
}

st.title("Training")
st.write("How random numbers became this network, and how good its recipe is when nobody chooses the luckiest moment.")
shown = widgets.part(
    training.VIEW, training.VIEWS, {**widgets.of_any_step(), **training.ALLOWED, **live_training.ALLOWED}
)
{"curves": curves, "epochs": epochs, "recipe": recipe, "live": live}[shown]()
widgets.to_try(*TRY[shown])
