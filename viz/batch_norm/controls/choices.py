"""Choose the batch norm, the map, and the batch; ask what training mode and padding change."""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from model.batch_norm.image_sets import MIXED
from model.batch_norm.normalisation import KINDS
from model.batch_norm.records import Fold, FoldErrors, ImageSet
from model.records import IMAGE
from model.trace.records import LayerKind, Step, Trace
from viz.app import address, current, prediction, shared, widgets
from viz.app.error_boundary import or_say
from viz.app.markdown import escape_markdown
from viz.batch_norm import cache, figures, folding, statistics

CONTENT, SIZE = "content", "batch"
FORGETS, FRAME = "forgets", "frame"
VIEW = "norm_view"
VIEWS = {"steps": "Step by step", "forget": "Left in training mode", "fold": "Folded into a convolution"}
SIZES = tuple(2**power for power in range(9))
_SIZE, _SIZE_OF_LARGE = "16", "4"
_LARGEST_OF_LARGE = 16  # images in a batch of a large network


def allowed() -> dict[str, address.Allowed]:
    """Return what the choices of all parts can be."""
    sizes = [str(size) for size in SIZES]
    asked = {FORGETS: prediction.allowed(statistics.ANSWERS), FRAME: prediction.allowed(folding.ANSWERS)}
    return {CONTENT: cache.contents(), SIZE: sizes, **asked}


def norms(trace: Trace) -> dict[str, Step]:
    """Return the norms of a network by name: batch norms, and group, layer and instance norms."""
    return {step.name: step for step in trace.steps if step.kind in KINDS}


def without_norm() -> None:
    """Say that this network has no norm, and link to a network with batch norms."""
    missing = "This network has no batch norm: no step of it normalises its maps."
    widgets.dead_end(missing, "batch_norm", "Show batch norm in the assignment's network")


def about(trace: Trace) -> str:
    """Say what a norm does."""
    measured = any("running_mean" in step.buffers for step in norms(trace).values())
    origin = "were measured in training" if measured else f"are those of the {current.picture_word()} itself"
    return f"Four operations on every value of a map, with a mean and a variance that {origin}."


def choose_map(trace: Trace) -> tuple[Step, int]:
    """Let the person choose a norm and one of its maps.

    For another step in the address, show the norm of that step's block, else the one before it.
    """
    every = norms(trace)
    called = "Batch norm" if all(step.kind is LayerKind.BATCH_NORM for step in every.values()) else "Norm"
    first = next(iter(every))
    others = [step.name for step in trace.steps if step.name not in every]
    instead = {IMAGE: first} | {other: _norm_of(trace, other, list(every)) for other in others}
    name = address.read_one_of(address.ROW, list(every), first, instead, called)
    key = "widget-norm"
    st.session_state[key] = name

    def choose(chosen: str) -> None:
        channel = address.read(address.CHANNEL, "0")
        kept = channel if channel in map(str, range(len(every[chosen].output))) else "0"
        address.write(row=chosen, channel=kept)

    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(called, list(every), key=key, on_change=address.when_chosen(key, choose), width=220)
        with st.container(width=140):
            channel = widgets.channel(len(every[name].maps))
    return every[name], channel


def _norm_of(trace: Trace, name: str, norms: Sequence[str]) -> str:
    block = next(block for block in trace.blocks if trace[name] in block)
    order = [step.name for step in trace.steps]
    before = [norm for norm in norms if order.index(norm) <= order.index(name)]
    return next((step.name for step in block if step.name in norms), (before or norms[:1])[-1])


def keeps_statistics(trace: Trace) -> bool:
    """Tell whether a batch norm keeps running statistics; if none does, say so here."""
    if any(step.kind is LayerKind.BATCH_NORM and "running_mean" in step.buffers for step in trace.steps):
        return True
    st.info(
        "No batch norm of this network keeps running statistics. Its norms use the mean and the variance of the values "
        "that they get, in training mode as in evaluation mode, so there is no running average to show."
    )
    return False


