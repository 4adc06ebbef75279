"""How the network was trained: recipes, the network after each epoch, and a small training."""

import streamlit as st

from viz.app import current, glossary, projector, shared, sidebar, widgets
from viz.training import controls as training
from viz.training.ideas import OF_ANOTHER, OF_THE_ASSIGNMENT
from viz.training.live import controls as live_training

digit = sidebar.current_digit()


def curves() -> None:
    """Show accuracy and loss by epoch, the peak of the assignment, and whether the recipes differ beyond chance."""
    if not current.is_assignment():
        training.kept_history()
        return
    searched, final = training.reports("search"), training.reports("final")
    with projector.stage():
        training.accuracy(searched)
    widgets.folded("Why a peak is too optimistic", lambda: training.peak(final))
    widgets.folded("Loss", lambda: training.losses(searched))
    widgets.folded("The best epoch or the last?", lambda: training.best_and_last_epoch(searched))
    widgets.folded("Is the difference chance?", lambda: training.paired_test(final))
    widgets.folded("Disputed labels", lambda: training.disputed(final))


def epochs() -> None:
    """Show one block of the network after each epoch, for the digit."""
    training.block_after_each_epoch(digit, shared.outline())


def recipe() -> None:
    """Show the learning rate, every choice, and the effect of each part; of another network what its card says."""
    if not current.is_assignment():
        training.card()
        return
    st.header("The learning rate")
    with projector.stage():
        training.schedule()
    st.header("Every choice")
    training.recipe_in_words()
    st.header("The effect of each part")
    training.search()


def live() -> None:
    """Run a small training."""
    live_training.show(digit)


st.title("Training")
if current.is_assignment():
    st.write("How random weights became this network, and how good its recipe is if no epoch is chosen by luck.")
else:
    st.write("How random weights became this network, as far as its author kept it.")
every = {**widgets.of_any_step(), **training.ALLOWED, **live_training.ALLOWED}
glossary.show("assignment", "epoch", "held-out images", "parameter")
shown = widgets.part(training.VIEW, training.VIEWS, every)
if training.has_something(shown):
    widgets.to_try(*(OF_THE_ASSIGNMENT if current.is_assignment() else OF_ANOTHER)[shown])
{"curves": curves, "epochs": epochs, "recipe": recipe, "live": live}[shown]()
