"""A block of the network forming, epoch by epoch: pictures and numbers for the browser to play, in words and tables."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from model.records import Activation, Pair
from model.training.records import Formation
from viz import theme
from viz.feature_maps.figures import columns
from viz.pictures import raster, words
from viz.pictures.panels import scale_bar
from viz.pictures.scaling import Range, range_of

_GAP = 1  # clear units between two kernels or maps
_SURE = 0.005  # a probability below this is not written out


def frames(found: Formation, channel: int, epoch: int, panels: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what the browser shows: pictures and numbers of every epoch.

    Args:
        found: One block after each epoch.
        channel: The map that is marked.
        epoch: That is shown first.
        panels: Pictures of kernels and maps, as ``kernels`` and ``maps`` return them.
    """
    return {
        "epochs": list(found.epochs),
        "at": found.epochs.index(epoch),
        "predictions": found.predictions.tolist(),
        "probabilities": found.probabilities.astype(float).round(4).tolist(),
        "said": [say_epoch(found, each) for each in found.epochs],
        "panels": list(panels),
        "statistics": _statistics(found, channel),
        "accent": theme.ACCENT,
        "muted": theme.MUTED,
        "highlight": theme.HIGHLIGHT,
    }


def say_epoch(found: Formation, epoch: int) -> str:
    """Say what is read after an epoch, and how surely."""
    probabilities = found.probabilities[found.epochs.index(epoch)]
    best = int(probabilities.argmax())
    return f"Epoch {epoch} of {found.epochs[-1]}: reads {best} ({words.percent(float(probabilities[best]))})"


def kernels(found: Formation, channel: int, *, shared: bool) -> list[dict[str, Any]]:
    """Return a panel of the kernels of each epoch, if there are any; those of a map stand in one column or line.

    Args:
        found: One block after each epoch.
        channel: The map whose kernel is framed.
        shared: One scale for the whole block; else one for each map. Either is one for all epochs.
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
    """Return the corner of every kernel's square, map by map: the longer way lies across."""
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


def maps(found: Formation, channel: int, *, shared: bool) -> list[dict[str, Any]]:
    """Return a panel of the digit's maps after each epoch; as ``kernels``."""
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
    """Return a picture of each epoch (E, N, H, W), with the place of what is marked as shares of its sides."""
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
        "scale": scale_bar(ranges[0]) if shared else "each map on a scale of its own",
    }


def _statistics(found: Formation, channel: int) -> list[dict[str, Any]]:
    """Return each of the batch norm's numbers over the epochs, for all maps, as shares of their chart."""
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


def say(found: Formation, channel: int, *, shared: bool) -> str:
    """Say how far the block moved, when its answer settled, and what the pictures' scales are."""
    predictions = found.predictions
    settled = next(epoch for place, epoch in enumerate(found.epochs) if (predictions[place:] == predictions[-1]).all())
    return (
        f"{_say_answer(found, settled)} {_say_kernels(found, channel)} {_say_statistics(found, channel)}"
        f"{'Each picture' if shared else 'Each map'} has one scale for all epochs, so that what grows is seen to grow."
    )


def _say_answer(found: Formation, settled: int) -> str:
    last = int(found.predictions[-1])
    first = found.epochs[0]
    said = (
        f"After every epoch your digit is read as {last}."
        if settled == first
        else f"From epoch {settled} on your digit is read as {last}, before that not always."
    )
    least, most = found.probabilities[:, last].min(), found.probabilities[:, last].max()
    return f"{said} Its probability goes from {words.percent(float(least))} to {words.percent(float(most))}."


def _say_kernels(found: Formation, channel: int) -> str:
    if found.kernels is None:
        return f"{found.row} has no kernel: only the batch norm behind it learns."
    early, late = (found.kernels[place].astype(np.float64) for place in (0, -1))
    moved = _distance(late, early)
    own = _distance(late[channel], early[channel])
    return (
        f"From epoch {found.epochs[0]} to {found.epochs[-1]} the kernels of {found.row} move by {moved:.0%} of their "
        f"length, the kernel of map {channel} by {own:.0%}."
    ).replace("%", "\xa0%")


def _say_statistics(found: Formation, channel: int) -> str:
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


def probability_columns(found: Formation) -> dict[str, list[str]]:
    """Return what is read after each epoch, and every class's probability, as columns."""
    shares = {
        str(k): [words.percent(float(value)) if value >= _SURE else "" for value in column]
        for k, column in enumerate(found.probabilities.T)
    }
    return {
        "epoch": [str(epoch) for epoch in found.epochs],
        "reads": [str(read) for read in found.predictions],
        **shares,
    }


def number_columns(found: Formation) -> dict[str, list[str]]:
    """Return every number that the page draws but kernels and maps, as columns, a line for each epoch."""
    statistics = {
        f"{found.norm} map {c}, {title}": [f"{value:.6g}" for value in column]
        for title, values in found.statistics.items()
        for c, column in enumerate(values.T)
    }
    return {
        "epoch": [str(epoch) for epoch in found.epochs],
        **{
            f"probability of {k}": [f"{value:.6g}" for value in column]
            for k, column in enumerate(found.probabilities.T)
        },
        **statistics,
    }
