"""One map put to the test: how it falls apart, beside plain edges, and along its order of pixels."""

from collections.abc import Sequence
from html import escape

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from model.records import Activation, Pixels
from model.saliency.records import Attribution, Collapse, EdgeControl, PixelCurves, Reaction
from viz import theme
from viz.charts.draw import Axis, Band, Part, Series, draw
from viz.pictures import raster, swatches
from viz.pictures.scaling import Range
from viz.saliency.figures import Look, painted

_LOWEST = -0.3  # correlations of maps that have nothing in common scarcely go below it
_HEIGHT = 340  # pixels of each chart


def strip(rows: Sequence[str], found: Collapse) -> str:
    """Draw in HTML a map with nothing random, and after each row; a place is kept for each that is still to come."""
    titles = ["as trained", *rows]
    tiles = [_tile(title, found, number) for number, title in enumerate(titles)]
    return f'<ol class="doubt-strip">{"".join(tiles)}</ol>'


def strip_csv(rows: Sequence[str], found: Collapse) -> str:
    """Return every value of every map of the strip."""
    titles = ["as trained", *rows]
    return swatches.maps_as_csv({title: each.values for title, each in zip(titles, found.attributions, strict=False)})


def _tile(title: str, found: Collapse, number: int) -> str:
    if number >= len(found.attributions):
        return f'<li class="awaited"><b>{escape(title)}</b><i></i><span>…</span><small>…</small></li>'
    values, range_ = painted(found.attributions[number].values, Look())
    picture = raster.mosaic(values[None], [range_], [(0, 0)])
    rank, like = found.signed_rank_correlations[number], found.similarities[number]
    return (
        f'<li><b>{escape(title)}</b><img src="{picture}" alt="Map, {escape(title)}"><span>{figure(rank)}</span>'
        f"<small>SSIM {figure(like)}</small></li>"
    )


def figure(value: float) -> str:
    r"""Say a correlation or a share with two decimals; none where there is none.

    >>> figure(-0.126), figure(float("nan"))
    ('−0.13', 'none')
    """
    return "none" if np.isnan(value) else swatches.short(value)


def fall(rows: Sequence[str], found: Collapse, reaction: Reaction | None) -> go.Figure:
    """Draw how alike the maps stay to the first, row by row, and what a map that reacts stays under.

    Accepts ``signed_rank_correlations`` and ``similarities``, (stages,) each; the limit is drawn where it is known.
    """
    names = ["as trained", *rows]
    ends, others = [names[0], names[-1]], list(reaction.others) if reaction else []
    drawn: list[Part] = []
    if reaction is not None:
        low, high = [min(others)] * 2, [max(others)] * 2
        drawn += [
            Band("maps of other digits", ends, low, high, theme.HIGHLIGHT),
            Series("limit", ends, [reaction.limit] * 2, theme.HIGHLIGHT, "dashed"),
        ]
    known = {"structural similarity": found.similarities, "rank correlation": found.signed_rank_correlations}
    for (name, values), colour in zip(known.items(), (theme.MUTED, theme.ACCENT), strict=True):
        drawn.append(Series(name, names[: len(values)], values, colour, "joined"))
    lowest = min([_LOWEST, *others, *(value for values in known.values() for value in values if np.isfinite(value))])
    every = names[::2]
    across = Axis("rows made random", categories=names, ticks=every, names=[str(2 * n) for n in range(len(every))])
    return draw(drawn, across, Axis("likeness to the first map", (lowest, 1.02), hover_format=".2f"), height=_HEIGHT)


