"""Small trainings, one queue for everybody; and what their snapshots make of a digit."""

import copy
from collections.abc import Iterator

import streamlit as st

from model import trace
from model.images import digits, mnist
from model.images.records import Digit
from model.networks.assignment import weights
from model.trace.records import Trace
from model.training.images import HELD_OUT, judge
from model.training.live import lesson
from model.training.live.queue import LiveQueue
from model.training.live.records import LiveChoices, LiveRun, Shipped, Snapshot
from viz.app.queued_cache import in_turn
from viz.app.shared import network


@st.cache_resource(show_spinner=False, on_release=LiveQueue.close)
def live_queue() -> LiveQueue:
    """Return the queue of small trainings that everybody shares."""
    return LiveQueue(_train)


def _train(choices: LiveChoices) -> Iterator[LiveRun]:
    yield from lesson.train(choices, lesson.lesson())


def record_snapshot(digit: Digit, choices: LiveChoices, snapshot: Snapshot) -> Trace:
    """Return the trace of a digit through a network in the middle of its training."""
    return _record(digit.key, choices, snapshot.step, digit, snapshot)


@st.cache_resource(max_entries=64, show_spinner=False)
def _record(key: str, choices: LiveChoices, step: int, _digit: Digit, _snapshot: Snapshot) -> Trace:
    return trace.record(lesson.network_of(_snapshot), digits.to_input(_digit))


@in_turn(max_entries=1)
def shipped() -> Shipped:
    """Return how the app's own network does on the images that small trainings are judged by.

    Raises:
        DataError: MNIST is missing or damaged.
    """
    card = weights.read_card()
    epochs = (card.get("recipe") or {}).get("epochs", 0)
    held_out = lesson.lesson().held_out
    correct = judge(copy.deepcopy(network()), held_out).correct  # a private one, for it changes mode meanwhile
    saw_all = card.get("validation_accuracy") is None  # nothing was held out
    images = mnist.SIZES["train"] - (0 if saw_all else HELD_OUT)
    return Shipped(correct, epochs, images, saw_all)
