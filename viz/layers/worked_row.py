"""The arithmetic of one row in HTML: its shape, its parameters and its cost."""

from collections.abc import Collection, Sequence
from html import escape

from model.layers.quiz.records import QuestionKind
from model.layers.records import Arithmetic, Calculation
from model.parameters.records import RowComparison
from viz.pictures import words
from viz.pictures.mathematics import typeset

FIGURE_NAMES = {
    "shape": "output shape",
    "parameters": "parameters",
    "input": "input in its comment",
    "field": "receptive field in the notebook's comments",
}


def draw(
    row: Arithmetic,
    comparison: RowComparison | None,
    total: int,
    hidden: Collection[QuestionKind] = frozenset(),
    *,
    brief: bool = False,
) -> str:
    """Draw the arithmetic of one row in HTML.

    Args:
        row: The arithmetic.
        comparison: The printed figures beside the measured ones; None for a hidden step.
        total: Number of parameters of all rows.
        hidden: The open questions; their answers are left out.
        brief: Whether cost and printed errors are left out.
    """
    parts = []
    if QuestionKind.SHAPE not in hidden:
        shape = words.shape(tuple(axis.result for axis in row.shape))
        parts += [f"<h3>Output shape {shape}</h3>", _calculations(row.shape)]
    if QuestionKind.PARAMETERS not in hidden:
        parts += _worked_parameters(row, total)
    if not hidden and not brief:
        parts += ["<h3>Cost for one image</h3>", _calculations((row.multiply_accumulates, row.memory), "below")]
        parts += _printed_mistakes(comparison)
    elif hidden:
        parts.append("<p>The arithmetic of an open question appears here when you have answered it.</p>")
    return f'<section class="worked" aria-label="{escape(row.name)} worked out">{"".join(parts)}</section>'


def _worked_parameters(row: Arithmetic, total: int) -> list[str]:
    parts = [f"<h3>Parameters {row.parameter_count:,}</h3>"]
    if row.parameters:
        parts += [_calculations(row.parameters), f'<p class="sum">{typeset(row.parameter_line)}</p>']
    else:
        parts.append("<p>It has no parameters.</p>")
    parts.append(f"<p>Running total {row.running_total:,} of {total:,}.</p>")
    if row.buffers:
        not_counted = f"<p>Not part of the {total:,}: they have no gradient.</p>"
        count = sum(line.result for line in row.buffers)
        parts += [f"<h3>Buffers {count:,}</h3>", _calculations(row.buffers), not_counted]
    return parts


def _printed_mistakes(comparison: RowComparison | None) -> list[str]:
    mistakes = comparison.mistakes if comparison else ()
    items = "".join(
        f"<li><b>{escape(FIGURE_NAMES.get(each.what, each.what))}</b>: {escape(each.sentence)}</li>"
        for each in mistakes
    )
    return ["<h3>Errors in the printed figures</h3>", f"<ul>{items}</ul>"] if items else []


def _calculations(lines: Sequence[Calculation], layout: str = "beside") -> str:
    return f'<dl class="{layout}">{"".join(map(_calculation, lines))}</dl>'


def _calculation(line: Calculation) -> str:
    result = f"{line.result:,}"
    numbers = " " if line.numbers == result else f"</span><span>{typeset(line.numbers)} "
    return f"<dt>{escape(line.name)}</dt><dd><span>{typeset(line.symbols)}{numbers}=\xa0<b>{result}</b></span></dd>"
