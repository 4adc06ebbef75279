"""A small training on the page: choices, start and cancel, curves, and snapshots."""

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from uuid import uuid4

import plotly.graph_objects as go
import streamlit as st

from model.errors import InputError
from model.images import mnist
from model.images.records import Digit
from model.trace.records import LayerKind, Trace
from model.training.live import loop, pictures
from model.training.live.fresh import Suited
from model.training.live.records import LiveChoices, LiveRun, LiveStatus, Shipped, Snapshot
from viz.app import address, current, mnist_picker, projector, shared, tables, widgets
from viz.app.charts import mount
from viz.app.error_boundary import or_show_error
from viz.app.markdown import escape_markdown
from viz.pictures.swatches import columns_as_csv
from viz.training.live import cache, figures

STARTED, STEP, MAPS = "live", "live_step", "live_maps"
_PERSON = "the id of this session's person"
_RATE, _DROPOUT, _OWN = "live_rate", "live_p", "own"
_CHOICES: Mapping[str, tuple[str, Sequence[str], str]] = {
    "live_steps": ("Steps", [str(steps) for steps in loop.STEPS], "300"),
    _RATE: ("Learning rate", ["0.001", "0.01", "0.03", "0.1", "0.3", "1"], "0.1"),
    "live_batch": ("Images in each step", [str(size) for size in loop.BATCH_SIZES], "32"),
    _DROPOUT: ("Dropout p", [_OWN, "0", "0.1", "0.25", "0.5"], _OWN),
    "live_seed": ("Seed", [str(seed) for seed in range(loop.HIGHEST_SEED + 1)], "1"),
}
ALLOWED: dict[str, address.Allowed] = {
    STARTED: [address.YES],
    STEP: widgets.whole_number,
    **{name: options for name, (_, options, _) in _CHOICES.items()},
}
_FOR_SHAPES = {"live_steps": "600", _RATE: "0.03", "live_batch": "64"}
_WITHOUT_NORMS, _OF_THE_ASSIGNMENT = "0.01", "0.1"  # a learning rate, and the p of the assignment
_HARDER = " Shapes are hard: so few steps only begin to tell them apart."
_OFTEN, _EACH = 0.6, 0.06  # seconds between two updates: the minimum, and more for each person who watches


def show(digit: Digit) -> None:
    """Show a small training.

    Args:
        digit: What the network in training classifies.
    """
    suited = cache.suited()
    if isinstance(suited, str):
        widgets.dead_end(suited, "training", "Train the assignment's network")
        return
    st.write(
        f"Train the network yourself from random weights: a few hundred steps on {pictures.COUNT:,} of "
        f"{pictures.KINDS[suited.kind]}, evaluated on {pictures.HELD_OUT} others."
        f"{_HARDER if suited.kind == pictures.DRAWN else ''}"
    )
    if suited.kind == pictures.MNIST and not mnist.is_present():
        mnist_picker.offer_download("training")
        return
    offered = _offered(suited)
    choices = _choices(offered)
    status = _status(choices)
    with projector.controls():
        *places, last = st.columns([3] * len(offered) + [5], vertical_alignment="bottom")
    _choose(places, offered, locked=status is not None and status.under_way)
    with last:
        _start_and_cancel(status)
    with projector.stage():
        if status is not None and status.under_way:
            often = max(_OFTEN, _EACH * cache.training_queue().watchers())
            st.fragment(_watch, run_every=often)(digit, choices, suited)
        else:
            st.fragment(_stage)(digit, choices, suited, status)
    if status is not None and status.run is not None and not status.under_way:
        _numbers(status.run)


def _offered(suited: Suited) -> dict[str, tuple[str, Sequence[str], str]]:
    """Return what can be chosen for this network; high learning rates fail where there is no batch norm."""
    offered = dict(_CHOICES)
    if suited.kind == pictures.DRAWN:
        for name, default in _FOR_SHAPES.items():
            offered[name] = (*_CHOICES[name][:2], default)
    if not suited.has_norms:
        offered[_RATE] = (*_CHOICES[_RATE][:2], _WITHOUT_NORMS)
    if not suited.has_dropout:
        del offered[_DROPOUT]
    elif current.is_assignment():
        offered[_DROPOUT] = (*_CHOICES[_DROPOUT][:2], _OF_THE_ASSIGNMENT)
    return offered


