"""A small training on the page: its choices, its start, its curves while they grow, and its snapshots afterwards."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from uuid import uuid4

import streamlit as st

from model.errors import InputError
from model.images import mnist
from model.images.records import Digit
from model.trace.records import LayerKind, Trace
from model.training.live import lesson
from model.training.live.records import LiveChoices, LiveRun, LiveStatus, Snapshot
from viz.app import address, mnist_picker, shared, tables, widgets
from viz.app.charts import mount
from viz.app.error_boundary import or_say_why
from viz.app.markdown import plain
from viz.pictures.swatches import columns_as_csv
from viz.training.live import cache, figures

STARTED, STEP, MAPS = "live", "live_step", "live_maps"
_PERSON = "who trains"
_CHOICES: Mapping[str, tuple[str, Sequence[str], str]] = {
    "live_steps": ("Steps", [str(steps) for steps in lesson.STEPS], "300"),
    "live_rate": ("Learning rate", ["0.001", "0.01", "0.03", "0.1", "0.3", "1"], "0.1"),
    "live_batch": ("Images a step", [str(size) for size in lesson.BATCH_SIZES], "32"),
    "live_p": ("Dropout p", ["0", "0.1", "0.25", "0.5"], "0.1"),
    "live_seed": ("Seed", [str(seed) for seed in range(lesson.HIGHEST_SEED + 1)], "1"),
}
ALLOWED: dict[str, address.Allowed] = {
    STARTED: [address.YES],
    STEP: widgets.whole_number,
    **{name: options for name, (_, options, _) in _CHOICES.items()},
}
_OFTEN, _EACH = 0.6, 0.06  # seconds between two looks: at least, and for each person who looks too


def show(digit: Digit) -> None:
    """Show a small training of one's own.

    Args:
        digit: What the network in training is asked to read.
    """
    st.write(
        f"Train it yourself, from nothing: a few hundred steps on {lesson.IMAGES:,} of MNIST's training images, "
        f"judged by {lesson.HELD_OUT} others."
    )
    if not mnist.is_present():
        mnist_picker.offer_download("training")
        return
    choices = _in_link()
    status = _status(choices)
    *places, last = st.columns([3] * len(_CHOICES) + [5], vertical_alignment="bottom")
    _choose(places, locked=status is not None and status.under_way)
    with last:
        _start_and_cancel(status)
    if status is not None and status.under_way:
        st.fragment(_watch, run_every=max(_OFTEN, _EACH * cache.live_queue().people()))(digit, choices)
    else:
        st.fragment(_stage)(digit, choices, status)
    if status is not None and status.run is not None and not status.under_way:
        _numbers(status.run)


def _in_link() -> LiveChoices:
    """Return what the link asks for."""
    steps, rate, batch, p, seed = (
        address.read_one_of(name, options, default, label=label) for name, (label, options, default) in _CHOICES.items()
    )
    return LiveChoices(int(steps), float(rate), int(batch), float(p), int(seed))


def _choose(places: Sequence[Any], *, locked: bool) -> None:
    """Let the person choose; what is chosen anew has yet to be started."""
    for place, (name, (label, options, default)) in zip(places, _CHOICES.items(), strict=True):
        with place:
            address.bind(
                st.selectbox,
                label,
                name,
                options,
                default,
                together=lambda _value: {STARTED: "", STEP: ""},
                disabled=locked,
            )


def _person() -> str:
    """Return what tells this visit from all others."""
    return str(st.session_state.setdefault(_PERSON, uuid4().hex))


def _status(choices: LiveChoices) -> LiveStatus | None:
    """Return how the person's training stands, as the link has it: started, or not."""
    queue, person = cache.live_queue(), _person()
    status = queue.look(person, choices)
    if address.is_on(STARTED):
        if status is None or status.stage == "cancelled":
            return _put_in(choices)
    elif status is not None and status.under_way:
        queue.cancel(person)
        return queue.look(person, choices)
    return status


def _put_in(choices: LiveChoices) -> LiveStatus | None:
    try:
        return cache.live_queue().start(_person(), choices)
    except InputError as error:
        st.error(plain(str(error)))
        return None


