"""Shape, parameters and cost of every row beside the printed figures: tables and bars in HTML, and as text."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from model.layers.records import Arithmetic
from model.parameters.records import PrintedMistake, RowComparison
from model.trace.records import LayerKind, Row, Trace
from viz import theme
from viz.layers.worked_row import FIGURE_NAMES
from viz.pictures import swatches, words

_COLUMNS = (
    "row",
    "in the printed table",
    "printed shape",
    "measured shape",
    "printed parameters",
    "measured parameters",
    "running total",
    "share of parameters",
    "multiply-accumulates",
    "activation bytes",
    "wrong as printed",
)

_MOST_BARS = 16
Link = Callable[[str], str]  # returns the address of the row with this name


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table: the printed figures, None where nothing is printed, and the measured figures.

    Attributes:
        name: The step's name.
        kind: The kind of operation.
        hidden: Whether a printed summary leaves it out: a function call.
        printed_shape: (-1, C, H, W).
        printed_parameters: Number of parameters.
        shape: Output shape without the number of images.
        parameters: Number of parameters.
        running_total: Number of parameters up to this step.
        share: Share of all parameters.
        multiply_accumulates: For one image.
        memory: Size of the output in bytes, for one image.
    """

    name: str
    kind: str
    hidden: bool
    printed_shape: tuple[int, ...] | None
    printed_parameters: int | None
    shape: tuple[int, ...]
    parameters: int
    running_total: int
    share: float
    multiply_accumulates: int
    memory: int

    @property
    def wrong(self) -> tuple[str, ...]:
        """Which of ``shape`` and ``parameters`` are printed wrong."""
        if self.printed_shape is None:
            return ()
        differs = {
            "shape": self.printed_shape[1:] != self.shape,
            "parameters": self.printed_parameters != self.parameters,
        }
        return tuple(what for what, wrong in differs.items() if wrong)


def lines(trace: Trace, arithmetic: Mapping[str, Arithmetic], comparisons: Sequence[RowComparison]) -> tuple[Line, ...]:
    """Return every step's printed and measured figures, in the order they ran."""
    printed = {each.name: each for each in comparisons}
    total = arithmetic[trace.steps[-1].name].running_total
    return tuple(
        Line(
            name=step.name,
            kind=step.kind,
            hidden=not isinstance(step, Row),
            printed_shape=printed[step.name].printed_shape if step.name in printed else None,
            printed_parameters=printed[step.name].printed_parameters if step.name in printed else None,
            shape=tuple(axis.result for axis in arithmetic[step.name].shape),
            parameters=arithmetic[step.name].parameter_count,
            running_total=arithmetic[step.name].running_total,
            share=_part(arithmetic[step.name].parameter_count, total),
            multiply_accumulates=arithmetic[step.name].multiply_accumulates.result,
            memory=arithmetic[step.name].memory.result,
        )
        for step in trace.steps
    )


def table(every: Sequence[Line], selected: str, link: Link, *, hidden: bool, around: int | None = None) -> str:
    """Draw the table in HTML.

    Args:
        every: All lines.
        selected: The name of the selected step; it is shown even if it is hidden.
        link: Returns a row's address.
        hidden: Whether the hidden steps are shown.
        around: How many lines are shown on both sides of the selected one; by default all.
    """
    shown = [line for line in every if hidden or not line.hidden or line.name == selected]
    if around is not None:
        at = next((place for place, line in enumerate(shown) if line.name == selected), 0)
        first = max(0, min(at - around, len(shown) - 2 * around - 1))
        shown = shown[first : first + 2 * around + 1]
    printed = any(line.printed_shape for line in every)
    body = "".join(_line(line, line.name == selected, link, printed=printed) for line in shown)
    # The running total counts once what steps share; a sum of the column would not.
    total, work = every[-1].running_total, sum(line.multiply_accumulates for line in every)
    foot = (
        f'<td data-name="parameters">{total:,}</td><td></td><td data-name="share">{_percent(1)}</td>'
        f'<td data-name="{_WORK}">{work:,}</td></tr></tfoot>'
    )
    if printed:
        added = sum(line.printed_parameters or 0 for line in every)
        foot = f'<td></td><td data-name="printed parameters">{added:,}</td>{foot}'
    foot = f'<tfoot><tr><th scope="row">Sum</th><td></td>{foot}'
    head = _HEAD_PRINTED if printed else _HEAD
    ledger = f'<table class="ledger cards" style="--mark: {theme.HIGHLIGHT}">{head}<tbody>{body}</tbody>{foot}</table>'
    return _boxed(ledger, "The rows, printed and measured" if printed else "The rows, measured")


