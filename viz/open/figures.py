"""The networks that can be shown as cards, and what was understood of one: its table and its facts, in HTML."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from typing import Any

from model.graph.records import Op
from model.networks.records import ImageSpec, Network
from model.networks.summary.records import Table, TableRow
from model.records import Pair
from viz.pictures import swatches, words

Link = Callable[[str], str]  # returns the address for the id of a network, or for the name of a step
_COUNTED = {  # what a network is made of, in the order it is said
    "convolution": (Op.CONV, Op.CONV_TRANSPOSE),
    "normalisation": (Op.BATCH_NORM, Op.INSTANCE_NORM, Op.GROUP_NORM, Op.LAYER_NORM),
    "dropout": (Op.DROPOUT, Op.DROPOUT2D),
    "max pool": (Op.MAX_POOL, Op.ADAPTIVE_MAX_POOL),
    "average pool": (Op.AVG_POOL, Op.ADAPTIVE_AVG_POOL),
    "sum of branches": (Op.ADD,),
    "concatenation": (Op.CAT,),
    "linear layer": (Op.LINEAR,),
}
_PLURALS = {"sum of branches": "sums of branches"}
_COLUMNS = ("step", "path", "shape", "parameters", "receptive field", "jump", "multiply-accumulates")
_MOST = 8  # names that a sentence lists
_ALL = slice(None)


def cards(networks: Sequence[Network], current: str, link: Link) -> str:
    """Draw a card for each network in HTML: what it is, its size, its accuracy and what it teaches.

    Args:
        networks: Those to choose from.
        current: The id of the one that is shown.
        link: Returns the address that shows a network.
    """
    return f'<ul class="networks">{"".join(_card(each, each.id == current, link) for each in networks)}</ul>'


def _card(network: Network, is_current: bool, link: Link) -> str:
    chosen = ' aria-current="true"' if is_current else ""
    facts = {"Parameters": f"{network.graph.used:,}", "Input": words.shape(network.input.shape)}
    if accuracy := say_accuracy(network.card):
        facts["Test accuracy"] = accuracy
    listed = "".join(f"<div><dt>{name}</dt><dd>{escape(value)}</dd></div>" for name, value in facts.items())
    teaches = network.card.get("teaches")
    lesson = f"<p>{escape(str(teaches))}</p>" if teaches else ""
    return (
        f'<li{chosen}><h3><a href="{escape(link(network.id))}" target="_self">{escape(network.title)}</a></h3>'
        f"<p>{say_structure(network)}</p><dl>{listed}</dl>{lesson}</li>"
    )


def say_structure(network: Network) -> str:
    """Say what a network is made of: so many convolutions, and so on."""
    counts = {name: len(network.all(*ops)) for name, ops in _COUNTED.items()}
    said = [f"{n} {name if n == 1 else _PLURALS.get(name, name + 's')}" for name, n in counts.items() if n]
    return ", ".join(said) or f"{len(network.graph.nodes)} steps"


def say_accuracy(card: Mapping[str, Any]) -> str:
    """Say the accuracy on test images that a card states, with seed and number of runs; nothing without one.

    >>> recipe = {"test_accuracy": {"mean": 0.9947, "standard_deviation": 0.0003, "n": 5}}
    >>> card = {"test_accuracy": 0.9948, "seed": 2, "recipe": {"name": "ours"}, "seeds": {"ours": recipe}}
    >>> say_accuracy(card).replace(chr(160), " ")
    '99.48 % (seed 2, median of 5, mean 99.47 %)'
    """
    share = card.get("test_accuracy")
    if not isinstance(share, float):
        return ""
    images = f" of {card['test_images']:,}" if "test_images" in card else ""
    seed = f"seed {card['seed']}, " if "seed" in card else ""
    runs = "one run"
    if "seeds" in card:
        every = card["seeds"][card["recipe"]["name"]]["test_accuracy"]
        runs = f"median of {every['n']}, mean {words.accuracy(every['mean'])}"
    return f"{words.accuracy(share)}{images} ({seed}{runs})"


def table(found: Table, link: Link, shown: slice = _ALL) -> str:
    """Draw the steps of a network as an HTML table, function calls in italics, and the sums of all.

    Args:
        found: The steps.
        link: Returns the address that shows a step.
        shown: Which steps are drawn.
    """
    head = "".join(f'<th scope="col">{name[:1].upper()}{name[1:]}</th>' for name in _COLUMNS)
    body = "".join(_line(row, link) for row in found.rows[shown])
    total = ("", "", f"{found.used:,}", "", "", f"{found.multiply_accumulates:,}")
    foot = f'<tr><th scope="row">Sum</th>{"".join(f"<td>{cell}</td>" for cell in total)}</tr>'
    ledger = f'<table class="ledger"><thead><tr>{head}</tr></thead><tbody>{body}</tbody><tfoot>{foot}</tfoot></table>'
    return f'<div class="sideways steps-found" role="region" tabindex="0" aria-label="Every step">{ledger}</div>'


def _line(row: TableRow, link: Link) -> str:
    ghost = "" if row.is_numbered else ' class="ghost"'
    log_softmax = row.is_hidden and row.op == "log_softmax"  # pages compute one themselves, by this name
    name = "log-softmax" if log_softmax else row.name
    linked = f'<a href="{escape(link(name))}" target="_self">{escape(name)}</a>'
    first = escape(name) if row.is_hidden and not log_softmax else linked
    cells = "".join(f"<td>{escape(cell)}</td>" for cell in _cells(row)[1:])
    return f'<tr{ghost}><th scope="row">{first}</th>{cells}</tr>'


def _cells(row: TableRow) -> tuple[str, ...]:
    return (
        row.name,
        row.path,
        words.shape(row.shape),
        f"{row.parameters:,}" if row.parameters else "",
        _pair(row.field),
        _pair(row.jump),
        f"{row.multiply_accumulates:,}" if row.multiply_accumulates else "",
    )


def _pair(pair: Pair | None) -> str:
    if pair is None:
        return ""
    return str(pair[0]) if pair[0] == pair[1] else f"{pair[0]} × {pair[1]}"


def as_csv(found: Table) -> str:
    """Return the table as CSV, with plain numbers."""
    return swatches.as_csv([_COLUMNS, *([cell.replace(",", "") for cell in _cells(row)] for row in found.rows)])


def totals(network: Network, found: Table) -> str:
    """Draw the figures that sum a network up, large, in HTML."""
    figures = {
        "parameters": f"{found.used:,}",
        "numbered steps": f"{len(network.graph.rows):,}",
        "input": words.shape(network.input.shape),
        "classes": f"{len(network.classes):,}",
        "multiply-accumulates": f"{found.multiply_accumulates:,}",
        "field of the last maps": last_field(network, found) or "no single one",
    }
    pairs = "".join(f"<div><dd>{figure}</dd><dt>{name}</dt></div>" for name, figure in figures.items())
    return f'<dl class="totals understood">{pairs}</dl>'


def last_field(network: Network, found: Table) -> str:
    """Return the receptive field of the last maps with more than one unit; nothing where there is no single one."""
    last = network.last_maps()
    return next((_pair(row.field) for row in found.rows if last and row.name == last.name), "")


def findings(network: Network, found: Table) -> str:
    """List in HTML what was found: whether the outputs agree, what is not worked out, what never runs, warnings."""
    items = "".join(
        f"<div><dt>{name}</dt>{''.join(f'<dd>{escape(said)}</dd>' for said in sentences)}</div>"
        for name, sentences in _findings(network, found)
        if sentences
    )
    return f'<dl class="findings">{items}</dl>'


def _findings(network: Network, found: Table) -> Iterator[tuple[str, Sequence[str]]]:
    yield "Outputs", [say_witness(network.difference, "its author's" if network.card else "your")]
    yield "Pictures", [say_normalisation(network.input)]
    yield "Parameters", [say_parameters(found)]
    yield "Term by term", [say_worked_out(found)]
    yield "Receptive fields", found.reasons
    yield "Please note", network.warnings


def say_witness(difference: float, whose: str = "your") -> str:
    """Say how far the outputs are from those of the author's code."""
    if not difference:
        return f"The same outputs as {whose} code: the largest difference is 0."
    return f"The outputs are those of {whose} code: they differ by at most {difference:.1g} of the largest."


