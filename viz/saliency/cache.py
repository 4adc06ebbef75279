"""Cached attributions of a digit; only the pages that show them import this module, because Captum imports slowly."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import streamlit as st
import torch.fx.experimental.symbolic_shapes  # noqa: F401 (DeepLIFT's first map would import it, and take longer)
from torch import Tensor, nn

from model import saliency
from model.images.records import Digit
from model.saliency.records import Attribution, AttributionPlan
from viz.app.queued_cache import queued
from viz.app.shared import network, to_input

_INTERVAL = 0.1  # seconds between two updates of the figure


def attribute(digit: Digit, plan: AttributionPlan) -> Attribution:
    """Return the map of a digit for a plan."""
    return _attribute(digit.key, plan, digit)


@queued(max_entries=2048)
def _attribute(key: str, plan: AttributionPlan, _digit: Digit) -> Attribution:
    return explain(plan, network().module, to_input(_digit))


def explain(plan: AttributionPlan, explained: nn.Module, x: Tensor) -> Attribution:
    """Explain a network's score for an image (1, 1, 28, 28) as the plan says, without the cache."""
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
    """Return many maps by name; while they are computed, show those that are ready, in the same place.

    If the user opens another page, the run stops between two maps; the maps that are ready stay in the cache.

    Args:
        digit: The digit explained.
        plans: By name.
        draw: Draws the maps that are ready as HTML.
    """
    place, updated = st.empty(), time.monotonic() - _INTERVAL
    found: dict[str, Attribution] = {}
    for name, plan in plans.items():
        found[name] = attribute(digit, plan)
        if time.monotonic() - updated > _INTERVAL:
            place.html(draw(found))
            updated = time.monotonic()
    place.html(draw(found))
    return found


def plans_for_steps(plan: AttributionPlan, steps: Iterable[str]) -> dict[str, AttributionPlan]:
    """Return the plans of one method for the image and for each of these steps."""
    return {"": plan} | {name: replace(plan, at=name) for name in steps}
