"""The queue of small trainings, shared by all people, and traces of a digit through their snapshots."""

import copy
from collections.abc import Iterator

import streamlit as st

from model import trace
from model.images import digits, mnist
from model.images.records import Digit
from model.networks.assignment import weights
from model.trace.records import Trace
from model.training.images import HELD_OUT, judge
from model.training.live import loop
from model.training.live.queue import LiveQueue
from model.training.live.records import LiveChoices, LiveRun, Shipped, Snapshot
from viz.app.queued_cache import queued
from viz.app.shared import network


@st.cache_resource(show_spinner=False, on_release=LiveQueue.close)
def live_queue() -> LiveQueue:
    """Return the queue of small trainings, which all people share."""
    return LiveQueue(_train)


def _train(choices: LiveChoices) -> Iterator[LiveRun]:
    yield from loop.train(choices, loop.read_images())


def record_snapshot(digit: Digit, choices: LiveChoices, snapshot: Snapshot) -> Trace:
    """Return the trace of a digit through a snapshot of a training."""
    return _record(digit.key, choices, snapshot.step, digit, snapshot)


@st.cache_resource(max_entries=64, show_spinner=False)
def _record(key: str, choices: LiveChoices, step: int, _digit: Digit, _snapshot: Snapshot) -> Trace:
    return trace.record(loop.network_of(_snapshot), digits.to_input(_digit))


@queued(max_entries=1)
def shipped() -> Shipped:
    """Return the result of the app's own network on the held-out images of small trainings.

    Raises:
        DataError: MNIST is missing or damaged.
    """
    card = weights.read_card()
    epochs = (card.get("recipe") or {}).get("epochs", 0)
    held_out = loop.read_images().held_out
    correct = judge(copy.deepcopy(network().module), held_out).correct  # a private copy, because this changes its mode
    trained_on_all = card.get("validation_accuracy") is None  # no image was held out
    images = mnist.SIZES["train"] - (0 if trained_on_all else HELD_OUT)
    return Shipped(correct, epochs, images, trained_on_all)
