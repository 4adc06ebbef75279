"""The numbers of maps as files, and why a map is blank."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from model.images.records import Digit
from model.saliency import METHODS
from model.saliency.records import Attribution, AttributionPlan
from viz.app import tables
from viz.pictures.swatches import maps_as_csv
from viz.saliency import cache, figures

_RELU = "relu"


def map_file(digit: Digit, found: Attribution) -> tables.CsvFile:
    """Return a map of a digit as CSV."""
    name = f"{found.method}-{digit.key[:40]}.csv"
    return tables.CsvFile("Download this map as CSV", partial(figures.as_csv, found), name)


def baseline_file(found: Attribution, plan: AttributionPlan) -> tables.CsvFile:
    """Return the normalised baseline as CSV, (H, W), or one map for each channel."""
    label, name = "Download the baseline as CSV", f"baseline-{plan.baseline}"
    if found.baseline.ndim == 2:
        return tables.map_file(found.baseline, name, label)
    channels = {f"channel {number}": each for number, each in enumerate(found.baseline)}
    return tables.maps_file(label, channels, name)


def numbers_of(titles: Mapping[str, str], found: Mapping[str, Attribution]) -> tables.ExpandableTable:
    """Return the sums of several maps as a table that can be unfolded; only a file holds all values.

    Args:
        titles: By name, in the order of the maps.
        found: The maps, by name.
    """
    columns = partial(figures.table, titles, found, METHODS)
    values = {titles[name]: each.values for name, each in found.items()}
    name = "The sum of each map"
    files: dict[str, tables.Text] = {name: tables.text_of(columns), "Every value": partial(maps_as_csv, values)}
    return tables.ExpandableTable(name, columns, files)


def why_blank(digit: Digit, found: Attribution, plan: AttributionPlan) -> str:
    """Say why a map is blank, and whether the signed map is blank too."""
    signed = _signed(plan)
    return figures.why_blank(found, cache.attribute(digit, signed) if signed else None)


def _signed(plan: AttributionPlan) -> AttributionPlan | None:
    """Return the plan for the same map without its last ReLU, or None if it has none."""
    options = dict(plan.options)
    return replace(plan, options=tuple({**options, _RELU: 0.0}.items())) if options.get(_RELU) else None