def _choices(offered: Mapping[str, tuple[str, Sequence[str], str]]) -> LiveChoices:
    """Return the choices in the address."""
    read = {
        name: address.read_one_of(name, options, default, label=label)
        for name, (label, options, default) in offered.items()
    }
    steps, batch, seed = (int(read[name]) for name in ("live_steps", "live_batch", "live_seed"))
    p = read.get(_DROPOUT, _OWN)
    return LiveChoices(
        steps, float(read[_RATE]), batch, None if p == _OWN else float(p), seed, network=current.network_id()
    )


def _choose(places: Sequence[Any], offered: Mapping[str, tuple[str, Sequence[str], str]], *, locked: bool) -> None:
    """Let the user choose; a new choice must be started again."""
    for place, (name, (label, options, default)) in zip(places, offered.items(), strict=True):
        with place:
            address.bind(
                st.selectbox,
                label,
                name,
                {each: "as in the network" if each == _OWN else each for each in options},
                default,
                together=lambda _value: {STARTED: "", STEP: ""},
                disabled=locked,
            )


def person() -> str:
    """Return the id of this session."""
    return str(st.session_state.setdefault(_PERSON, uuid4().hex))


def _status(choices: LiveChoices) -> LiveStatus | None:
    """Return the status of the person's training; start or cancel it as the address says."""
    queue, who = cache.training_queue(), person()
    status = queue.status(who, choices)
    if address.is_on(STARTED):
        if status is None or status.stage == "cancelled":
            return _start(choices)
    elif status is not None and status.under_way:
        queue.cancel(who)
        return queue.status(who, choices)
    return status


def _start(choices: LiveChoices) -> LiveStatus | None:
    try:
        return cache.training_queue().start(person(), choices)
    except InputError as error:
        st.error(escape_markdown(str(error)))
        return None


def _start_and_cancel(status: LiveStatus | None) -> None:
    def start() -> None:
        cache.training_queue().remove(person())
        address.write(**{STARTED: "yes", STEP: ""})

    def cancel() -> None:
        cache.training_queue().cancel(person())
        address.write(**{STARTED: ""})

    under_way = status is not None and status.under_way
    over = status is not None and status.stage == "finished"
    with st.container(horizontal=True, key="live_buttons"):
        st.button(
            "Start",
            type="primary",
            shortcut="S",
            disabled=under_way or over,
            on_click=start,
            help="The same choices give the same run: change one to start another." if over else None,
        )
        st.button("Cancel", shortcut="X", disabled=not under_way, on_click=cancel)


def _watch(digit: Digit, choices: LiveChoices, suited: Suited) -> None:
    """Show a training that waits or runs; when it ends, run the whole page again."""
    status = cache.training_queue().status(person(), choices)
    if status is None or not status.under_way:
        st.rerun()
    _stage(digit, choices, suited, status)


def _stage(digit: Digit, choices: LiveChoices, suited: Suited, status: LiveStatus | None) -> None:
    """Show the status and the curves of a training, and the digit at one of its snapshots."""
    run = status.run if status is not None else None
    shown = _shown(choices, run)
    with st.container(key="live_progress"):
        _progress(choices, status, shown)
    if status is not None and status.problem:
        st.error(escape_markdown(status.problem))
    known = or_show_error(lambda: cache.shipped(suited.kind)) if run is not None else None
    over = status is not None and not status.under_way
    if projector.is_on():
        _show_projected(digit, choices, run, known, shown)
        return
    left, right = st.columns([3, 2], gap="medium")
    curves = left.container(key="live_charts")
    if run is None or shown is None:
        curves.write("The loss of each step and the accuracy on the held-out images appear here.")
        right.write(f"The first kernels and the feature maps of your {current.picture_word()} appear here.")
        return
    with curves:
        _loss(run, shown)
        _accuracy(run, known, shown)
    trace = cache.record_snapshot(digit, choices, shown)
    with right:
        name = _inside(run, shown, trace)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        own = or_show_error(lambda: shared.record(digit))
        answer = tables.prediction_file(trace, f"prediction-after-step-{shown.step}") if over else tables.LEFT_OUT
        widgets.figure(figures.prediction(trace), figures.say_prediction(trace, shown.step, own), answer)
    with right:
        st.write(figures.say_result(run, known) if over else figures.say_progress(run))
        if over:  # the numbers of charts and kernels are at the end of the page
            maps = {str(number): each for number, each in enumerate(trace[name].maps)} if name else {}
            if maps:
                tables.maps_file("Download these maps as CSV", maps, f"{name}-after-step-{shown.step}").show()


