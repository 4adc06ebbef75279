"""The temperature of the calibration, and the table of both halves."""

from functools import partial

import streamlit as st

from model.errors import InputError
from model.mistakes.calibration.records import Reliability, TemperatureScaling
from model.mistakes.confusion import accuracy
from model.mistakes.labelled import LabelledPictures
from model.mistakes.records import MNIST
from viz.app import address, tables
from viz.app.charts import chart
from viz.app.markdown import escape_markdown
from viz.mistakes import cache, calibration
from viz.pictures.panels import tabled

TEMPERATURE = "mistakes_t"
_FITTED = "fitted"
_TEMPERATURES = tuple(f"{step / 20:.2f}" for step in range(8, 51))
_FEWEST = 40  # pictures that have two halves worth a look
ALLOWED = {TEMPERATURE: [_FITTED, *_TEMPERATURES]}
_WRITERS = (slice(None, 5_000), slice(5_000, None))  # MNIST's test images of the two groups of writers


def scaling(pictures: LabelledPictures) -> TemperatureScaling | None:
    """Return the fitted temperature and the losses; where no temperature can be fitted, say why and return None."""
    if (count := len(cache.scores(pictures))) < _FEWEST:
        st.info(escape_markdown(f"A calibration needs two halves: at least {_FEWEST} pictures. There are {count}."))
        return None
    try:
        return cache.temperature_scaling(pictures, temperatures())
    except InputError:
        st.info(escape_markdown(calibration.say_not_fitted(accuracy(cache.halves(pictures)[0]))))
        return None


def temperatures() -> tuple[float, ...]:
    """Return all temperatures that can be chosen, without the fitted one."""
    return tuple(map(float, _TEMPERATURES))


def choose(fitted: float) -> float:
    """Let the user choose the temperature; the fitted temperature is one of the choices, with a button."""
    values = {_FITTED: fitted, **{text: float(text) for text in _TEMPERATURES}}
    titles = {text: text for text in _TEMPERATURES} | {_FITTED: f"{fitted:.2f}, fitted"}
    options = {text: titles[text] for text in sorted(values, key=lambda text: values[text])}
    left, right = st.columns(2, gap="large", vertical_alignment="bottom")
    with left:
        chosen = values[address.bind(st.select_slider, "Temperature T", TEMPERATURE, options, "1.00")]
    with right, st.container(horizontal=True):
        for label, text in ((f"T = {fitted:.2f}, as fitted", _FITTED), ("T = 1, no scaling", "1.00")):
            st.button(label, on_click=partial(address.write, **{TEMPERATURE: text}), key=f"mistakes-t-{text}")
    return chosen


def diagram(pictures: LabelledPictures, t: float) -> None:
    """Show the reliability diagram of the evaluation half at a temperature."""
    found = cache.reliability(pictures, 1, t)
    exact = {"The bins with all digits": partial(calibration.as_csv, found)}
    columns = partial(calibration.bin_columns, found)
    bins = tables.ExpandableTable("The bins", columns, exact, "The bins", "mistakes-bins")
    words = f"{calibration.say_diagram(found)} {calibration.say_chance(found, cache.chance_error(pictures, 1, t))}"
    chart(calibration.diagram(found), "reliability", words, bins)


def losses(pictures: LabelledPictures, found: TemperatureScaling, t: float) -> None:
    """Show the loss of both halves over the temperature."""
    columns = partial(calibration.loss_columns, found)
    numbers = tables.ExpandableTable("The losses", columns, title="The losses", key="mistakes-losses")
    said = f"{calibration.say_losses(found)} {calibration.say_scaling(*_halves(pictures, found))}"
    chart(calibration.losses(found, t), "loss-by-temperature", said, numbers)


def both_halves(pictures: LabelledPictures, found: TemperatureScaling) -> None:
    """Show the numbers of both halves, with and without temperature scaling, and why they are these halves."""
    columns = calibration.columns(*_halves(pictures, found))
    st.html(tabled(columns, "Both halves, with and without temperature scaling"))
    if pictures.name == MNIST:
        st.write(calibration.say_halves(*(accuracy(cache.scores(pictures).at(part)) for part in _WRITERS)))
    else:
        st.write(calibration.HALVES)


def _halves(pictures: LabelledPictures, found: TemperatureScaling) -> list[list[Reliability]]:
    both = (1.0, found.temperature)
    return [[cache.reliability(pictures, half, each) for each in both] for half in (0, 1)]