def say_fall(found: Collapse, reaction: Reaction | None) -> str:
    """Say how a map fell apart, and whether it reacted."""
    done = len(found.rows)
    if found.attributions[0].is_blank:
        return "The map is blank, so there is nothing in it that could fall apart: no correlation can be said."
    if reaction is None:
        return f"{done} rows are random so far; the other digits' maps, which set the limit, come last."
    blank = sum(each.is_blank for each in found.attributions[1:])
    gone = f" Blank maps, {blank} of the {done}, count as a correlation of 0." if blank else ""
    verdict = (
        "the map **reacts**: it is about what the network learned"
        if reaction.reacts
        else "the map **does not react**: most of it is there whether the network learned anything or not"
    )
    return (
        f"Over all {done} rows the rank correlation with the trained network's map is {figure(reaction.forgotten)} in "
        f"the mean; the limit is {figure(reaction.limit)}, {_source(reaction)}. So {verdict}.{gone} Signs count: that "
        f"of the sizes alone is {figure(float(np.nan_to_num(found.rank_correlations[1:]).mean()))}, for any network "
        "puts large values where the ink is, so the shape of the digit stays. The limit is our own choice."
    )


def _source(reaction: Reaction) -> str:
    """Say where a limit comes from."""
    if reaction.limit == reaction.ceiling:
        return "where half of the variance of the ranks is still that of the first map"
    if reaction.limit == reaction.floor:
        return "where a tenth of the variance of the ranks is still that of the first map"
    return "that of the most similar other digit"


def fall_columns(found: Collapse) -> dict[str, list[str]]:
    """Return how a map falls apart as columns."""
    return {
        "made random, with all above": ["none", *found.rows],
        "rank correlation": [figure(value) for value in found.signed_rank_correlations],
        "of the sizes": [figure(value) for value in found.rank_correlations],
        "SSIM of the sizes": [figure(value) for value in found.similarities],
    }


def fall_csv(found: Collapse, reaction: Reaction) -> str:
    """Return the same with all digits, and the other digits that set the limit."""
    lines = zip(
        ["none", *found.rows],
        found.signed_rank_correlations,
        found.rank_correlations,
        found.similarities,
        strict=True,
    )
    others = [(f"other digit {number}", rank, "", "") for number, rank in enumerate(reaction.others, start=1)]
    return swatches.as_csv([("made random", "rank correlation", "of sizes", "SSIM of sizes"), *lines, *others])


def beside_edges(found: Attribution, control: EdgeControl, pixels: Pixels) -> str:
    """Draw in HTML the digit, its plain edges, and the sizes of the map."""
    sizes = np.abs(found.values)
    pictures = [
        ("The digit", raster.grey(pixels)),
        ("Its edges, by Sobel", _glow(control.edges)),
        ("The sizes of the map", _glow(sizes)),
    ]
    drawn = "".join(
        f'<figure><img src="{uri}" alt="{title}"><figcaption>{title}</figcaption></figure>' for title, uri in pictures
    )
    return f'<div class="doubt-edges">{drawn}</div>'


def _glow(values: Activation) -> str:
    most = float(values.max()) or 1.0
    return raster.mosaic(values[None], [Range(0.0, most, theme.SEQUENTIAL)], [(0, 0)])


def say_edges(control: EdgeControl) -> str:
    """Say how much a map looks like plain edges."""
    if np.isnan(control.rank_correlation):
        return "The map, or the digit, is the same everywhere: no rank correlation with its edges can be said."
    return (
        f"Sobel's edge detector knows nothing of the network. Its picture and the sizes of the map have a rank "
        f"correlation of {figure(control.rank_correlation)} and a structural similarity of "
        f"{figure(control.similarity)}; 1 would be the same picture. A map may lie on edges for good reason: this "
        "alone proves nothing, but a map that is hardly more than edges needs other evidence."
    )


def edges_csv(found: Attribution, control: EdgeControl) -> str:
    """Return the size of the edge and of the map at each place."""
    lines = [(y, x, float(edge), abs(float(found.values[y, x]))) for (y, x), edge in np.ndenumerate(control.edges)]
    return swatches.as_csv([("y", "x", "edge", "size of the map"), *lines])


def deletion(found: PixelCurves) -> go.Figure:
    """Draw the target's probability while pixels become the baseline's, the map's highest first."""
    return _removal("pixels taken away", found, found.deletion, found.random_deletion)


def insertion(found: PixelCurves) -> go.Figure:
    """Draw the target's probability while pixels come back into the baseline, the map's highest first."""
    return _removal("pixels brought back", found, found.insertion, found.random_insertion)