def _show_projected(
    digit: Digit, choices: LiveChoices, run: LiveRun | None, known: Shipped | None, shown: Snapshot | None
) -> None:
    """Show both curves side by side, and below them the first kernels and the prediction."""
    if run is None or shown is None:
        st.write("Start the training: the loss, the accuracy and the first kernels appear here.")
        return
    left, right = st.columns(2, gap="large")
    with left:
        _loss(run, shown)
    with right:
        _accuracy(run, known, shown)
    left, right = st.columns(2, gap="large")
    left.html(figures.first_kernels(run, shown))
    right.html(figures.prediction(cache.record_snapshot(digit, choices, shown)))


def _loss(run: LiveRun, shown: Snapshot) -> None:
    mount(_fitting(figures.losses(run, shown.step)), "live-loss", f"Loss. {figures.say_progress(run)}")


def _accuracy(run: LiveRun, known: Shipped | None, shown: Snapshot) -> None:
    mount(
        _fitting(figures.accuracies(run, known, shown.step)), "live-accuracy", f"Accuracy. {figures.say_progress(run)}"
    )


def _fitting(drawn: go.Figure) -> go.Figure:
    """Leave out the legend of a chart on a projector, where it would take most of the place."""
    if projector.is_on():
        drawn.update_layout(showlegend=False)
        drawn.update_xaxes(title_text="step (dashed grey: guessing)")
    return drawn


def _shown(choices: LiveChoices, run: LiveRun | None) -> Snapshot | None:
    """Return the snapshot in the address, or else the last one."""
    if run is None:
        return None
    marks = [str(mark) for mark in _marks(choices)]
    asked = address.read_one_of(STEP, ["", *marks], "")
    return run.at(int(asked)) if asked else run.snapshots[-1]


def _progress(choices: LiveChoices, status: LiveStatus | None, shown: Snapshot | None) -> None:
    """Show the progress of a training; after its end, let the user choose a snapshot in the same place."""
    share, said = figures.say_status(status, choices)
    run = status.run if status is not None and not status.under_way else None
    if run is None or shown is None or len(run.snapshots) < 2:
        st.progress(share, said)
        return
    instead = {str(mark): str(run.at(mark).step) for mark in _marks(choices)}
    steps = [str(each.step) for each in run.snapshots]
    address.bind(st.select_slider, f"{said} Show it after step", STEP, steps, steps[-1], instead=instead)


def _marks(choices: LiveChoices) -> tuple[int, ...]:
    return loop.snapshot_steps(choices.steps, shared.structure().graph.used)


def _inside(run: LiveRun, shown: Snapshot, trace: Trace) -> str:
    """Show the first kernels and the digit's feature maps; return the row of the maps, or nothing without maps."""
    st.html(figures.first_kernels(run, shown))
    names = [row.name for row in trace.rows if math.prod(row.maps.shape[1:]) > 1]
    learned = [name for name in names if trace[name].kind is LayerKind.CONVOLUTION] or names
    word = current.picture_word()
    if not learned:
        st.write(f"No step of this network has maps of more than one unit for your {word}.")
        return ""
    name = address.bind(st.selectbox, f"Feature maps of your {word}", MAPS, learned, learned[0])
    st.html(figures.digit_maps(trace, name, shown.step, word))
    return name


def _numbers(run: LiveRun) -> None:
    """Show the course of a training as an expandable table, with CSV files."""
    columns = figures.columns(run)
    files = {
        "This table": partial(columns_as_csv, columns),
        "Loss of every step": partial(figures.losses_csv, run),
        "First kernels": partial(figures.kernels_csv, run),
    }
    tables.expandable_table("The course of the training", columns, files, key="live_numbers")
