"""Controls of the batch norm page: which batch norm, which map, and what the batch holds."""

from collections.abc import Sequence

import streamlit as st

from model.batch_norm.records import BatchScore, Fold, Hindrances, Supply
from model.batch_norm.statistics import CONTENTS, MIXED
from model.records import IMAGE
from model.trace.records import LayerKind, Step, Trace
from viz.app import address, prediction, widgets
from viz.batch_norm import cache, folding, statistics

CONTENT, SIZE = "content", "batch"
FORGETS, FRAME = "forgets", "frame"
VIEW = "norm_view"
VIEWS = {"steps": "Step by step", "forget": "Evaluation mode forgotten", "fold": "Folded away"}
SIZES = tuple(2**power for power in range(9))
_SIZE = "16"
ALLOWED = {
    CONTENT: CONTENTS,
    SIZE: [str(size) for size in SIZES],
    FORGETS: statistics.ANSWERS,
    FRAME: folding.ANSWERS,
}


def choose_map(trace: Trace) -> tuple[Step, int]:
    """Let the person choose a batch norm and a map of it.

    The link may name any step, as other pages write it: then it is the batch norm of that step's block.
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


def choose_batch() -> tuple[Supply, int]:
    """Let the person choose what the batch holds and how large it is, and say where it is from.

    Another batch asks for another prediction.
    """
    left, right = st.columns(2, gap="large")
    with left:
        content = address.bind(
            st.selectbox,
            "The batch holds your digit and",
            CONTENT,
            {each: "mixed digits" if each == MIXED else f"{each}s only" for each in CONTENTS},
            MIXED,
            together=lambda chosen: {FORGETS: "", SIZE: _kept_size(chosen)},
        )
    supply = cache.batch_supply(content)
    sizes = _sizes(supply)
    with right:
        size = address.bind(
            st.select_slider,
            "Batch size",
            SIZE,
            sizes,
            _SIZE if _SIZE in sizes else sizes[-1],
            together=lambda _size: {FORGETS: ""},
        )
    st.caption(_say_supply(supply, int(size)))
    return supply, int(size)


def _sizes(supply: Supply) -> list[str]:
    return [str(size) for size in SIZES if size <= len(supply.labels)]


def _kept_size(content: str) -> str:
    """Return the size in the link where so many images are to be had, else the largest that is."""
    sizes, size = _sizes(cache.batch_supply(content)), address.read(SIZE, "")
    return size if size in sizes or size not in map(str, SIZES) else sizes[-1]


def _say_supply(supply: Supply, size: int) -> str:
    """Say where the other images come from, and how large a batch can be."""
    if size == 1:
        return "A batch of 1 holds your digit alone."
    largest = max(map(int, _sizes(supply)))
    less = (
        "" if largest == SIZES[-1] else f" There are {len(supply.labels)}: with MNIST, batches of up to 256 can be had."
    )
    return f"The first image is your digit, the others are {supply.source}.{less}"


def ask_score(score: BatchScore, supply: Supply, size: int) -> None:
    """Ask what forgetting evaluation mode costs, then say what was measured."""
    prediction.ask(
        FORGETS,
        "How many are read right, compared with evaluation mode?",
        statistics.ANSWERS,
        statistics.outcome(score),
        statistics.say_score(score, supply, size),
    )


def ask_frame(fold: Fold, found: Hindrances) -> None:
    """Ask what a frame of zeros would do to a fold, then say what was measured."""
    prediction.ask(
        FRAME,
        f"If {fold.into} put a frame of zeros around its input, would the folded one give the same?",
        folding.ANSWERS,
        folding.outcome(found),
        folding.say_frame(fold, found),
    )
