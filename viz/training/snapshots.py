"""One block of the network after each epoch: pictures and numbers for the browser, descriptions and tables."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from model.records import Activation, Pair
from model.training.records import BlockHistory
from viz.feature_maps.figures import columns
from viz.pictures import raster, words
from viz.pictures.markdown import escape_markdown
from viz.pictures.panels import scale_bar
from viz.pictures.scaling import Range, range_of

_GAP = 1  # transparent units between two kernels or maps
_SURE = 0.005  # a smaller probability is left blank


def frames(found: BlockHistory, channel: int, epoch: int, panels: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the browser data: pictures and numbers of every epoch.

    Args:
        found: One block after each epoch.
        channel: The marked map.
        epoch: The epoch that is shown first.
        panels: From ``kernels`` and ``maps``.
    """
    return {
        "epochs": list(found.epochs),
        "at": found.epochs.index(epoch),
        "predictions": found.predictions.tolist(),
        "classes": [found.class_name(k) for k in range(found.probabilities.shape[1])],
        "probabilities": found.probabilities.astype(float).round(4).tolist(),
        "said": [say_epoch(found, each) for each in found.epochs],
        "panels": list(panels),
        "statistics": _statistics(found, channel),
    }


def say_epoch(found: BlockHistory, epoch: int) -> str:
    """Describe the prediction after an epoch."""
    probabilities = found.probabilities[found.epochs.index(epoch)]
    best = int(probabilities.argmax())
    share = words.percent(float(probabilities[best]))
    return f"Epoch {epoch} of {found.epochs[-1]}: predicts {found.class_name(best)} ({share})"


def kernels(found: BlockHistory, channel: int, *, shared: bool) -> list[dict[str, Any]]:
    """Return a panel with the kernels of each epoch, if there are any; the kernels of a map are one column or line.

    Args:
        found: One block after each epoch.
        channel: The map whose kernel is framed.
        shared: Whether all maps share one scale; else each map has its own. All epochs share it.
    """
    if found.kernels is None:
        return []
    count, reads, *square = found.kernels.shape[1:]
    corners = _kernel_corners(count, reads, square)
    sheets = found.kernels.reshape(len(found.epochs), count * reads, *square)
    title = f"Kernels of {found.row}"
    ranges = _ranges(found.kernels, shared, signed=True)
    of_each = [range_ for range_ in ranges for _ in range(reads)]
    return [_panel(title, sheets, corners, slice(channel * reads, (channel + 1) * reads), of_each, shared)]


def _kernel_corners(count: int, reads: int, square: list[int]) -> list[Pair]:
    """Return the corner of every kernel's square, map by map; the longer direction is horizontal."""
    gap = _GAP if max(square) > 1 else 0
    across = columns(count) if reads == 1 else 0
    places = []
    for place in range(count):
        for read in range(reads):
            if across:
                line, column = divmod(place, across)
            else:
                line, column = (read, place) if count >= reads else (place, read)
            places.append((line * (square[0] + gap), column * (square[1] + gap)))
    return places


