"""The controls of the batch norm page: the batch norm, the map, and the batch."""

from collections.abc import Sequence

import streamlit as st

from model.batch_norm.records import BatchAccuracy, Fold, FoldErrors, ImageSet
from model.batch_norm.statistics import CONTENTS, MIXED
from model.records import IMAGE
from model.trace.records import LayerKind, Step, Trace
from viz.app import address, prediction, widgets
from viz.batch_norm import cache, folding, statistics

CONTENT, SIZE = "content", "batch"
FORGETS, FRAME = "forgets", "frame"
VIEW = "norm_view"
VIEWS = {"steps": "Step by step", "forget": "Left in training mode", "fold": "Folded into a convolution"}
SIZES = tuple(2**power for power in range(9))
_SIZE = "16"
ALLOWED = {
    CONTENT: CONTENTS,
    SIZE: [str(size) for size in SIZES],
    FORGETS: statistics.ANSWERS,
    FRAME: folding.ANSWERS,
}


def choose_map(trace: Trace) -> tuple[Step, int]:
    """Let the person choose a batch norm and one of its maps.

    For another step in the address, show the batch norm of that step's block.
    """
    norms = {step.name: step for step in trace.steps if step.kind is LayerKind.BATCH_NORM}
    first = next(iter(norms))
    instead = {IMAGE: first} | {step.name: _norm_of(trace, step.name, list(norms)) for step in trace.steps}
    name = address.read_one_of(address.ROW, list(norms), first, instead, "Batch norm")
    key = "widget-norm"
    st.session_state[key] = name

    def choose(chosen: str) -> None:
        channel = address.read(address.CHANNEL, "0")
        kept = channel if channel in map(str, range(len(norms[chosen].output))) else "0"
        address.write(row=chosen, channel=kept)

    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox("Batch norm", list(norms), key=key, on_change=address.when_chosen(key, choose), width=220)
        with st.container(width=140):
            channel = widgets.channel(len(norms[name].output))
    return norms[name], channel


def _norm_of(trace: Trace, name: str, norms: Sequence[str]) -> str:
    block = next(block for block in trace.blocks if trace[name] in block)
    return next((step.name for step in block if step.name in norms), norms[-1])


def choose_batch() -> tuple[ImageSet, int]:
    """Let the person choose the content and the size of the batch, and say where its images come from.

    A new choice removes the prediction.
    """
    left, right = st.columns(2, gap="large")
    with left:
        content = address.bind(
            st.selectbox,
            "The batch contains your digit and",
            CONTENT,
            {each: "mixed digits" if each == MIXED else f"{each}s only" for each in CONTENTS},
            MIXED,
            together=lambda chosen: {FORGETS: "", SIZE: _kept_size(chosen)},
        )
    images = cache.image_set(content)
    sizes = _sizes(images)
    with right:
        size = address.bind(
            st.select_slider,
            "Batch size",
            SIZE,
            sizes,
            _SIZE if _SIZE in sizes else sizes[-1],
            together=lambda _size: {FORGETS: ""},
        )
    st.caption(_say_source(images, int(size)))
    return images, int(size)


def _sizes(images: ImageSet) -> list[str]:
    return [str(size) for size in SIZES if size <= len(images.labels)]


def _kept_size(content: str) -> str:
    """Return the size in the address if there are so many images, else the largest possible size."""
    sizes, size = _sizes(cache.image_set(content)), address.read(SIZE, "")
    return size if size in sizes or size not in map(str, SIZES) else sizes[-1]


def _say_source(images: ImageSet, size: int) -> str:
    """Say where the other images come from, and how large a batch can be."""
    if size == 1:
        return "A batch of 1 contains only your digit."
    largest = max(map(int, _sizes(images)))
    limit = "" if largest == SIZES[-1] else f" There are {len(images.labels)}; with MNIST a batch can have up to 256."
    return f"The first image is your digit, the others are {images.source}.{limit}"


def ask_accuracy(score: BatchAccuracy, images: ImageSet, size: int) -> None:
    """Ask how training mode changes the accuracy, then say what was measured."""
    prediction.ask(
        FORGETS,
        "How many images are classified correctly, compared with evaluation mode?",
        statistics.ANSWERS,
        statistics.outcome(score),
        statistics.say_accuracy(score, images, size),
    )


def ask_padding(fold: Fold, found: FoldErrors) -> None:
    """Ask how zero padding would change a fold, then say what was measured."""
    prediction.ask(
        FRAME,
        f"If {fold.into} had zero padding, would the folded convolution give the same outputs?",
        folding.ANSWERS,
        folding.outcome(found),
        folding.say_padding(fold, found),
    )
