"""Attributions of a digit; imported by the pages that show them alone, for Captum takes long to import."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import streamlit as st
import torch.fx.experimental.symbolic_shapes  # noqa: F401 (what DeepLIFT's first map would import, and be timed with)
from torch import Tensor, nn

from model import saliency
from model.images import digits
from model.images.records import Digit
from model.saliency.records import Attribution, AttributionPlan
from viz.app.queued_cache import in_turn
from viz.app.shared import network

_OFTEN = 0.1  # seconds between two pictures of what there is so far


def attribute(digit: Digit, plan: AttributionPlan) -> Attribution:
    """Return the map of a digit that a plan asks for."""
    return _attribute(digit.key, plan, digit)


@in_turn(max_entries=2048)
def _attribute(key: str, plan: AttributionPlan, _digit: Digit) -> Attribution:
    return explain(plan, network(), digits.to_input(_digit))


def explain(plan: AttributionPlan, explained: nn.Sequential, x: Tensor) -> Attribution:
    """Explain a network's score for an image (1, 1, 28, 28) as a plan asks; this is not kept."""
    return saliency.attribute(
        explained,
        x,
        plan.target,
        plan.method,
        output=plan.output,
        against=plan.against,
        baseline=plan.baseline,
        layer=plan.layer,
        at=plan.at,
        seed=plan.seed,
        options=dict(plan.options),
    )


def each(
    digit: Digit, plans: Mapping[str, AttributionPlan], draw: Callable[[Mapping[str, Attribution]], str]
) -> dict[str, Attribution]:
    """Return many maps by name; while they are made, show what there is of them, in the same place.

    A person who moves on stops the run between two of them; what was made is kept.

    Args:
        digit: Whose maps.
        plans: By name.
        draw: Makes HTML of the maps that are there.
    """
    place, shown = st.empty(), time.monotonic() - _OFTEN
    found: dict[str, Attribution] = {}
    for name, plan in plans.items():
        found[name] = attribute(digit, plan)
        if time.monotonic() - shown > _OFTEN:
            place.html(draw(found))
            shown = time.monotonic()
    place.html(draw(found))
    return found


def through(plan: AttributionPlan, steps: Iterable[str]) -> dict[str, AttributionPlan]:
    """Return the plans of one method at the image, and at each of these steps."""
    return {"": plan} | {name: replace(plan, at=name) for name in steps}
