"""The contribution of each map to a logit, in HTML: its mean times its weight."""

from collections.abc import Callable
from html import escape

import numpy as np

from model.head.records import Head
from model.records import Numbers
from viz import theme
from viz.pictures import swatches, words
from viz.pictures.panels import scale_bar

MOST = 40  # maps in the table
Link = Callable[[int], str]  # returns the address of a map


def contributions(head: Head, k: int, marked: int, link: Link, most: int = MOST) -> str:
    """Draw a table of the contribution of each map to the logit of class k, the largest first; few of very many.

    Args:
        head: The head.
        k: The class.
        marked: The map whose arithmetic the page shows.
        link: Returns the address of a map.
        most: How many maps are shown, beside the marked one; the others are one sum.
    """
    values, order = head.contributions[k], by_size(head.contributions[k])
    largest, shown = float(np.abs(values).max()), order[:most]
    shown = shown if marked in shown else [*shown, marked]
    numbers = np.stack([head.means, head.weights[k], values], axis=1) if head.averages else values[:, None]
    rows = "".join(_row(c, place, numbers[c], largest, c == marked, link) for place, c in enumerate(shown))
    mean = "mean" if head.units > 1 else "value"
    names = [_noun(head), *([mean, "× weight", "= product"] if head.averages else ["sum of products"]), "contribution"]
    head_row = "".join(f'<th scope="col">{name}</th>' for name in names)
    total, bias, logit, name = values.sum(), head.biases[k], head.exact_logits[k], escape(head.class_name(k))
    sums = [(f"sum of {len(values)} contributions", total), ("bias", bias), (f"logit of {name}", logit)]
    if len(shown) < len(values):
        others = total - sum(values[c] for c in shown)
        sums.insert(0, (f"the other {len(values) - len(shown):,} together", others))
    foot = "".join(
        f'<tr><th scope="row" colspan="{len(names) - 2}">{what}</th><td>{words.number(value)}</td><td></td></tr>'
        for what, value in sums
    )
    maps = swatches.sheet(swatches.single(head.maps[shown]), swatches.signed(head.maps))
    sheet = f"--maps: url({maps}); --count: {len(shown)}; --mark: {theme.HIGHLIGHT}"
    label = f"Contribution of each {_noun(head)} to the logit of {name}"
    return (
        f'<div class="sideways" role="region" tabindex="0" aria-label="{label}">'
        f'<table class="ledger contributions" style="{sheet}"><thead><tr>{head_row}</tr></thead><tbody>{rows}</tbody>'
        f"<tfoot>{foot}</tfoot></table></div>"
    )


def _noun(head: Head) -> str:
    return "map" if head.units > 1 else "unit"


def by_size(contributions: Numbers) -> list[int]:
    """Return the maps, sorted by the absolute value of their contributions, the largest first."""
    return [int(c) for c in (-np.abs(contributions)).argsort(kind="stable")]


def _row(c: int, place: int, numbers: Numbers, most: float, marked: bool, link: Link) -> str:
    cells = "".join(f"<td>{words.number(value)}</td>" for value in numbers)
    return (
        f'<tr{swatches.selected_class(marked)}><th scope="row"><i class="thumb" style="--at: {place}"></i>'
        f'<a href="{escape(link(c))}" target="_self">{c}</a></th>{cells}{swatches.bar(numbers[-1], most)}</tr>'
    )


def say_contributions(head: Head, k: int) -> str:
    """Give the largest contribution, and compare the sum with what the network computed."""
    values = head.contributions[k]
    largest = by_size(values)[0]
    error = abs(head.exact_logits[k] - float(head.logits[k]))
    agreement = "exactly" if error == 0 else f"to within {error:.0e}".replace("e-0", "e-").replace("e-", "e−")
    worked = words.number(values[largest])
    if head.averages:
        worked = f"{words.number(head.means[largest])} × {words.number(head.weights[k, largest])} = {worked}"
    return (
        f"The logit of {head.class_name(k)} is the sum of {len(values)} contributions and the bias. It agrees "
        f"{agreement} with what the network computed in single precision. The largest contribution is that of "
        f"{_noun(head)} {largest}: {worked}. Numbers are rounded here, not in the CSV."
    )


def average(head: Head, c: int, k: int) -> str:
    """Show the arithmetic of one map's contribution to the logit of class k: of its mean, or of each of its units."""
    cells = _cells(head.maps[c], f"The values of {_noun(head)} {c}")
    product = words.number(head.contributions[k, c])
    lines = [("sum of products", f"of {head.units} values and weights", product)]
    if head.averages:
        mean, weight = words.number(head.means[c]), words.number(head.weights[k, c])
        lines = [("product", f"{mean} × {weight}", product)]
        if head.units > 1:
            total = words.number(head.sums[c])
            lines = [("sum", f"of {head.units} values", total), ("mean", f"{total} / {head.units}", mean), *lines]
    else:
        cells += f"<p>times the weights of class {escape(head.class_name(k))}:</p>"
        cells += _cells(head.weights[k, c], f"The weights of map {c}")
    worked = "".join(f"<dt>{name}</dt><dd>{rule} = <b>{result}</b></dd>" for name, rule, result in lines)
    return f'{cells}<dl class="worked-mean">{worked}</dl>'


def _cells(values: Numbers, label: str) -> str:
    range_ = swatches.signed(values)
    lines = "".join("<tr>" + "".join(swatches.cell(range_, value) for value in line) + "</tr>" for line in values)
    return (
        f'<div class="sideways" role="region" tabindex="0" aria-label="{label}">'
        f'<table class="cells"><tbody>{lines}</tbody></table></div>{scale_bar(range_)}'
    )


def contributions_csv(head: Head) -> str:
    """Return every contribution with all digits as CSV: a line for each class and map, then the bias and the logit."""
    head_line = ("class", "map", "mean", "weight", "contribution")
    lines: list[tuple[object, ...]] = [head_line if head.averages else ("class", "map", "contribution")]
    empty = [""] * (len(lines[0]) - 3)
    for k, (products, bias, score) in enumerate(zip(head.contributions, head.biases, head.exact_logits, strict=True)):
        name = head.class_name(k)
        for c, product in enumerate(products.tolist()):
            factors = [float(head.means[c]), float(head.weights[k, c])] if head.averages else []
            lines.append((name, c, *factors, product))
        lines += [(name, "bias", *empty, float(bias)), (name, "logit", *empty, float(score))]
    return swatches.as_csv(lines)
