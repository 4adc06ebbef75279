"""Cached attributions of a digit; only the pages that show them import this module, because Captum imports slowly."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

import streamlit as st
import torch.fx.experimental.symbolic_shapes  # noqa: F401 (DeepLIFT's first map would import it, and take longer)
from torch import Tensor, nn

from model import saliency
from model.images.records import Digit
from model.saliency.records import Attribution, AttributionPlan
from model.saliency.registry import refusal
from viz.app.current import of_network
from viz.app.queued_cache import queued
from viz.app.shared import network, to_input

_INTERVAL = 0.1  # seconds between two updates of the figure


def attribute(digit: Digit, plan: AttributionPlan) -> Attribution:
    """Return the map of a digit for a plan."""
    return _attribute(digit.key, plan, digit)


@queued(max_entries=2048)
def _attribute(key: str, plan: AttributionPlan, _digit: Digit) -> Attribution:
    return explain(plan, network().module, to_input(_digit))


def explain(plan: AttributionPlan, explained: nn.Module, x: Tensor, *, scored: bool = True) -> Attribution:
    """Explain a network's score for an image (1, C, H, W) as the plan says, without the cache; see ``attribute``."""
    found = saliency.attribute(
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
        image=network().input,
        scored=scored,
    )
    return replace(found, classes=network().classes)


@of_network(max_entries=64)
def refusals() -> Mapping[str, str]:
    """Return the sentence that refuses each method that does not apply to the network of this run, by its name."""
    module = network().module
    return MappingProxyType({name: why for name in saliency.METHODS if (why := refusal(name, module))})


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
