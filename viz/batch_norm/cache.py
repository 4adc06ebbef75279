"""Batch norm with a batch's own statistics, its running average, and the network that it is folded into."""

import streamlit as st
import torch

from model.batch_norm import folding, statistics
from model.batch_norm.records import BatchScore, Folding, Forgotten, RunningAverage, Supply
from model.images import digits, mnist
from model.images.records import Digit
from viz.app.queued_cache import in_turn
from viz.app.shared import network


def batch_supply(content: str) -> Supply:
    """Return what batches are made of: mixed digits or one class; MNIST's where it is."""
    return _batch_supply(content, str(mnist.root()) if mnist.is_present() else "")


@in_turn(max_entries=22, show_spinner="Reading the images")
def _batch_supply(content: str, root: str) -> Supply:
    return statistics.supply(content)


def forgotten(digit: Digit, supply: Supply, size: int) -> Forgotten:
    """Return what a digit's batch comes to where evaluation mode is forgotten."""
    return _forgotten(digit.key, supply.source, supply.content, size, digit, supply)


@in_turn(max_entries=64)
def _forgotten(key: str, source: str, content: str, size: int, _digit: Digit, _supply: Supply) -> Forgotten:
    return statistics.forget(network(), _digit.pixels, _supply, size)


def batch_score(supply: Supply, size: int) -> BatchScore:
    """Return how many images are read right in evaluation mode, and in batches without it."""
    return _batch_score(supply.source, supply.content, size, supply)


@in_turn(max_entries=256, show_spinner="Reading the images in batches")
def _batch_score(source: str, content: str, size: int, _supply: Supply) -> BatchScore:
    return statistics.score(network(), _supply, size)


def running_average(supply: Supply, size: int) -> dict[str, RunningAverage]:
    """Return how a copy's running statistics move over batches, for each batch norm."""
    return _running_average(supply.source, supply.content, size, supply)


@in_turn(max_entries=32, show_spinner="Showing a copy 40 batches")
def _running_average(source: str, content: str, size: int, _supply: Supply) -> dict[str, RunningAverage]:
    return statistics.running(network(), _supply, size)


@st.cache_resource(max_entries=1, show_spinner=False)
def folded() -> Folding:
    """Return the folded network held against the network as it is, on the project's digits."""
    return folding.compare(network(), torch.cat([digits.to_input(sample) for sample in digits.samples()]))
