"""What each map adds to a logit, in HTML: its mean, its weight, its part."""

from collections.abc import Callable
from html import escape

import numpy as np

from model.head.records import Head
from model.records import Numbers
from viz import theme
from viz.pictures import swatches, words
from viz.pictures.panels import scale_bar

Link = Callable[[int], str]  # gives the address that shows the map of this number


def contributions(head: Head, k: int, marked: int, link: Link) -> str:
    """Draw the table of what each map adds to the logit of class k, the largest part first.

    Args:
        head: Whose maps are averaged.
        k: The class.
        marked: The map that is worked out elsewhere on the page.
        link: Gives each map's address.
    """
    parts = head.parts[k]
    most = float(np.abs(parts).max())
    numbers = np.stack([head.means, head.weights[k], parts], axis=1)  # (C, 3)
    rows = "".join(_row(c, numbers[c], most, c == marked, link) for c in by_size(parts))
    head_row = "".join(f'<th scope="col">{name}</th>' for name in ("map", "mean", "× weight", "= part", "of the logit"))
    total, bias, score = parts.sum(), head.biases[k], head.scores[k]
    foot = "".join(
        f'<tr><th scope="row" colspan="3">{name}</th><td>{words.number(value)}</td><td></td></tr>'
        for name, value in ((f"sum of {len(parts)} parts", total), ("bias", bias), (f"logit of {k}", score))
    )
    maps = swatches.sheet(swatches.single(head.maps), swatches.signed(head.maps))
    sheet = f"--maps: url({maps}); --count: {len(parts)}; --mark: {theme.HIGHLIGHT}"
    return (
        f'<div class="sideways" role="region" tabindex="0" aria-label="What each map adds to the logit of {k}">'
        f'<table class="ledger parts" style="{sheet}"><thead><tr>{head_row}</tr></thead><tbody>{rows}</tbody>'
        f"<tfoot>{foot}</tfoot></table></div>"
    )


def by_size(parts: Numbers) -> list[int]:
    """Return the maps, the one that adds or takes away most first."""
    return [int(c) for c in (-np.abs(parts)).argsort(kind="stable")]


def _row(c: int, numbers: Numbers, most: float, marked: bool, link: Link) -> str:
    cells = "".join(f"<td>{words.number(value)}</td>" for value in numbers)
    return (
        f'<tr{swatches.marked(marked)}><th scope="row"><i class="thumb" style="--at: {c}"></i>'
        f'<a href="{escape(link(c))}" target="_self">{c}</a></th>{cells}{swatches.bar(numbers[-1], most)}</tr>'
    )


def say_contributions(head: Head, k: int) -> str:
    """Say how the parts add up, and how near that comes to what the network computed."""
    parts = head.parts[k]
    largest = by_size(parts)[0]
    off = abs(head.scores[k] - float(head.logits[k]))
    near = "to the last digit" if off == 0 else f"to within {off:.0e}".replace("e-0", "e-").replace("e-", "e−")
    return (
        f"{len(parts)} parts and the bias are the logit of {k}, {near} of what the network computed in single "
        f"precision. Largest is map {largest}: {words.number(head.means[largest])} × "
        f"{words.number(head.weights[k, largest])} = {words.number(parts[largest])}. Numbers are rounded here, "
        "not in the CSV."
    )


def average(head: Head, c: int, k: int) -> str:
    """Work out the mean of one map and its part of the logit of class k, with all its values."""
    values, range_ = head.maps[c], swatches.signed(head.maps[c])
    cells = "".join("<tr>" + "".join(swatches.cell(range_, value) for value in line) + "</tr>" for line in values)
    lines = [
        ("sum", f"of {head.places} values", words.number(head.sums[c])),
        ("mean", f"{words.number(head.sums[c])} / {head.places}", words.number(head.means[c])),
        (
            "part",
            f"{words.number(head.means[c])} × {words.number(head.weights[k, c])}",
            words.number(head.parts[k, c]),
        ),
    ]
    worked = "".join(f"<dt>{name}</dt><dd>{rule} = <b>{result}</b></dd>" for name, rule, result in lines)
    return (
        f'<div class="sideways" role="region" tabindex="0" aria-label="The values of map {c}">'
        f'<table class="cells"><tbody>{cells}</tbody></table></div>{scale_bar(range_)}'
        f'<dl class="worked-mean">{worked}</dl>'
    )


def contributions_csv(head: Head) -> str:
    """Return every part of every logit, with all digits: a line for each class and map, then its bias and logit."""
    lines: list[tuple[object, ...]] = [("class", "map", "mean", "weight", "part")]
    for k, (weights, bias, score) in enumerate(zip(head.weights, head.biases, head.scores, strict=True)):
        numbers = zip(head.means.tolist(), weights.tolist(), (weights * head.means).tolist(), strict=True)
        lines += [(k, c, *line) for c, line in enumerate(numbers)]
        lines += [(k, "bias", "", "", float(bias)), (k, "logit", "", "", float(score))]
    return swatches.as_csv(lines)