def say_normalisation(spec: ImageSpec) -> str:
    """Say how a picture becomes the input.

    >>> say_normalisation(ImageSpec(1, 28, 28, (0.1307,), (0.3081,)))
    'x = (value − 0.1307) / 0.3081, for values from 0 to 1.'
    """
    if not any(spec.mean) and all(each == 1 for each in spec.std):
        return (
            "They go in as values from 0 to 1, without a normalisation. If it was trained with one, give its numbers."
        )
    mean, std = _channels(spec.mean), _channels(spec.std)
    return f"x = (value − {mean}) / {std}, for values from 0 to 1."


def _channels(numbers: Sequence[float]) -> str:
    if len(set(numbers)) == 1:
        return f"{numbers[0]:g}"
    return f"({', '.join(f'{each:g}' for each in numbers)})"


def say_parameters(found: Table) -> str:
    """Say how many parameters are used, and which modules never run."""
    if found.used == found.owned and not found.unused:
        return f"All {found.used:,} are used."
    never = [f"{path} ({count:,})" if count else path for path, count in found.unused]
    listed = f" Never called: {_listed(never)}." if never else ""
    return f"{found.used:,} are used of {found.owned:,} that your module has.{listed}"


def say_worked_out(found: Table) -> str:
    """Say which steps cannot be worked out term by term."""
    not_worked = [f"{row.name} ({row.op})" for row in found.rows if not row.is_worked_out and not row.is_hidden]
    if not not_worked:
        return "Every unit of every step can be worked out."
    return f"Shown with shape and values, but not worked out: {_listed(not_worked)}."


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return ", ".join(names[:_MOST]) + more
