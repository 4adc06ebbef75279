"""Figures of the checks of one map: randomization, edges, deletion and insertion."""

from collections.abc import Sequence
from html import escape

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from model.records import Activation, Pixels
from model.saliency.records import Attribution
from model.sanity_checks.records import EdgeComparison, PixelCurves, Randomization, WeightDependence
from viz import theme
from viz.charts.draw import Axis, Band, Part, Series, draw
from viz.pictures import raster, swatches
from viz.pictures.markdown import escape_markdown
from viz.pictures.scaling import Range
from viz.saliency.figures import MapStyle, styled

_LOWEST = -0.3  # correlations of unrelated maps are rarely lower
_HEIGHT = 340  # pixels of each chart


def stages(rows: Sequence[str], found: Randomization) -> str:
    """Draw in HTML the map of each stage, with a placeholder for each that is not ready."""
    titles = ["trained", *rows]
    tiles = [_tile(title, found, number) for number, title in enumerate(titles)]
    return f'<ol class="check-stages">{"".join(tiles)}</ol>'


def stages_csv(rows: Sequence[str], found: Randomization) -> str:
    """Return all values of the maps of all stages."""
    titles = ["trained", *rows]
    return swatches.maps_as_csv({title: each.values for title, each in zip(titles, found.attributions, strict=False)})


def _tile(title: str, found: Randomization, number: int) -> str:
    if number >= len(found.attributions):
        return f'<li class="pending"><b>{escape(title)}</b><i></i><span>…</span><small>…</small></li>'
    values, range_ = styled(found.attributions[number].values, MapStyle())
    picture = raster.mosaic(values[None], [range_], [(0, 0)])
    rank, similarity = found.signed_rank_correlations[number], found.similarities[number]
    return (
        f'<li><b>{escape(title)}</b><img src="{picture}" alt="Map, {escape(title)}"><span>{two_decimals(rank)}</span>'
        f"<small>SSIM {two_decimals(similarity)}</small></li>"
    )


def two_decimals(value: float) -> str:
    r"""Write a correlation or a share with two decimals, nan as "none".

    >>> two_decimals(-0.126), two_decimals(float("nan"))
    ('−0.13', 'none')
    """
    return "none" if np.isnan(value) else swatches.short(value)


