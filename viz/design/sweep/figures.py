"""The means of a sweep by the parameters of its designs, in a chart, in words and as columns."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from model.design.runs.records import Variant
from viz import theme
from viz.charts.draw import Axis, Series, draw

_NEVER = "—"


def means(found: Sequence[Variant]) -> go.Figure:
    """Draw the mean held-out accuracy of each size by its parameters, with its standard deviation."""
    done = [(each, each.accuracies) for each in sorted(found, key=lambda each: each.parameters) if each.accuracies]
    shares = [100 * spread.mean for _, spread in done]
    error = np.array([0.0 if np.isnan(spread.deviation) else 100 * spread.deviation for _, spread in done])
    says = [f"{each.name}: {spread.mean:.2%}, {len(each.seeds)} seeds" for each, spread in done]
    places = [each.parameters for each, _ in done]
    drawn = Series("mean and standard deviation", places, shares, theme.ACCENT, "joined", error=error, says=says)
    return draw([drawn], Axis("parameters"), Axis("held-out accuracy, %", hover_format=".2f"))


def say(found: Sequence[Variant]) -> str:
    """Say the mean of each size."""
    done = [(each, each.accuracies) for each in found if each.accuracies]
    each = "; ".join(
        f"{variant.name} ({variant.parameters:,} parameters): {_percent(spread.mean)}"
        f"{'' if np.isnan(spread.deviation) else f' ± {100 * spread.deviation:.2f}'}, {_seeds(len(variant.seeds))}"
        for variant, spread in done
    )
    return f"Mean held-out accuracy and standard deviation. {each}."


def columns(found: Sequence[Variant]) -> dict[str, list[str]]:
    """Return the sizes of a sweep as columns: parameters, and mean and spread over the seeds that are finished."""
    spreads = [each.accuracies for each in found]
    return {
        "size": [each.name for each in found],
        "parameters": [str(each.parameters) for each in found],
        "seeds finished": [str(len(each.seeds)) for each in found],
        "mean held-out accuracy": [_NEVER if each is None else f"{each.mean:.6f}" for each in spreads],
        "standard deviation": [
            _NEVER if each is None or np.isnan(each.deviation) else f"{each.deviation:.6f}" for each in spreads
        ],
    }


def _seeds(count: int) -> str:
    return "1 seed" if count == 1 else f"{count} seeds"


def _percent(share: float) -> str:
    return f"{100 * share:.2f}\xa0%"