_WORK = "multiply-accumulates"
_HEAD_PRINTED = (
    '<thead><tr><th rowspan="2" scope="col">Row</th><th colspan="2" scope="colgroup">Output shape</th>'
    '<th colspan="4" scope="colgroup">Parameters</th>'
    '<th rowspan="2" scope="col">Multiply-<br>accumulates</th></tr>'
    '<tr><th scope="col">printed</th><th scope="col">measured</th><th scope="col">printed</th>'
    '<th scope="col">measured</th><th scope="col">total</th><th scope="col">share</th></tr></thead>'
)
_HEAD = (
    '<thead><tr><th scope="col">Row</th><th scope="col">Output shape</th><th scope="col">Parameters</th>'
    '<th scope="col">total</th><th scope="col">share</th><th scope="col">Multiply-<br>accumulates</th></tr></thead>'
)


def _line(line: Line, selected: bool, link: Link, *, printed: bool) -> str:
    classes = " ".join(name for name, is_so in (("selected", selected), ("ghost", line.hidden)) if is_so)
    current = ' aria-current="true"' if selected else ""
    shape, parameters = "<td>not printed</td>", "<td></td>"
    if line.printed_shape is not None:
        said = _printed(_brackets(line.printed_shape), "shape" in line.wrong)
        shape = f'<td data-name="printed shape">{said}</td>'
        said = _printed(f"{line.printed_parameters:,}", "parameters" in line.wrong)
        parameters = f'<td data-name="printed parameters">{said}</td>'
    if not printed:
        shape = parameters = ""
    return (
        f'<tr class="{classes}"{current}><th scope="row"><i style="background: {theme.KIND_COLOURS[line.kind]}"></i>'
        f'{_anchor(line.name, link)}</th>{shape}<td data-name="shape">{words.shape(line.shape)}</td>{parameters}'
        f'<td data-name="parameters">{line.parameters:,}</td><td data-name="total">{line.running_total:,}</td>'
        f'<td data-name="share">{_percent(line.share)}</td>'
        f'<td data-name="{_WORK}">{line.multiply_accumulates:,}</td></tr>'
    )


def mistakes(comparisons: Sequence[RowComparison], link: Link) -> str:
    """List in HTML every wrong printed figure."""
    items = []
    for row in comparisons:
        figures = {
            "shape": (_brackets(row.printed_shape), _brackets(row.measured_shape)),
            "parameters": (f"{row.printed_parameters:,}", f"{row.measured_parameters:,}"),
            "input": (words.shape(row.printed_input or ()), words.shape(row.measured_input)),
            "field": (str(row.printed_field), words.shape(tuple(dict.fromkeys(row.measured_field)))),
        }
        for each in row.mistakes:
            printed, measured = figures[each.what]
            items.append(
                f"<li><b>{_anchor(row.name, link)}</b> {FIGURE_NAMES[each.what]}: printed <del>{printed}</del>, "
                f"measured <b>{measured}</b><p>{escape(each.sentence)}</p></li>"
            )
    return f'<ol class="mistakes">{"".join(items)}</ol>' if items else "<p>All printed figures are correct.</p>"


def say_mistakes(comparisons: Sequence[RowComparison]) -> str:
    """Say how many printed figures are wrong, and where."""
    whats = [mistake.what for row in comparisons for mistake in row.mistakes]
    table_ones = sum(what in {"shape", "parameters"} for what in whats)
    return (
        f"{len(whats)} printed figures are wrong for this network: {table_ones} in the table, "
        f"{whats.count('input')} in its comments on inputs, {whats.count('field')} in those on receptive fields. "
        "The network itself is the assignment's."
    )


def listed(mistakes: tuple[PrintedMistake, ...]) -> str:
    """List mistakes in HTML; the texts are a stranger's."""
    items = "".join(
        f"<li><b>{escape(each.where)}</b>: printed <del>{escape(str(each.printed))}</del>, right is "
        f"<b>{escape(str(each.right))}</b><p>{escape(each.why)}</p></li>"
        for each in mistakes
    )
    return f'<ol class="mistakes">{items}</ol>' if items else ""


def share_bars(every: Sequence[Line]) -> str:
    """Draw in HTML, for each step with weights, its share of all parameters and of all multiply-accumulates."""
    work = sum(line.multiply_accumulates for line in every)
    colour = theme.KIND_COLOURS[LayerKind.CONVOLUTION]
    items = "".join(
        f"<li><b>{escape(line.name)}</b><div>"
        f"{_bar('parameters', line.share, colour)}"
        f"{_bar('multiply-accumulates', _part(line.multiply_accumulates, work), theme.MUTED)}</div></li>"
        for line in weighted(every)
    )
    keys = "".join(
        f'<li><i style="background: {paint}"></i>share of all {name}</li>'
        for name, paint in (("parameters", colour), ("multiply-accumulates", theme.MUTED))
    )
    return f'<ul class="legend">{keys}</ul><ol class="shares">{items}</ol>'


