"""Mistakes: the confusion matrix, all misclassified images, and calibration."""

from functools import partial

import streamlit as st

from model.mistakes.labelled import LabelledPictures
from model.mistakes.records import MNIST
from viz.app import address, components, glossary, projector, tables, widgets
from viz.mistakes import cache, confusion, controls, figures
from viz.mistakes.controls import images, temperatures
from viz.pictures.panels import tabled


def matrix(pictures: LabelledPictures) -> None:
    """Show the confusion matrix, and the images of one cell."""
    found = cache.confusion(pictures)
    cell = controls.cell(pictures, found)
    listed = controls.images_of_cell(pictures, cell)
    at = images.position(pictures, listed)
    with projector.stage():
        left, right = st.columns([6, 5], gap="large")
        with left:
            counts = tables.CsvFile("Download the matrix as CSV", partial(confusion.as_csv, found), "confusion.csv")
            widgets.figure(confusion.matrix(found, cell, controls.cell_link), confusion.say_matrix(found), counts)
        with right:
            images.show_large(pictures, listed, at)
    st.subheader(confusion.say_cell(found, cell))
    csv = partial(figures.as_csv, listed)
    numbers = tables.CsvFile("Download these images as CSV", csv, "labelled-{}-classified-{}.csv".format(*cell))
    images.show_cards(pictures, listed, at, numbers)
    st.subheader("Class by class")
    st.html(tabled(confusion.class_columns(found), "Recall and precision of each class"))


def every_mistake(pictures: LabelledPictures) -> None:
    """Show all misclassified images, and one of them large."""
    with projector.controls():
        listed = controls.choose_list(pictures)
    at = images.position(pictures, listed)
    exact = {"The images with all digits": partial(figures.as_csv, listed)}
    numbers = tables.ExpandableTable("The images", partial(figures.columns, listed), exact, key="mistakes-numbers")
    with projector.stage():
        left, right = st.columns([5, 8], gap="large")
        if not projector.is_on():
            with left:
                images.show_large(pictures, listed, at)
        with st.container() if projector.is_on() else right:
            images.show_cards(pictures, listed, at, numbers)


def calibration(pictures: LabelledPictures) -> None:
    """Show the reliability diagram, and the effect of a temperature."""
    scaling = temperatures.scaling(pictures)
    if scaling is None:
        return
    with projector.controls():
        t = temperatures.choose(scaling.temperature)
    with projector.stage():
        left, right = st.columns(2, gap="large")
        with left:
            temperatures.diagram(pictures, t)
        with right:
            temperatures.losses(pictures, scaling, t)
    temperatures.both_halves(pictures, scaling)


controls.load_first()
st.title("Mistakes")
glossary.show("confusion matrix", "calibration")
pictures = controls.choose_pictures()
if pictures:
    st.write(controls.say_accuracy(pictures))
    disputed = ["List the disputed labels: do you agree with the label or with the network?"]
    widgets.to_try(
        "Look at the mistakes with the highest confidence: which of them would you make too?",
        "Open a mistake on Saliency: which pixels speak for the predicted class, and which for the label?",
        "Halve the temperature, then double it: when is the confidence too high, and when is it too low?",
        *(disputed if pictures.name == MNIST else []),
    )
    components.follow_links(".large-image", address.follow)
    shown = widgets.part(controls.VIEW, controls.VIEWS, {**controls.allowed(pictures), **temperatures.ALLOWED})
    if shown != "calibration":
        images.offer_mnist(pictures)
    {"matrix": matrix, "all": every_mistake, "calibration": calibration}[shown](pictures)
    st.caption(controls.say_origin())
