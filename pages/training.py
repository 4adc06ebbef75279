"""How the network was trained: recipes, the network after each epoch, and a small training."""

import streamlit as st

from viz.app import current, shared, sidebar, widgets
from viz.training import controls as training
from viz.training.live import controls as live_training

digit = sidebar.current_digit()


def curves() -> None:
    """Show accuracy and loss by epoch, the peak of the assignment, and whether the recipes differ beyond chance."""
    searched, final = training.reports("search"), training.reports("final")
    training.accuracy(searched)
    st.header("Why a peak is too optimistic")
    training.peak(final)
    left, right = st.columns(2, gap="large")
    with left:
        st.header("Loss")
        training.losses(searched)
    with right:
        st.header("The best epoch or the last?")
        training.best_and_last_epoch(searched)
    left, right = st.columns(2, gap="large")
    with left:
        st.header("Is the difference chance?")
        training.paired_test(final)
    with right:
        st.header("Disputed labels")
        training.disputed(final)


def epochs() -> None:
    """Show one block of the network after each epoch, for the digit."""
    training.block_after_each_epoch(digit, shared.outline())


def recipe() -> None:
    """Show the learning rate, every choice, and the effect of each part."""
    st.header("The learning rate")
    training.schedule()
    st.header("Every choice")
    training.recipe_in_words()
    st.header("The effect of each part")
    training.search()


def live() -> None:
    """Run a small training."""
    live_training.show(digit)


TRY = {
    "curves": (
        "Ignore the ring: how good is the assignment's network by its other dots?",
        "Point at the chart: how many epochs before the last is each recipe as good as at the end?",
        "How high must a goal be so that chance alone does not reach it?",
    ),
    "epochs": (
        "Play it with a digit between two classes, such as 4or9: when does the prediction stop changing?",
        "Choose Conv2d-1: which kernels hardly change after the first epoch, and which change until the last?",
        "Watch the running variance of one map: does it settle before the kernels do?",
    ),
    "recipe": (
        "Which part do you expect to matter most? Find its line.",
        "How many more held-out images would show that two neighbouring lines differ?",
        "Why is the learning rate almost zero at the end, if the last epoch is evaluated?",
    ),
    "live": (
        "Train twice and change only the seed: how much do two curves differ by chance alone?",
        "Multiply the learning rate by ten: at which step does training fail, and do the maps show it?",
        "Go back to the first step: what does the network predict before any training?",
    ),
}

OF_ANOTHER = {
    "curves": (
        "Where does the loss on held-out images stop falling while that in training goes on?",
        "How much do neighbouring epochs differ by chance alone?",
    ),
    "recipe": ("What would you change first, and how many test images would show that it helps?",),
}

st.title("Training")
if current.is_assignment():
    st.write("How random weights became this network, and how good its recipe is if no epoch is chosen by luck.")
else:
    st.write("How random weights became this network, as far as its author kept it.")
shown = widgets.part(
    training.VIEW, training.VIEWS, {**widgets.of_any_step(), **training.ALLOWED, **live_training.ALLOWED}
)
if current.is_assignment():
    widgets.to_try(*TRY[shown])
    {"curves": curves, "epochs": epochs, "recipe": recipe, "live": live}[shown]()
else:
    kept = {"curves": shared.network().history, "recipe": shared.network().card}
    if kept.get(shown):
        widgets.to_try(*OF_ANOTHER[shown])
    others = {"curves": training.kept_history, "recipe": training.card, "live": training.no_live_training}
    {**others, "epochs": epochs}[shown]()