def _start_and_cancel(status: LiveStatus | None) -> None:
    def start() -> None:
        cache.live_queue().forget(_person())
        address.write(**{STARTED: "yes", STEP: ""})

    def cancel() -> None:
        cache.live_queue().cancel(_person())
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


def _watch(digit: Digit, choices: LiveChoices) -> None:
    """Look at a training that waits or runs; when it has ended, let the page say so."""
    status = cache.live_queue().look(_person(), choices)
    if status is None or not status.under_way:
        st.rerun()
    _stage(digit, choices, status)


def _stage(digit: Digit, choices: LiveChoices, status: LiveStatus | None) -> None:
    """Show how a training stands: its curves, and what it makes of the digit at one of its snapshots."""
    run = status.run if status is not None else None
    shown = _shown(choices, run)
    with st.container(key="live_progress"):
        _progress(choices, status, shown)
    if status is not None and status.problem:
        st.error(plain(status.problem))
    known = or_say_why(cache.shipped) if run is not None else None
    over = status is not None and not status.under_way
    left, right = st.columns([3, 2], gap="medium")
    with left:
        step, said = shown.step if shown else None, "Not started." if run is None else figures.say_progress(run)
        mount(figures.losses(choices, run, step), "live-loss", f"Loss. {said}")
        mount(figures.accuracies(choices, run, known, step), "live-accuracy", f"Accuracy. {said}")
    if run is None or shown is None:
        right.write("Here the first kernels form, and the feature maps of your digit with them.")
        return
    trace = cache.record_snapshot(digit, choices, shown)
    with right:
        name = _inside(run, shown, trace)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        own = or_say_why(lambda: shared.record(digit))
        answer = tables.answer_file(trace, f"answer-after-step-{shown.step}") if over else tables.LEFT_OUT
        widgets.figure(figures.answer(trace), figures.say_answer(trace, shown.step, own), answer)
    with right:
        st.write(figures.say_result(run, known) if over else figures.say_progress(run))
        if over:  # numbers of the charts and of the kernels are beneath all of it
            maps = {str(number): each for number, each in enumerate(trace[name].maps)}
            tables.maps_file("Download these maps as CSV", maps, f"{name}-after-step-{shown.step}").show()


def _shown(choices: LiveChoices, run: LiveRun | None) -> Snapshot | None:
    """Return the snapshot that is looked at: that of the link, or else the last one."""
    if run is None:
        return None
    marks = [str(mark) for mark in lesson.marks(choices.steps)]
    asked = address.read_one_of(STEP, ["", *marks], "")
    return run.at(int(asked)) if asked else run.snapshots[-1]


def _progress(choices: LiveChoices, status: LiveStatus | None, shown: Snapshot | None) -> None:
    """Show how far a training is; once it has ended, let the person go through its snapshots in the same place."""
    share, said = figures.say_status(status, choices)
    run = status.run if status is not None and not status.under_way else None
    if run is None or shown is None or len(run.snapshots) < 2:
        st.progress(share, said)
        return
    instead = {str(mark): str(run.at(mark).step) for mark in lesson.marks(choices.steps)}
    steps = [str(each.step) for each in run.snapshots]
    address.bind(st.select_slider, f"{said} Look at it after step", STEP, steps, steps[-1], instead=instead)


def _inside(run: LiveRun, shown: Snapshot, trace: Trace) -> str:
    """Show the first kernels, and feature maps of the digit; return the row that these are of."""
    st.html(figures.first_kernels(run, shown))
    names = [row.name for row in trace.rows if row.kind is LayerKind.CONVOLUTION][:-1]  # the last has no maps to see
    name = address.bind(st.selectbox, "Feature maps of your digit", MAPS, names, names[0])
    st.html(figures.digit_maps(trace, name, shown.step))
    return name


def _numbers(run: LiveRun) -> None:
    """Show the course of a training as a table that can be unfolded, and offer it as CSV."""
    columns = figures.columns(run)
    files = {
        "This table": partial(columns_as_csv, columns),
        "Loss of every step": partial(figures.losses_csv, run),
        "First kernels": partial(figures.kernels_csv, run),
    }
    tables.unfolding("The course of the training", columns, files, key="live_numbers")
