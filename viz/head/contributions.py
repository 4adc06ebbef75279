"""The contribution of each map to a logit, in HTML: its mean times its weight."""

from collections.abc import Callable
from html import escape

import numpy as np

from model.head.records import Head
from model.records import Numbers
from viz import theme
from viz.pictures import swatches, words
from viz.pictures.panels import scale_bar

Link = Callable[[int], str]  # returns the address of a map


def contributions(head: Head, k: int, marked: int, link: Link) -> str:
    """Draw a table of the contribution of each map to the logit of class k, the largest first.

    Args:
        head: The head.
        k: The class.
        marked: The map whose arithmetic the page shows.
        link: Returns the address of a map.
    """
    values = head.contributions[k]
    most = float(np.abs(values).max())
    numbers = np.stack([head.means, head.weights[k], values], axis=1)  # (C, 3)
    rows = "".join(_row(c, numbers[c], most, c == marked, link) for c in by_size(values))
    names = ("map", "mean", "× weight", "= product", "contribution")
    head_row = "".join(f'<th scope="col">{name}</th>' for name in names)
    total, bias, logit = values.sum(), head.biases[k], head.exact_logits[k]
    foot = "".join(
        f'<tr><th scope="row" colspan="3">{name}</th><td>{words.number(value)}</td><td></td></tr>'
        for name, value in ((f"sum of {len(values)} contributions", total), ("bias", bias), (f"logit of {k}", logit))
    )
    maps = swatches.sheet(swatches.single(head.maps), swatches.signed(head.maps))
    sheet = f"--maps: url({maps}); --count: {len(values)}; --mark: {theme.HIGHLIGHT}"
    return (
        f'<div class="sideways" role="region" tabindex="0" aria-label="Contribution of each map to the logit of {k}">'
        f'<table class="ledger contributions" style="{sheet}"><thead><tr>{head_row}</tr></thead><tbody>{rows}</tbody>'
        f"<tfoot>{foot}</tfoot></table></div>"
    )


def by_size(contributions: Numbers) -> list[int]:
    """Return the maps, sorted by the absolute value of their contributions, the largest first."""
    return [int(c) for c in (-np.abs(contributions)).argsort(kind="stable")]


def _row(c: int, numbers: Numbers, most: float, marked: bool, link: Link) -> str:
    cells = "".join(f"<td>{words.number(value)}</td>" for value in numbers)
    return (
        f'<tr{swatches.selected_class(marked)}><th scope="row"><i class="thumb" style="--at: {c}"></i>'
        f'<a href="{escape(link(c))}" target="_self">{c}</a></th>{cells}{swatches.bar(numbers[-1], most)}</tr>'
    )


def say_contributions(head: Head, k: int) -> str:
    """Give the largest contribution, and compare the sum with what the network computed."""
    values = head.contributions[k]
    largest = by_size(values)[0]
    error = abs(head.exact_logits[k] - float(head.logits[k]))
    agreement = "exactly" if error == 0 else f"to within {error:.0e}".replace("e-0", "e-").replace("e-", "e−")
    return (
        f"The logit of {k} is the sum of {len(values)} contributions and the bias. It agrees {agreement} with what the "
        f"network computed in single precision. The largest contribution is that of map {largest}: "
        f"{words.number(head.means[largest])} × {words.number(head.weights[k, largest])} = "
        f"{words.number(values[largest])}. Numbers are rounded here, not in the CSV."
    )


def average(head: Head, c: int, k: int) -> str:
    """Show the arithmetic of the mean of one map and of its contribution to the logit of class k."""
    values, range_ = head.maps[c], swatches.signed(head.maps[c])
    cells = "".join("<tr>" + "".join(swatches.cell(range_, value) for value in line) + "</tr>" for line in values)
    lines = [
        ("sum", f"of {head.units} values", words.number(head.sums[c])),
        ("mean", f"{words.number(head.sums[c])} / {head.units}", words.number(head.means[c])),
        (
            "product",
            f"{words.number(head.means[c])} × {words.number(head.weights[k, c])}",
            words.number(head.contributions[k, c]),
        ),
    ]
    worked = "".join(f"<dt>{name}</dt><dd>{rule} = <b>{result}</b></dd>" for name, rule, result in lines)
    return (
        f'<div class="sideways" role="region" tabindex="0" aria-label="The values of map {c}">'
        f'<table class="cells"><tbody>{cells}</tbody></table></div>{scale_bar(range_)}'
        f'<dl class="worked-mean">{worked}</dl>'
    )


def contributions_csv(head: Head) -> str:
    """Return every contribution with all digits as CSV: a line for each class and map, then the bias and the logit."""
    lines: list[tuple[object, ...]] = [("class", "map", "mean", "weight", "contribution")]
    for k, (weights, bias, score) in enumerate(zip(head.weights, head.biases, head.exact_logits, strict=True)):
        numbers = zip(head.means.tolist(), weights.tolist(), (weights * head.means).tolist(), strict=True)
        lines += [(k, c, *line) for c, line in enumerate(numbers)]
        lines += [(k, "bias", "", "", float(bias)), (k, "logit", "", "", float(score))]
    return swatches.as_csv(lines)