def _bar(name: str, share: float, colour: str) -> str:
    return (
        f'<span class="{name}"><i style="--share: {share:.4f}; background: {colour}"></i>'
        f'{_percent(share)}<span class="unseen"> of the {name}</span></span>'
    )


def say_shares(every: Sequence[Line]) -> str:
    """Say which layers have most of the parameters and of the multiply-accumulates, and why; at least one has some."""
    chosen = weighted(every)
    busiest = max(chosen, key=lambda line: line.multiply_accumulates)
    largest = max(chosen, key=lambda line: line.parameters)
    work = sum(line.multiply_accumulates for line in every)
    said = [
        f"{line.name} has {line.share * 100:.0f}\xa0% of the parameters and does "
        f"{_part(line.multiply_accumulates, work) * 100:.0f}\xa0% of the multiply-accumulates"
        for line in dict.fromkeys((busiest, largest))
    ]
    positions = {line.name: line.shape[1] * line.shape[2] if len(line.shape) == 3 else 1 for line in (busiest, largest)}
    (first, count), *others = positions.items()
    where = [f"{count:,} {'position' if count == 1 else 'positions'} in {first}"]
    where += [f"{count:,} in {name}" for name, count in others]
    return f"{'; '.join(said)}. A kernel is used again at every position: {', '.join(where)}."


def share_columns(every: Sequence[Line]) -> dict[str, list[str]]:
    """Return the shares of each convolution as columns, with the counts."""
    chosen, work = weighted(every), sum(line.multiply_accumulates for line in every)
    return {
        "row": [line.name for line in chosen],
        "parameters": [str(line.parameters) for line in chosen],
        "share of all parameters": [f"{line.share:.6g}" for line in chosen],
        "multiply-accumulates": [str(line.multiply_accumulates) for line in chosen],
        "share of all multiply-accumulates": [f"{_part(line.multiply_accumulates, work):.6g}" for line in chosen],
    }


def weighted(every: Sequence[Line]) -> tuple[Line, ...]:
    """Return the lines of steps whose weights are multiplied with values, at most those 16 with most parameters."""
    found = [line for line in every if line.parameters and line.multiply_accumulates]
    most = sorted(found, key=lambda line: -line.parameters)[:_MOST_BARS]
    return tuple(line for line in found if line in most)


def totals(arithmetic: Mapping[str, Arithmetic], never_used: int = 0) -> str:
    """Draw the totals of all steps in HTML.

    Args:
        arithmetic: Of every step.
        never_used: How many parameters the author's module has beside these.
    """
    every = [*arithmetic.values()]
    buffers = sum(line.result for each in every for line in each.buffers)
    figures = {
        "parameters, learned": f"{every[-1].running_total:,}",
        "buffers, kept without learning": f"{buffers:,}",
        "multiply-accumulates for one image": f"{sum(each.multiply_accumulates.result for each in every):,}",
        "bytes, if every step keeps its activation": f"{sum(each.memory.result for each in every):,}",
    }
    if never_used:
        figures["parameters that are owned and never used"] = f"{never_used:,}"
    pairs = "".join(f"<div><dd>{figure}</dd><dt>{name}</dt></div>" for name, figure in figures.items())
    return f'<dl class="totals">{pairs}</dl>'


def as_csv(every: Sequence[Line]) -> str:
    """Return the table as CSV."""
    return swatches.as_csv([_COLUMNS, *map(_cells, every)])


def _cells(line: Line) -> tuple[str, ...]:
    return (
        line.name,
        "no" if line.hidden else "yes",
        "" if line.printed_shape is None else _brackets(line.printed_shape),
        words.shape(line.shape),
        "" if line.printed_parameters is None else str(line.printed_parameters),
        str(line.parameters),
        str(line.running_total),
        f"{line.share:.6f}",
        str(line.multiply_accumulates),
        str(line.memory),
        " and ".join(line.wrong),
    )


def _printed(figure: str, wrong: bool) -> str:
    return f"<del>{figure}</del> <small>wrong</small>" if wrong else figure


def _brackets(shape: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, shape))}]"


def _anchor(name: str, link: Link) -> str:
    return f'<a href="{escape(link(name))}" target="_self">{escape(name)}</a>'


def _boxed(html: str, label: str) -> str:
    return f'<div class="sideways" role="region" tabindex="0" aria-label="{label}">{html}</div>'


def _part(of: int, whole: int) -> float:
    return of / whole if whole else 0.0


def _percent(share: float) -> str:
    return {0.0: "0\xa0%", 1.0: "100\xa0%"}.get(share) or words.percent(share)
