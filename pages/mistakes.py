"""What the network reads wrong: which label as which class, every image of it, and whether it is as right as sure."""

from functools import partial

import streamlit as st

from model.mistakes import confusion as mistakes
from model.training.report import DISPUTED
from viz.app import address, components, tables, widgets
from viz.app.charts import chart
from viz.mistakes import cache, calibration, confusion, figures
from viz.mistakes import controls as choose
from viz.pictures.panels import tabled
from viz.training import origin


def matrix() -> None:
    """Show which label is read as which class, and the images of one cell."""
    found = cache.confusion()
    label, read = chosen = choose.cell(found)
    answers = choose.of_cell(chosen)
    at = choose.position(answers)
    left, right = st.columns([6, 5], gap="large")
    with left:
        counts = tables.File("Download the matrix as CSV", partial(confusion.as_csv, found), "confusion.csv")
        widgets.figure(confusion.matrix(found, chosen, choose.cell_link), confusion.say_matrix(found), counts)
    with right:
        choose.show_one(answers, at)
    st.subheader(f"Labelled {label}, read as {read}: {confusion.images(len(answers))}")
    images = tables.File("Download these images as CSV", partial(figures.as_csv, answers), f"read-{label}-{read}.csv")
    choose.show_cards(answers, at, images)
    st.subheader("Class by class")
    st.html(tabled(confusion.class_columns(found), "Recall and precision of each class"))


def every_mistake() -> None:
    """Show every image that is read wrong, and one of them in full."""
    answers = choose.listed()
    at = choose.position(answers)
    left, right = st.columns([5, 8], gap="large")
    with left:
        choose.show_one(answers, at)
    exact = {"The images with all digits": partial(figures.as_csv, answers)}
    images = tables.Folded("The images", partial(figures.columns, answers), exact, key="mistakes-numbers")
    with right:
        choose.show_cards(answers, at, images)


def calibrated() -> None:
    """Show how sure the network is against how often it is right, and what a temperature does to it."""
    scaling = cache.scaling(choose.temperatures())
    left, right = st.columns(2, gap="large", vertical_alignment="bottom")
    with left:
        t = choose.temperature(scaling.temperature)
    with right:
        choose.offer_fitted(scaling.temperature)
    fitted, judged = ([cache.reliability(half, each) for each in (1.0, scaling.temperature)] for half in (0, 1))
    found = cache.reliability(1, t)
    left, right = st.columns(2, gap="large")
    with left:
        exact = {"The bins with all digits": partial(calibration.as_csv, found)}
        bins = tables.Folded("The bins", partial(calibration.bin_columns, found), exact, "The bins", "mistakes-bins")
        words = f"{calibration.say_diagram(found)} {calibration.say_chance(found, cache.chance(1, t))}"
        chart(calibration.diagram(found), "reliability", words, bins)
    with right:
        columns = partial(calibration.loss_columns, scaling)
        losses = tables.Folded("The losses", columns, title="The losses", key="mistakes-losses")
        words = f"{calibration.say_losses(scaling)} {calibration.say_scaling(fitted, judged)}"
        chart(calibration.losses(scaling, t), "loss-by-temperature", words, losses)
    st.html(tabled(calibration.columns(fitted, judged), "Both halves, with and without a temperature"))
    st.write(calibration.say_halves(*(mistakes.tally(cache.scores().at(part)) for part in choose.PARTS)))


every = cache.scores()
st.title("Mistakes")
st.write(figures.say_tally(mistakes.tally(every), mistakes.tally(every, DISPUTED)))
components.follow_links(".exhibit", address.follow)
shown = widgets.part(choose.VIEW, choose.VIEWS, choose.allowed())
if shown != "calibration":
    choose.offer_pictures()
{"matrix": matrix, "all": every_mistake, "calibration": calibrated}[shown]()
st.caption(origin.say(cache.weights_card()))

widgets.to_try(
    "Which mistakes would you have made too? Look at those of which the network is surest.",
    "Take a mistake to Saliency: which strokes speak for the class that was read, and against the label?",
    "List the disputed labels: with whom do you agree, with the label or with the network?",
    "Halve the temperature, then double it: when is the network too sure, when not sure enough?",
)