def maps(found: BlockHistory, channel: int, *, shared: bool) -> list[dict[str, Any]]:
    """Return a panel with the digit's maps after each epoch; see ``kernels``."""
    count, high, wide = found.maps.shape[1:]
    gap = _GAP if max(high, wide) > 1 else 0
    across = columns(count)
    corners = [(n // across * (high + gap), n % across * (wide + gap)) for n in range(count)]
    title = f"Your digit's maps after {found.shown}"
    ranges = _ranges(found.maps, shared, signed=bool((found.maps < 0).any()))
    return [_panel(title, found.maps, corners, slice(channel, channel + 1), ranges, shared)]


def _ranges(values: Activation, shared: bool, *, signed: bool) -> list[Range]:
    """Return the range of each map over all epochs, (E, C, ...)."""
    if shared:
        return [range_of(values, signed=signed)] * values.shape[1]
    return [range_of(values[:, c], signed=signed) for c in range(values.shape[1])]


def _panel(
    title: str, sheets: Activation, corners: list[Pair], marked: slice, ranges: list[Range], shared: bool
) -> dict[str, Any]:
    """Return a picture of each epoch (E, N, H, W), with the position of the mark as shares of the sides."""
    square = np.asarray(sheets.shape[2:])
    size = np.max(corners, axis=0) + square
    places = np.asarray(corners[marked])
    top, left = (places.min(axis=0) / size).tolist()
    bottom, right = ((places.max(axis=0) + square) / size).tolist()
    return {
        "title": title,
        "pictures": [raster.mosaic(sheet, ranges, corners) for sheet in sheets],
        "size": size.tolist(),
        "mark": [round(side, 5) for side in (top, left, bottom, right)],
        "scale": scale_bar(ranges[0]) if shared else "each map has its own scale",
    }


def _statistics(found: BlockHistory, channel: int) -> list[dict[str, Any]]:
    """Return each number of the batch norm over the epochs, for all maps, as shares of its chart."""
    charts = []
    for title, values in found.statistics.items():
        low, high = float(values.min()), float(values.max())
        span = high - low or 1.0
        charts.append(
            {
                "title": title,
                "ends": [words.fine(high), words.fine(low)],
                "lines": ((values.T.astype(float) - low) / span).round(4).tolist(),
                "says": [words.number(float(value)) for value in values[:, channel]],
                "marked": channel,
            }
        )
    return charts


def say(found: BlockHistory, channel: int, *, shared: bool) -> str:
    """Describe how far the block moved, when the prediction settled, and the scales of the pictures."""
    predictions = found.predictions
    settled = next(epoch for place, epoch in enumerate(found.epochs) if (predictions[place:] == predictions[-1]).all())
    return (
        f"{_say_answer(found, settled)} {_say_kernels(found, channel)} {_say_statistics(found, channel)}"
        f"{'Each picture' if shared else 'Each map'} has one scale for all epochs, so epochs can be compared."
    )


def _say_answer(found: BlockHistory, settled: int) -> str:
    last = int(found.predictions[-1])
    first, name = found.epochs[0], escape_markdown(found.class_name(last))
    said = (
        f"After every epoch, your picture is classified as {name}."
        if settled == first
        else f"From epoch {settled} on, your picture is classified as {name}; before that, not always."
    )
    least, most = found.probabilities[:, last].min(), found.probabilities[:, last].max()
    return f"{said} Its probability goes from {words.percent(float(least))} to {words.percent(float(most))}."


def _say_kernels(found: BlockHistory, channel: int) -> str:
    if found.kernels is None:
        return f"{found.row} has no kernel: only the batch norm after it has parameters."
    early, late = (found.kernels[place].astype(np.float64) for place in (0, -1))
    moved = _distance(late, early)
    own = _distance(late[channel], early[channel])
    return (
        f"From epoch {found.epochs[0]} to {found.epochs[-1]} the kernels of {found.row} move by {moved:.0%} of their "
        f"length, the kernel of map {channel} by {own:.0%}."
    ).replace("%", "\xa0%")


def _say_statistics(found: BlockHistory, channel: int) -> str:
    if not found.norm:
        return "No batch norm follows. "
    ways = [
        f"{title} {words.number(float(values[0, channel]))} to {words.number(float(values[-1, channel]))}"
        for title, values in found.statistics.items()
    ]
    return f"{found.norm}, map {channel}: {', '.join(ways)}. "


def _distance(now: np.ndarray[Any, np.dtype[np.float64]], before: np.ndarray[Any, np.dtype[np.float64]]) -> float:
    length = float(np.linalg.norm(before))
    return float(np.linalg.norm(now - before)) / length if length else 0.0


def probability_columns(found: BlockHistory) -> dict[str, list[str]]:
    """Return the prediction and every class's probability after each epoch as columns."""
    shares = {
        found.class_name(k): [words.percent(float(value)) if value >= _SURE else "" for value in column]
        for k, column in enumerate(found.probabilities.T)
    }
    return {
        "epoch": [str(epoch) for epoch in found.epochs],
        "prediction": [found.class_name(int(read)) for read in found.predictions],
        **shares,
    }


def number_columns(found: BlockHistory) -> dict[str, list[str]]:
    """Return every number of the page except kernels and maps as columns, one line for each epoch."""
    statistics = {
        f"{found.norm} map {c}, {title}": [f"{value:.6g}" for value in column]
        for title, values in found.statistics.items()
        for c, column in enumerate(values.T)
    }
    return {
        "epoch": [str(epoch) for epoch in found.epochs],
        **{
            f"probability of {found.class_name(k)}": [f"{value:.6g}" for value in column]
            for k, column in enumerate(found.probabilities.T)
        },
        **statistics,
    }