def say_own_statistics(step: Step) -> None:
    """Say why a norm is not shown in a part that is about running statistics."""
    st.info(
        escape_markdown(
            f"{step.name} ({step.kind}) keeps no running statistics: it uses the mean and the variance of the values "
            "that it gets. So it has no running average, and it is no fixed multiplication and addition that a "
            "convolution could take up. Choose a batch norm with running statistics."
        )
    )


def choose_batch() -> tuple[ImageSet, int]:
    """Let the person choose the content and the size of the batch, and say where its images come from.

    A new choice removes the prediction.
    """
    left, right = st.columns(2, gap="large")
    word = current.picture_word()
    with left:
        content = address.bind(
            st.selectbox,
            f"The batch contains your {word} and",
            CONTENT,
            {each: statistics.say_content(each, word) for each in cache.contents()},
            MIXED,
            together=lambda chosen: {FORGETS: "", SIZE: _kept_size(chosen)},
        )
    images = cache.image_set(content)
    sizes, default = _sizes(images), _SIZE if shared.is_small(current.network()) else _SIZE_OF_LARGE
    with right:
        size = address.bind(
            st.select_slider,
            "Batch size",
            SIZE,
            sizes,
            default if default in sizes else sizes[-1],
            together=lambda _size: {FORGETS: ""},
        )
    st.caption(_say_source(images, int(size)))
    return images, int(size)


def _sizes(images: ImageSet) -> list[str]:
    most = len(images.labels) if shared.is_small(current.network()) else _LARGEST_OF_LARGE
    return [str(size) for size in SIZES if size <= min(most, len(images.labels))]


def _kept_size(content: str) -> str:
    """Return the size in the address if there are so many images, else the largest possible size."""
    sizes, size = _sizes(cache.image_set(content)), address.read(SIZE, "")
    return size if size in sizes or size not in map(str, SIZES) else sizes[-1]


def _say_source(images: ImageSet, size: int) -> str:
    """Say where the other images come from, and how large a batch can be."""
    if size == 1:
        return f"A batch of 1 contains only your {current.picture_word()}."
    largest, limit = max(map(int, _sizes(images))), ""
    if largest < SIZES[-1] and current.takes_digits():
        limit = f" There are {len(images.labels)}; with MNIST a batch can have up to 256."
    return f"The first image is your {current.picture_word()}, the others are {images.source}.{limit}"


def ask_accuracy(images: ImageSet, size: int) -> None:
    """Ask how training mode changes the accuracy, then say what was measured; nothing where it cannot be measured."""
    if not cache.is_labelled(images):
        st.write("No sample of the project shows a class of this network, so its accuracy is not measured here.")
        return
    score = or_say(partial(cache.batch_accuracy, images, size))
    if score is None:
        return
    prediction.ask(
        FORGETS,
        "How many images are classified correctly, compared with evaluation mode?",
        statistics.ANSWERS,
        statistics.outcome(score),
        statistics.say_accuracy(score, images, size, current.picture_word()),
    )


def ask_padding(fold: Fold, found: FoldErrors) -> None:
    """Ask how zero padding would change a fold, then say what was measured. A linear layer has no padding."""
    if fold.weight.ndim == 2:
        st.write(folding.say_linear(fold, found))
        return
    question = f"If {fold.into} had zero padding, would the folded convolution give the same outputs?"
    if fold.before:
        question = f"With zero padding, does the folded {fold.into} give the same outputs as before?"
    prediction.ask(
        FRAME,
        question,
        folding.ANSWERS,
        folding.outcome(found),
        folding.say_padding(fold, found),
    )


def to_try(trace: Trace) -> list[str]:
    """Return what to try on the page."""
    word, ideas = current.picture_word(), list[str]()
    if any("running_mean" in step.buffers for step in norms(trace).values()):
        largest = 256 if current.takes_digits() else "the largest size"
        ideas = [
            f"Use training mode with mixed {word}s and change the batch size: when is the prediction for your {word} "
            "incorrect?",
            f"Then choose one class only and a batch of {largest}: a large batch does not help. What does the mean now "
            "remove?",
        ]
    if figures.any_after_relu(trace):
        ideas.append("Find an input map without zeros, and one with almost only zeros.")
    else:
        ideas.append("Find a map that the norm makes larger, and one that it makes smaller.")
    return ideas