def _removal(title: str, found: PixelCurves, own: Activation, random: Activation) -> go.Figure:
    drawn: list[Part] = [Series("the map's order", found.counts, own, theme.ACCENT)]
    if len(random):
        low, mean, high = random.min(axis=0), random.mean(axis=0), random.max(axis=0)
        drawn.insert(0, Series("random orders, mean", found.counts, mean, theme.MUTED, "dashed"))
        drawn.insert(0, Band("all random orders", found.counts, low, high, theme.MUTED))
    up = Axis("probability", (0, 1), tick_format=".0%", hover_format=".1%")
    return draw(drawn, Axis(title, (0, float(found.counts[-1]))), up, height=_HEIGHT)


def margins(found: PixelCurves) -> tuple[float, float]:
    """Return how much smaller than by chance the area under deletion is, and how much larger that under insertion."""
    return (
        float(found.area(found.random_deletion).mean() - found.area(found.deletion)),
        float(found.area(found.insertion) - found.area(found.random_insertion).mean()),
    )


def beats(found: PixelCurves) -> tuple[bool, bool]:
    """Tell whether the map's order is better than every random order: at deletion, at insertion."""
    return (
        bool((found.area(found.deletion) < found.area(found.random_deletion)).all()),
        bool((found.area(found.insertion) > found.area(found.random_insertion)).all()),
    )


def loses(found: PixelCurves) -> tuple[bool, bool]:
    """Tell whether the map's order is worse than every random order: at deletion, at insertion."""
    return (
        bool((found.area(found.deletion) > found.area(found.random_deletion)).all()),
        bool((found.area(found.insertion) < found.area(found.random_insertion)).all()),
    )


def say_curves(found: PixelCurves, target: int) -> str:
    """Say the areas under both curves, and those of random orders."""
    orders = len(found.random_deletion)
    if not orders:
        return "Random orders of the pixels are still to come."
    gone, back = (
        "better than all of them" if better else "worse than all of them" if worse else "not better than all of them"
        for better, worse in zip(beats(found), loses(found), strict=True)
    )
    return (
        f"Taken away in the map's order, the probability of {target} has an area of "
        f"{float(found.area(found.deletion)):.3f} under it; in {orders} random orders "
        f"{_span(found.area(found.random_deletion))}. Small is good: the map's order is "
        f"{gone}. Brought back it is "
        f"{float(found.area(found.insertion)):.3f} against {_span(found.area(found.random_insertion))}; large is good: "
        f"{back}. Against the mean of chance that is "
        f"{signed(margins(found)[0])} out and {signed(margins(found)[1])} in; above 0 is better."
    )


def signed(value: float) -> str:
    """Say a difference with its sign.

    >>> signed(0.126), signed(-0.5)
    ('+0.13', '−0.50')
    """
    return f"{value:+.2f}".replace("-", "−")


def _span(areas: NDArray[np.float64]) -> str:
    return f"{areas.mean():.3f} in the mean, {areas.min():.3f} to {areas.max():.3f}"


def curve_columns(found: PixelCurves) -> dict[str, list[str]]:
    """Return both curves of the map, and the mean of the random orders, as columns."""
    columns = {"pixels": [f"{count:,}" for count in found.counts.tolist()]}
    for name, own, random in (
        ("taken away", found.deletion, found.random_deletion),
        ("brought back", found.insertion, found.random_insertion),
    ):
        columns[name] = [figure(value) for value in own.tolist()]
        columns[f"{name}, random orders"] = [figure(value) for value in random.mean(axis=0).tolist()]
    return columns


def curves_csv(found: PixelCurves) -> str:
    """Return both curves of the map and of every random order."""
    orders = range(1, len(found.random_deletion) + 1)
    head = ["pixels", "deletion", "insertion"]
    head += [f"{kind}, random order {number}" for number in orders for kind in ("deletion", "insertion")]
    columns = [found.counts.tolist(), found.deletion.tolist(), found.insertion.tolist()]
    for gone, back in zip(found.random_deletion, found.random_insertion, strict=True):
        columns += [gone.tolist(), back.tolist()]
    return swatches.as_csv([head, *zip(*columns, strict=True)])
