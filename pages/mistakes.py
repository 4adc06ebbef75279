"""Mistakes: the confusion matrix, all misclassified images, and calibration."""

from functools import partial

import streamlit as st

from model.mistakes.confusion import accuracy
from model.training.report import DISPUTED
from viz.app import address, components, tables, widgets
from viz.app.charts import chart
from viz.mistakes import cache, calibration, confusion, controls, figures
from viz.pictures.panels import tabled


def matrix() -> None:
    """Show the confusion matrix, and the images of one cell."""
    found = cache.confusion()
    label, predicted = cell = controls.cell(found)
    images = controls.images_of_cell(cell)
    at = controls.position(images)
    left, right = st.columns([6, 5], gap="large")
    with left:
        counts = tables.CsvFile("Download the matrix as CSV", partial(confusion.as_csv, found), "confusion.csv")
        widgets.figure(confusion.matrix(found, cell, controls.cell_link), confusion.say_matrix(found), counts)
    with right:
        controls.show_large(images, at)
    st.subheader(f"Labelled {label}, classified as {predicted}: {confusion.images(len(images))}")
    csv = partial(figures.as_csv, images)
    numbers = tables.CsvFile("Download these images as CSV", csv, f"labelled-{label}-classified-{predicted}.csv")
    controls.show_cards(images, at, numbers)
    st.subheader("Class by class")
    st.html(tabled(confusion.class_columns(found), "Recall and precision of each class"))


def every_mistake() -> None:
    """Show all misclassified images, and one of them large."""
    images = controls.choose_list()
    at = controls.position(images)
    left, right = st.columns([5, 8], gap="large")
    with left:
        controls.show_large(images, at)
    exact = {"The images with all digits": partial(figures.as_csv, images)}
    numbers = tables.ExpandableTable("The images", partial(figures.columns, images), exact, key="mistakes-numbers")
    with right:
        controls.show_cards(images, at, numbers)


def show_calibration() -> None:
    """Show the reliability diagram, and the effect of a temperature."""
    scaling = controls.temperature_scaling()
    if scaling is None:
        return
    left, right = st.columns(2, gap="large", vertical_alignment="bottom")
    with left:
        t = controls.temperature(scaling.temperature)
    with right:
        controls.temperature_buttons(scaling.temperature)
    fitting, evaluation = ([cache.reliability(half, each) for each in (1.0, scaling.temperature)] for half in (0, 1))
    found = cache.reliability(1, t)
    left, right = st.columns(2, gap="large")
    with left:
        exact = {"The bins with all digits": partial(calibration.as_csv, found)}
        bins = tables.ExpandableTable(
            "The bins", partial(calibration.bin_columns, found), exact, "The bins", "mistakes-bins"
        )
        words = f"{calibration.say_diagram(found)} {calibration.say_chance(found, cache.chance_error(1, t))}"
        chart(calibration.diagram(found), "reliability", words, bins)
    with right:
        columns = partial(calibration.loss_columns, scaling)
        losses = tables.ExpandableTable("The losses", columns, title="The losses", key="mistakes-losses")
        words = f"{calibration.say_losses(scaling)} {calibration.say_scaling(fitting, evaluation)}"
        chart(calibration.losses(scaling, t), "loss-by-temperature", words, losses)
    st.html(tabled(calibration.columns(fitting, evaluation), "Both halves, with and without temperature scaling"))
    st.write(calibration.say_halves(*(accuracy(cache.scores().at(part)) for part in controls.PARTS)))


def mistakes() -> None:
    """Show one view of the predictions for MNIST's test images."""
    every = cache.scores()
    st.write(figures.say_accuracy(accuracy(every), accuracy(every, DISPUTED)))
    widgets.to_try(
        "Look at the mistakes with the highest confidence: which of them would you make too?",
        "Open a mistake on Saliency: which strokes speak for the predicted class, and which for the label?",
        "List the disputed labels: do you agree with the label or with the network?",
        "Halve the temperature, then double it: when is the confidence too high, and when is it too low?",
    )
    components.follow_links(".large-image", address.follow)
    shown = widgets.part(controls.VIEW, controls.VIEWS, controls.allowed())
    if shown != "calibration":
        controls.offer_mnist()
    {"matrix": matrix, "all": every_mistake, "calibration": show_calibration}[shown]()
    st.caption(controls.say_origin())


controls.load_first()
st.title("Mistakes")
if controls.has_labelled_images():
    mistakes()
