"""The answer with dropout off beside the answer with one mask, in HTML and in words."""

from collections.abc import Sequence
from html import escape

import numpy as np

from model.records import Activation
from viz import theme
from viz.pictures import swatches, words
from viz.pictures.markdown import escape_markdown

MOST_CLASSES = 10  # that are drawn


def answers(off: Activation, on: Activation, seed: int, names: Sequence[str] = ()) -> str:
    """Draw in HTML both answers, and two bars for each class: its probability with dropout off and with a mask.

    Args:
        off: Probabilities with dropout off, (K,).
        on: Probabilities with the mask, (K,).
        seed: Of the mask.
        names: The names of the classes; without, they are called by their numbers.
    """
    changed = ' class="changed"' if is_changed(off, on) else ""
    bars = "".join(_bars(name_of(c, names), float(off[c]), float(on[c])) for c in _shown(off, on))
    style = f"--off: {theme.MUTED}; --on: {theme.ACCENT}; --mark: {theme.HIGHLIGHT}"
    label = f"The answer with dropout off and with mask {seed:,}"
    return (
        f'<section class="mask-answers" aria-label="{label}" style="{style}">'
        f'<dl><div><dt><i class="off"></i>Dropout off</dt>{_answer(off, names)}</div>'
        f'<div{changed}><dt><i class="on"></i>Mask {seed:,}</dt>{_answer(on, names)}</div></dl>'
        f"<ol>{bars}</ol></section>"
    )


def _answer(shares: Activation, names: Sequence[str]) -> str:
    return f"<dd><b>{escape(name_of(int(shares.argmax()), names))}</b> {words.percent(float(shares.max()))}</dd>"


def _bars(name: str, off: float, on: float) -> str:
    return (
        f'<li><i class="off" style="--share: {off:.4f}"></i><i class="on" style="--share: {on:.4f}"></i>'
        f"<b>{escape(name)}</b><span>{words.percent(off)} off, {words.percent(on)} with the mask</span></li>"
    )


def _shown(off: Activation, on: Activation) -> list[int]:
    """Return the classes that are drawn: all, or of many those that are most likely with dropout off or on."""
    if len(off) <= MOST_CLASSES:
        return [*range(len(off))]
    return sorted(map(int, (-np.maximum(off, on)).argsort(kind="stable")[:MOST_CLASSES]))


def is_changed(off: Activation, on: Activation) -> bool:
    """Tell whether a mask changes the answer."""
    return bool(off.argmax() != on.argmax())


def say_answers(off: Activation, on: Activation, seed: int, names: Sequence[str] = ()) -> str:
    """Say both answers, and whether the mask changes the answer."""
    verdict = "changes the answer" if is_changed(off, on) else "does not change the answer"
    return (
        f"**Mask {seed:,} {verdict}.** Dropout off: {say_prediction(off, names)}; with this mask: "
        f"{say_prediction(on, names)}."
    )


def say_prediction(shares: Activation, names: Sequence[str] = ()) -> str:
    """Say in Markdown the most likely class, and its probability."""
    return f"{escape_markdown(name_of(int(shares.argmax()), names))} with {words.percent(float(shares.max()))}"


def say_search(found: int | None, first: int, tried: int) -> str:
    """Say how many masks a search tried, and which one changes the answer.

    Args:
        found: The seed of the mask that changes the answer; None where none of those tried does.
        first: The seed of the first mask that was tried; each later one has the next seed.
        tried: How many were tried.
    """
    which = f"mask {first:,}" if tried == 1 else f"masks {first:,} to {first + tried - 1:,}"
    if found is None:
        return f"Tried {words.count(tried, 'mask')}, {which}: none changes the answer. A larger p changes more."
    return f"Tried {words.count(tried, 'mask')}: mask {found:,} is the first after mask {first - 1:,} that changes it."


def answers_csv(off: Activation, on: Activation, names: Sequence[str] = ()) -> str:
    """Return the probability of each class with dropout off and with the mask as CSV."""
    lines = [(name_of(c, names), f"{a:.8g}", f"{b:.8g}") for c, (a, b) in enumerate(zip(off, on, strict=True))]
    return swatches.as_csv([("class", "dropout off", "with the mask"), *lines])


def name_of(target: int, names: Sequence[str]) -> str:
    """Return what a class is called, as plain text."""
    return names[target] if names else str(target)
