"""The difference that one mask makes in every row, in HTML and in words."""

from collections.abc import Sequence
from html import escape

import numpy as np

from model.dropout.records import RowDifference
from model.records import Activation
from viz import theme
from viz.dropout.figures import percent, scale
from viz.pictures import raster
from viz.pictures.scaling import Range, range_of

_AS_FACTOR = 10  # from this ratio on a difference is given as a factor: 57 times, not 5,700 %


def row_differences(differences: Sequence[RowDifference], selected: str) -> str:
    """Draw in HTML, for each row, the difference compared with the activation, as a bar and as a map.

    A difference d and an activation a are drawn as d / (d + a): 0 for no difference, 0.5 where both are equal, never
    more than 1. So bars can be compared between masks, and small differences stay visible beside one that is fifty
    times the activation.
    """
    maps = [row.map / (row.map + (row.activation_rms or 1.0)) for row in differences]
    range_ = range_of(np.asarray([each.max() for each in maps]))
    items = "".join(
        _row(row, values, range_, row.name == selected) for row, values in zip(differences, maps, strict=True)
    )
    return (
        f'<ol class="row-differences" aria-label="Difference between dropout on and off in every row">{items}</ol>'
        "<p>Bars and maps show difference ÷ (difference + activation). The dashed line marks one half: there the "
        "difference is as large as the activation. The number is difference ÷ activation.</p>"
        f'<p class="scales">{scale(range_, "Maps: mean absolute difference, drawn in the same way")}</p>'
    )


def _row(row: RowDifference, values: Activation, range_: Range, selected: bool) -> str:
    picture = raster.mosaic(values[None], [range_], [(0, 0)])
    said = "none" if row.rms == 0 else _ratio(row.relative)
    mark = ' aria-current="true"' if selected else ""
    share = row.relative / (1 + row.relative)
    return (
        f'<li{mark} style="--share: {share:.4f}; --colour: {theme.KIND_COLOURS[row.kind]}">'
        f'<div><i></i></div><b>{said}</b><img src="{picture}" alt=""><span>{escape(row.name)}</span></li>'
    )


def say_differences(differences: Sequence[RowDifference], *, at_logits: bool = True) -> str:
    """Say where the difference begins, where it is largest, and how large it is at the last row.

    Args:
        differences: All rows.
        at_logits: Whether the last row gives the logits.
    """
    first = next((row for row in differences if row.rms), None)
    if first is None:
        return "No row differs: nothing is dropped."
    largest, last = max(differences, key=lambda row: row.relative), differences[-1]
    end = f"the logits of {last.name}" if at_logits else f"{last.name}, the last row"
    return (
        f"Differences and activations are measured as root mean squares. The difference begins at {first.name} with "
        f"{_ratio(first.relative)} of the activation, is largest at {largest.name} with {_ratio(largest.relative)}, "
        f"and is {_ratio(last.relative)} at {end}."
    )


def difference_columns(differences: Sequence[RowDifference]) -> dict[str, list[str]]:
    """Return the differences of all rows as columns."""
    return {
        "row": [row.name for row in differences],
        "difference (RMS)": [f"{row.rms:.4f}" for row in differences],
        "activation (RMS)": [f"{row.activation_rms:.4f}" for row in differences],
        "difference / activation": [percent(row.relative) for row in differences],
    }


def _ratio(ratio: float) -> str:
    """Say a ratio in per cent, or as a factor if it is large."""
    return f"{ratio:,.0f}\xa0times" if ratio >= _AS_FACTOR else percent(ratio)