def randomization_chart(rows: Sequence[str], found: Randomization, dependence: WeightDependence | None) -> go.Figure:
    """Draw how similar the map of each stage is to the first, and the limit once it is known.

    Accepts ``signed_rank_correlations`` and ``similarities``, (stages,) each.
    """
    names = ["trained", *rows]
    ends, others = [names[0], names[-1]], list(dependence.others) if dependence else []
    drawn: list[Part] = []
    if dependence is not None:
        low, high = [min(others)] * 2, [max(others)] * 2
        drawn += [
            Band("maps of other pictures", ends, low, high, theme.HIGHLIGHT),
            Series("limit", ends, [dependence.limit] * 2, theme.HIGHLIGHT, "dashed"),
        ]
    known = {"structural similarity": found.similarities, "rank correlation": found.signed_rank_correlations}
    for (name, values), colour in zip(known.items(), (theme.MUTED, theme.ACCENT), strict=True):
        drawn.append(Series(name, names[: len(values)], values, colour, "joined"))
    lowest = min([_LOWEST, *others, *(value for values in known.values() for value in values if np.isfinite(value))])
    every = names[:: max(2, len(names) // 9)]
    across = Axis("rows randomized", categories=names, ticks=every, names=[str(names.index(name)) for name in every])
    up = Axis("similarity to the first map", (lowest, 1.02), hover_format=".2f")
    return draw(drawn, across, up, height=_HEIGHT)


def say_kept(names: Sequence[str]) -> str:
    """Say which rows keep their learned numbers; nothing where there are none."""
    if not names:
        return ""
    return (
        f" {escape_markdown(', '.join(names))} {'keeps its' if len(names) == 1 else 'keep their'} learned numbers: "
        "PyTorch has no initial values for them."
    )


def say_randomization(found: Randomization, dependence: WeightDependence | None) -> str:
    """Say how much a map changes, and whether it depends on the weights."""
    done = len(found.rows)
    if found.attributions[0].is_blank:
        return "The map is blank, so its correlations are not defined."
    if dependence is None:
        return f"{done} rows are randomized so far. The maps of other pictures, which set the limit, come last."
    blank = sum(each.is_blank for each in found.attributions[1:])
    blank_maps = f" {blank} of the {done} maps are blank and count as a correlation of 0." if blank else ""
    verdict = (
        "the map **depends on the weights**: it shows something that the network learned"
        if dependence.is_dependent
        else "the map **does not depend on the weights**: most of it is the same without any training"
    )
    absolute = float(np.nan_to_num(found.rank_correlations[1:]).mean())
    where = "after the one row" if done == 1 else f"over all {done} rows"
    return (
        f"The mean rank correlation with the map of the trained network, {where}, is "
        f"{two_decimals(dependence.correlation)}. The limit is {two_decimals(dependence.limit)}, "
        f"{_source(dependence)}. So {verdict}.{blank_maps} These are correlations of signed values. For absolute "
        f"values the mean is {two_decimals(absolute)}, because any network has large values where the picture "
        "has contrast, so its shape remains. The limit is our own choice."
    )


def _source(dependence: WeightDependence) -> str:
    """Say where a limit comes from."""
    if dependence.limit == dependence.ceiling:
        return "at which half of the variance of the ranks is still that of the first map"
    if dependence.limit == dependence.floor:
        return "at which a tenth of the variance of the ranks is still that of the first map"
    return "the correlation with the most similar other picture"


def randomization_columns(found: Randomization) -> dict[str, list[str]]:
    """Return the similarities of all stages as columns."""
    return {
        "randomized up to": ["none", *found.rows],
        "rank correlation": [two_decimals(value) for value in found.signed_rank_correlations],
        "of absolute values": [two_decimals(value) for value in found.rank_correlations],
        "SSIM of absolute values": [two_decimals(value) for value in found.similarities],
    }


def randomization_csv(found: Randomization, dependence: WeightDependence) -> str:
    """Return the similarities with all digits, and the correlations with other pictures, which set the limit."""
    lines = zip(
        ["none", *found.rows],
        found.signed_rank_correlations,
        found.rank_correlations,
        found.similarities,
        strict=True,
    )
    others = [(f"other picture {number}", rank, "", "") for number, rank in enumerate(dependence.others, start=1)]
    head = ("randomized up to", "rank correlation", "of absolute values", "SSIM of absolute values")
    return swatches.as_csv([head, *lines, *others])


def edge_images(found: Attribution, compared: EdgeComparison, pixels: Pixels) -> str:
    """Draw in HTML the picture, its edges, and the absolute values of the map."""
    pictures = [
        ("The picture", raster.image(pixels)),
        ("Its edges, by Sobel", _sequential(compared.edges)),
        ("Absolute values of the map", _sequential(np.abs(found.values))),
    ]
    drawn = "".join(
        f'<figure><img src="{uri}" alt="{title}"><figcaption>{title}</figcaption></figure>' for title, uri in pictures
    )
    return f'<div class="check-edges">{drawn}</div>'


def _sequential(values: Activation) -> str:
    largest = float(values.max()) or 1.0
    return raster.mosaic(values[None], [Range(0.0, largest, theme.SEQUENTIAL)], [(0, 0)])


def say_edges(compared: EdgeComparison) -> str:
    """Say how similar a map is to the edges of its picture."""
    if np.isnan(compared.rank_correlation):
        return "The map or the picture is constant, so there is no rank correlation with the edges."
    return (
        f"Sobel's edge detector does not use the network. The edges and the absolute values of the map have a rank "
        f"correlation of {two_decimals(compared.rank_correlation)} and a structural similarity of "
        f"{two_decimals(compared.similarity)}; 1 means identical. A map can lie on edges for a good reason, so this "
        "alone proves nothing. But a map that shows little more than edges needs other evidence."
    )


def edges_csv(found: Attribution, compared: EdgeComparison) -> str:
    """Return the edge and the absolute value of the map at each place."""
    lines = [(y, x, float(edge), abs(float(found.values[y, x]))) for (y, x), edge in np.ndenumerate(compared.edges)]
    return swatches.as_csv([("y", "x", "edge", "absolute value of the map"), *lines])


def deletion(found: PixelCurves) -> go.Figure:
    """Draw the probability of the target while the baseline replaces pixels, the highest in the map first."""
    return _pixel_chart("pixels deleted", found, found.deletion, found.random_deletion)


def insertion(found: PixelCurves) -> go.Figure:
    """Draw the probability of the target while pixels replace the baseline, the highest in the map first."""
    return _pixel_chart("pixels inserted", found, found.insertion, found.random_insertion)


def _pixel_chart(title: str, found: PixelCurves, own: Activation, random: Activation) -> go.Figure:
    drawn: list[Part] = [Series("the map's order", found.counts, own, theme.ACCENT)]
    if len(random):
        low, mean, high = random.min(axis=0), random.mean(axis=0), random.max(axis=0)
        drawn.insert(0, Series("random orders, mean", found.counts, mean, theme.MUTED, "dashed"))
        drawn.insert(0, Band("all random orders", found.counts, low, high, theme.MUTED))
    up = Axis("probability", (0, 1), tick_format=".0%", hover_format=".1%")
    return draw(drawn, Axis(title, (0, float(found.counts[-1]))), up, height=_HEIGHT)


def margins(found: PixelCurves) -> tuple[float, float]:
    """Return by how much the area of deletion is below, and that of insertion above, the mean of random orders."""
    return (
        float(found.area(found.random_deletion).mean() - found.area(found.deletion)),
        float(found.area(found.insertion) - found.area(found.random_insertion).mean()),
    )


def is_better(found: PixelCurves) -> tuple[bool, bool]:
    """Return whether the map's order is better than all random orders, for deletion and for insertion."""
    return (
        bool((found.area(found.deletion) < found.area(found.random_deletion)).all()),
        bool((found.area(found.insertion) > found.area(found.random_insertion)).all()),
    )


def is_worse(found: PixelCurves) -> tuple[bool, bool]:
    """Return whether the map's order is worse than all random orders, for deletion and for insertion."""
    return (
        bool((found.area(found.deletion) > found.area(found.random_deletion)).all()),
        bool((found.area(found.insertion) < found.area(found.random_insertion)).all()),
    )


def say_curves(found: PixelCurves, target: str) -> str:
    """Say the areas under both curves, and those under the curves of random orders."""
    orders = len(found.random_deletion)
    if not orders:
        return "The random orders of the pixels come last."
    deletion, insertion = (
        "better than all of them" if better else "worse than all of them" if worse else "not better than all of them"
        for better, worse in zip(is_better(found), is_worse(found), strict=True)
    )
    return (
        f"For deletion, the area under the probability of {target} is {float(found.area(found.deletion)):.3f} in the "
        f"map's order and {_span(found.area(found.random_deletion))} in {orders} random orders. A small area is good: "
        f"the map's order is {deletion}. For insertion, the areas are {float(found.area(found.insertion)):.3f} and "
        f"{_span(found.area(found.random_insertion))}. A large area is good: the map's order is {insertion}. The "
        f"margin over the mean of the random orders is {signed(margins(found)[0])} for deletion and "
        f"{signed(margins(found)[1])} for insertion; above 0 is better. Each curve has "
        f"{len(found.counts) - 1} steps."
    )


def signed(value: float) -> str:
    """Write a difference with its sign.

    >>> signed(0.126), signed(-0.5)
    ('+0.13', '−0.50')
    """
    return f"{value:+.2f}".replace("-", "−")


def _span(areas: NDArray[np.float64]) -> str:
    return f"{areas.mean():.3f} on average ({areas.min():.3f} to {areas.max():.3f})"


def curve_columns(found: PixelCurves) -> dict[str, list[str]]:
    """Return both curves of the map, and the mean of the random orders, as columns."""
    columns = {"pixels": [f"{count:,}" for count in found.counts.tolist()]}
    for name, own, random in (
        ("deletion", found.deletion, found.random_deletion),
        ("insertion", found.insertion, found.random_insertion),
    ):
        columns[name] = [two_decimals(value) for value in own.tolist()]
        columns[f"{name}, random orders"] = [two_decimals(value) for value in random.mean(axis=0).tolist()]
    return columns


def curves_csv(found: PixelCurves) -> str:
    """Return both curves of the map and of all random orders."""
    orders = range(1, len(found.random_deletion) + 1)
    head = ["pixels", "deletion", "insertion"]
    head += [f"{kind}, random order {number}" for number in orders for kind in ("deletion", "insertion")]
    columns = [found.counts.tolist(), found.deletion.tolist(), found.insertion.tolist()]
    for deletion, insertion in zip(found.random_deletion, found.random_insertion, strict=True):
        columns += [deletion.tolist(), insertion.tolist()]
    return swatches.as_csv([head, *zip(*columns, strict=True)])
