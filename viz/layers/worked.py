"""One row worked out in HTML: where its shape, its parameters and its cost come from."""

from collections.abc import Collection, Sequence
from html import escape

from model.layers.quiz.records import Asked
from model.layers.records import Arithmetic, Calculation
from model.parameters.records import RowComparison
from viz.pictures import words
from viz.pictures.mathematics import typeset

WHATS = {
    "shape": "output shape",
    "parameters": "parameters",
    "input": "input in its comment",
    "field": "receptive field in the notebook's comments",
}


def out(row: Arithmetic, comparison: RowComparison | None, total: int, hidden: Collection[Asked] = frozenset()) -> str:
    """Work out one row in HTML, line by line.

    Args:
        row: Its arithmetic.
        comparison: With what was printed of it; None for a hidden step.
        total: How many numbers all rows learn.
        hidden: What is still asked for, so that nothing may give it away.
    """
    parts = []
    if Asked.SHAPE not in hidden:
        shape = words.shape(tuple(axis.result for axis in row.shape))
        parts += [f"<h3>Output shape {shape}</h3>", _calculations(row.shape)]
    if Asked.PARAMETERS not in hidden:
        parts += _worked_parameters(row, total)
    if not hidden:
        parts += ["<h3>Cost for one image</h3>", _calculations((row.multiply_accumulates, row.memory), "beneath")]
        parts += _printed_otherwise(comparison)
    else:
        parts.append("<p>What is still asked for is worked out here once you have answered.</p>")
    return f'<section class="worked" aria-label="{escape(row.name)} worked out">{"".join(parts)}</section>'


def _worked_parameters(row: Arithmetic, total: int) -> list[str]:
    parts = [f"<h3>Parameters {row.parameter_count:,}</h3>"]
    if row.parameters:
        parts += [_calculations(row.parameters), f'<p class="sum">{typeset(row.parameter_line)}</p>']
    else:
        parts.append("<p>It learns nothing.</p>")
    parts.append(f"<p>Running total {row.running_total:,} of {total:,}.</p>")
    if row.buffers:
        outside = f"<p>Outside the {total:,}: no gradient reaches them.</p>"
        kept = sum(line.result for line in row.buffers)
        parts += [f"<h3>Buffers {kept:,}</h3>", _calculations(row.buffers), outside]
    return parts


def _printed_otherwise(comparison: RowComparison | None) -> list[str]:
    mistakes = comparison.mistakes if comparison else ()
    found = "".join(
        f"<li><b>{escape(WHATS.get(each.what, each.what))}</b>: {escape(each.sentence)}</li>" for each in mistakes
    )
    return ["<h3>The assignment prints otherwise</h3>", f"<ul>{found}</ul>"] if found else []


def _calculations(them: Sequence[Calculation], way: str = "beside") -> str:
    return f'<dl class="{way}">{"".join(map(_calculation, them))}</dl>'


def _calculation(line: Calculation) -> str:
    result = f"{line.result:,}"
    numbers = " " if line.numbers == result else f"</span><span>{typeset(line.numbers)} "
    return f"<dt>{escape(line.name)}</dt><dd><span>{typeset(line.symbols)}{numbers}=\xa0<b>{result}</b></span></dd>"
