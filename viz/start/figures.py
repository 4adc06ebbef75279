"""The answer, and where the evidence for it lies, in HTML and in words."""

from html import escape

import numpy as np

from model.head.records import Evidence, Head
from model.receptive_field.records import ReceptiveField
from model.records import Pixels
from viz.head.figures import overlay
from viz.pictures import swatches, words
from viz.pictures.panels import scale_bar

_LONG = 3  # characters of a class name that is set smaller
_MOST = 0.5  # of the logit: less is the largest part, and not most of it


def answer(name: str, probability: str, others: str, drawn: str = "", *, example: str = "") -> str:
    """Draw the answer, large enough for the back row.

    Args:
        name: Of the class that is predicted.
        probability: As it is shown.
        others: What else is likely.
        drawn: A figure beside it.
        example: What the answer is about while the pad is empty; nothing where a person chose the picture.
    """
    named = " named" if len(name) > _LONG else ""
    first = f"<span>Example: {escape(example)}. Draw your own.</span>" if example else ""
    return (
        f'<div class="answer{named}"><p>{first}The network predicts<strong>{escape(name)}</strong><b>{probability}</b>'
        f"{escape(others)}</p>{drawn}</div>"
    )


def picture(pixels: str, alt: str) -> str:
    """Draw what the network looks at, large, where it is nothing that can be drawn by hand.

    Args:
        pixels: Address of the image.
        alt: What it is.
    """
    return f'<figure class="looked-at"><img src="{pixels}" alt="{escape(alt)}"></figure>'


def evidence(head: Head, k: int, field: ReceptiveField | None, pixels: Pixels) -> str:
    """Draw over the picture what each unit of a class map adds to the logit of its class."""
    values = head.parts(k)
    range_ = swatches.signed(values)
    drawn = overlay(values, range_, field, pixels, f"Class map of {head.class_name(k)} over the picture")
    return f'<figure class="evidence">{drawn}<figcaption>{scale_bar(range_)}</figcaption></figure>'


def evidence_csv(head: Head, k: int) -> str:
    """Return what each unit adds to the logit of a class, with all digits as CSV."""
    return swatches.as_csv([("y", "x", "value"), *((*at, float(value)) for at, value in np.ndenumerate(head.parts(k)))])


def say_why(found: Evidence, name: str, of: str) -> str:
    """Say where the evidence for a class lies, and how much of its logit that is.

    Args:
        found: The part of the class map around its largest value.
        name: Of the class.
        of: What is looked at: ``digit`` or ``picture``.
    """
    share = f"**{found.amount:+.1f} of {words.fine(found.logit, 1)}**"
    much = "Most" if found.amount > _MOST * found.logit > 0 else "The largest part"
    at = "in the middle" if found.place == "middle" else f"at the {found.place}"
    where = f"at the {found.ink} {at}" if found.ink else f"{at} of the {of}"
    return f"**Why {name}?** {much} of the evidence is {where}: {share}."


def say_map(head: Head, k: int, name: str) -> str:
    """Say what the colours of a class map mean, and what its values add up to."""
    return (
        f"Red supports {name}, blue opposes it. With a bias of {words.fine(head.biases[k], 1)}, all values of the map "
        f"add up to {words.fine(head.exact_logits[k], 1)}, the logit."
    )
