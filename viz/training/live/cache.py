"""The queue of trainings, shared by all people, and traces of a digit through their snapshots."""

from collections.abc import Iterator
from dataclasses import replace

import streamlit as st

from model import networks, trace
from model.design.runs import training as design_runs
from model.design.runs.records import RunChoices, RunProgress
from model.errors import InputError
from model.images import mnist, shapes
from model.images.records import Digit
from model.networks.assignment import weights
from model.trace.private import private_copy
from model.trace.records import Trace
from model.training.background.queue import TrainingQueue
from model.training.images import HELD_OUT
from model.training.live import fresh, loop, pictures
from model.training.live.fresh import Suited
from model.training.live.pictures import LivePictures
from model.training.live.records import LiveChoices, LiveRun, Shipped, Snapshot
from viz.app import current, shared
from viz.app.queued_cache import queued
from viz.app.shared import network


@st.cache_resource(show_spinner=False, on_release=TrainingQueue.close)
def training_queue() -> TrainingQueue:
    """Return the queue of all trainings, of networks and of designs, which all people share."""
    return TrainingQueue(_train)


def _train(choices: LiveChoices | RunChoices) -> Iterator[LiveRun] | Iterator[RunProgress]:
    if isinstance(choices, RunChoices):
        return design_runs.train(choices)
    return _train_network(choices)


def _train_network(choices: LiveChoices) -> Iterator[LiveRun]:
    shown = networks.by_id(choices.network)
    yield from loop.train(shown, choices, _pictures(fresh.suited(shown).kind))


def _pictures(kind: str) -> LivePictures:
    return pictures.read(kind)


@queued(max_entries=64, show_spinner="Measuring one step of training")
def suited() -> Suited | str:
    """Return what a small training of the network of this run is like, or a sentence that says why there is none."""
    try:
        return fresh.suited(network())
    except InputError as error:
        return str(error)


def record_snapshot(digit: Digit, choices: LiveChoices, snapshot: Snapshot) -> Trace:
    """Return the trace of a digit through a snapshot of a training."""
    return _record(digit.key, choices, snapshot.step, digit, snapshot)


@st.cache_resource(max_entries=64, show_spinner=False)
def _record(key: str, choices: LiveChoices, step: int, _digit: Digit, _snapshot: Snapshot) -> Trace:
    module = loop.network_of(network(), _snapshot)
    return replace(trace.record(module, shared.to_input(_digit)), classes=network().classes)


@queued(max_entries=64)
def shipped(kind: str) -> Shipped:
    """Return the result of the trained network on the held-out images of small trainings.

    Args:
        kind: Of these images.

    Raises:
        DataError: MNIST is missing or damaged.
    """
    card = weights.read_card() if current.is_assignment() else network().card
    correct = loop.count_correct(private_copy(network().module), network(), _pictures(kind).held_out)
    epochs = (card.get("recipe") or {}).get("epochs")
    if epochs is None:
        return Shipped(correct)
    trained_on_all = card.get("validation_accuracy") is None  # no image was held out
    every = mnist.SIZES["train"] if kind == pictures.MNIST else shapes.SIZES["train"]
    return Shipped(correct, epochs, every - (0 if trained_on_all else HELD_OUT), trained_on_all)
