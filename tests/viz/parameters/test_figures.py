import csv
import io
import re
from collections.abc import Mapping
from dataclasses import replace
from html import escape
from typing import Any
from xml.etree import ElementTree

import pytest

from model import layers, trace
from model.images import digits
from model.layers.records import Arithmetic
from model.networks.assignment import weights
from model.parameters import printed_table
from model.parameters.records import Mistake, RowComparison
from model.trace.records import LayerKind, Trace
from viz.layers import worked_row
from viz.parameters import figures as parameters
from viz.parameters import limits
from viz.parameters.figures import Line

Work = Mapping[str, Arithmetic]
Printed = tuple[RowComparison, ...]


@pytest.fixture(scope="module")
def three() -> Trace:
    return trace.record(weights.load(), digits.to_input(digits.find("project-3a")))


@pytest.fixture(scope="module")
def work(three: Trace) -> Work:
    return layers.arithmetic(three)


@pytest.fixture(scope="module")
def printed() -> Printed:
    return printed_table.compare(weights.load())


@pytest.fixture(scope="module")
def every(three: Trace, work: Work, printed: Printed) -> tuple[Line, ...]:
    return parameters.lines(three, work, printed)


def link(name: str) -> str:
    return f"parameters?digit=a&row={name}"


def parsed(html: str) -> ElementTree.Element:
    """Read a figure; its markup is strict enough to be read as XML."""
    return ElementTree.fromstring(html.replace("<br>", " "))  # noqa: S314 (our own)


def said(element: ElementTree.Element) -> str:
    return " ".join("".join(element.itertext()).split())


def body(html: str) -> list[ElementTree.Element]:
    found = parsed(html).find("table/tbody")
    assert found is not None
    return list(found)


def test_lines_are_the_recorded_steps(three: Trace, every: tuple[Line, ...]) -> None:
    assert [line.name for line in every] == [step.name for step in three.steps]
    total = 0
    for line, step in zip(every, three.steps, strict=True):
        total += step.parameter_count
        assert (line.kind, line.shape) == (step.kind, step.output.shape)
        assert (line.parameters, line.running_total) == (step.parameter_count, total)
        assert line.share == step.parameter_count / 10066
        assert line.memory == step.output.nbytes
        assert line.hidden == (step not in three.rows)
    assert total == 10066


def test_table_shows_printed_and_measured_figures(every: tuple[Line, ...]) -> None:
    rows = [line for line in every if not line.hidden]
    drawn = body(parameters.table(every, "Conv2d-1", link, hidden=False))
    assert len(drawn) == len(rows) == 23
    for row, line, was in zip(drawn, rows, printed_table.PRINTED, strict=True):
        name, shape, measured, count, parameters_, total, _, work = map(said, row)
        assert (name, measured) == (line.name, " × ".join(map(str, line.shape)))
        assert shape.removesuffix(" wrong") == str(list(was.shape))
        assert count.removesuffix(" wrong") == f"{was.parameters:,}"
        assert (parameters_, total) == (f"{line.parameters:,}", f"{line.running_total:,}")
        assert work == f"{line.multiply_accumulates:,}"
    assert [row.findtext("td/del") for row in drawn if row.find("td/del") is not None] == ["36", "[-1, 32, 1, 1]"]


def test_table_sums_are_those_of_the_rows(every: tuple[Line, ...]) -> None:
    foot = parsed(parameters.table(every, "Conv2d-1", link, hidden=False)).find("table/tfoot/tr")
    assert foot is not None
    work = f"{sum(line.multiply_accumulates for line in every):,}"
    assert [said(cell) for cell in foot] == ["Sum", "", "", "9,966", "10,066", "", "100 %", work]


def test_table_shows_hidden_steps_on_request_or_when_selected(every: tuple[Line, ...]) -> None:
    assert len(body(parameters.table(every, "Conv2d-1", link, hidden=True))) == len(every) == 31
    drawn = body(parameters.table(every, "ReLU-7", link, hidden=False))
    assert len(drawn) == 24
    (selected,) = (row for row in drawn if row.get("aria-current") == "true")
    assert selected.findtext("th/a") == "ReLU-7"
    assert selected.get("class") == "selected ghost"
    assert "not printed" in said(selected)


def test_table_rows_link_to_themselves(every: tuple[Line, ...]) -> None:
    html = parameters.table(every, "Conv2d-1", link, hidden=True)
    for row in body(html):
        anchor = row.find("th/a")
        assert anchor is not None
        assert (anchor.get("href"), anchor.get("target")) == (link(str(anchor.text)), "_self")


def test_table_marks_a_figure_that_is_off_by_one(three: Trace, work: Work, printed: Printed) -> None:
    off = replace(printed[0], printed_parameters=81)
    (line, *_) = parameters.lines(three, work, (off, *printed[1:]))
    assert line.wrong == ("parameters",)
    (row, *_) = body(parameters.table([line], "Conv2d-4", link, hidden=False))
    assert row.findtext("td/del") == "81"
    assert said(row[3]) == "81 wrong"
    assert said(row[4]) == "80"


def test_worked_row_shows_all_lines(work: Work, printed: Printed) -> None:
    comparisons = {row.name: row for row in printed}
    for name, row in work.items():
        html = worked_row.draw(row, comparisons.get(name), 10066)
        text = said(parsed(html))
        for line in (*row.shape, *row.parameters, *row.buffers, row.multiply_accumulates, row.memory):
            assert f'aria-label="{line.symbols}"' in html
            assert f'aria-label="{line.numbers}"' in html or line.numbers == f"{line.result:,}"
            assert f"=\xa0{line.result:,}".replace("\xa0", " ") in text
        if row.parameters:
            assert row.parameter_line in text
        assert f"Running total {row.running_total:,} of 10,066." in text
        assert ("they have no gradient" in text) == bool(row.buffers) == name.startswith("BatchNorm")
        mistakes = comparisons[name].mistakes if name in comparisons else ()
        assert ("Errors in the printed figures" in text) == bool(mistakes)
        assert all(mistake.sentence in text for mistake in mistakes)


def test_mistakes_lists_all_nine(printed: Printed) -> None:
    items = list(parsed(parameters.mistakes(printed, link)))
    expected = [(row.name, mistake.sentence) for row in printed for mistake in row.mistakes]
    assert [(item.findtext("b/a"), item.findtext("p")) for item in items] == expected
    assert len(items) == 9
    figures = [(item.findtext("del"), item.findall("b")[1].text) for item in items]
    assert figures[:4] == [("26 × 26 × 1", "26 × 26 × 8"), ("24 × 24 × 1", "24 × 24 × 16"), ("14", "8"), ("36", "136")]
    assert figures[-2:] == [("[-1, 32, 1, 1]", "[-1, 10, 1, 1]"), ("22", "28")]
    assert parameters.say_mistakes(printed).startswith("9 printed figures are wrong for this network: 2 in the")
    right = tuple(replace(row, mistakes=()) for row in printed)
    assert parameters.mistakes(right, link) == "<p>All printed figures are correct.</p>"


def test_html_is_escaped(work: Work, printed: Printed) -> None:
    odd = "<script>&\"'"
    row, was = replace(work["Conv2d-1"], name=odd), replace(printed[0], name=odd, mistakes=(Mistake("field", odd),))
    drawn = [worked_row.draw(row, was, 1), parameters.mistakes([was], lambda name: f"?row={name}")]
    for html in drawn:
        assert odd not in html
        assert escape(odd) in html


def test_share_bars_are_the_shares(work: Work, every: tuple[Line, ...]) -> None:
    html = parameters.share_bars(every)
    shares = [float(share) for share in re.findall(r"--share: ([\d.]+)", html)]
    learned = sum(row.parameter_count for row in work.values())
    done = sum(row.multiply_accumulates.result for row in work.values())
    rows = [row for name, row in work.items() if name.startswith("Conv2d")]
    assert shares[::2] == pytest.approx([row.parameter_count / learned for row in rows], abs=6e-5)
    assert shares[1::2] == pytest.approx([row.multiply_accumulates.result / done for row in rows], abs=6e-5)


def test_say_shares_names_the_busiest_and_the_largest_convolution(every: tuple[Line, ...]) -> None:
    assert parameters.say_shares(every) == (
        "Conv2d-7 has 23\xa0% of the parameters and does 52\xa0% of the multiply-accumulates; "
        "Conv2d-19 has 46\xa0% of the parameters and does 10\xa0% of the multiply-accumulates. "
        "A kernel is used again at every position: 484 positions in Conv2d-7, 49 in Conv2d-19."
    )


def test_check_of_the_shipped_weights_against_every_limit(every: tuple[Line, ...]) -> None:
    card = weights.read_card()
    checked = limits.check(every, card)
    accurate = "met" if round(10_000 * card["test_accuracy"]) >= 9_940 else "not met"
    assert [limit.verdict for limit in checked] == ["met", "met", "met", accurate]
    assert "10,066" in checked[0].evidence
    assert f" {len(card['epochs'])} epochs." in checked[2].evidence
    assert f"{card['test_accuracy'] * 100:.2f}\xa0%" in checked[3].evidence
    assert f"seed {card['seed']}," in checked[3].evidence
    assert card["protocol"] in checked[3].evidence
    text = said(parsed(limits.checklist(checked)))
    assert all(f"{limit.limit}: {limit.verdict}.".replace("\xa0", " ") in text for limit in checked)


@pytest.mark.parametrize(
    ("size", "kind", "card", "verdicts"),
    [
        (19_999, LayerKind.CONVOLUTION, {"recipe": {"epochs": 19}, "test_accuracy": 0.994}, ["met"] * 4),
        (20_000, LayerKind.LINEAR, {"recipe": {"epochs": 20}, "test_accuracy": 0.9939}, ["not met"] * 4),
        (0, LayerKind.RELU, {}, ["met", "met", "not known", "not known"]),
    ],
)
def test_check_is_exact_at_the_limit(size: int, kind: LayerKind, card: dict[str, Any], verdicts: list[str]) -> None:
    line = Line("only", kind, False, None, None, (1,), size, size, 1.0, 0, 4)
    told = {"seed": 1, "kept_epoch": 1, "protocol": "", **card}
    assert [limit.verdict for limit in limits.check([line], told)] == verdicts


def test_totals_are_the_sums_of_the_steps(three: Trace, work: Work) -> None:
    figures = [int(str(each.text).replace(",", "")) for each in parsed(parameters.totals(work)).iter("dd")]
    buffers = sum(values.size for step in three.steps for values in step.buffers.values())
    done = sum(row.multiply_accumulates.result for row in work.values())
    assert figures == [10066, buffers, done, sum(step.output.nbytes for step in three.steps)]


def test_csv_has_the_numbers_of_the_table(every: tuple[Line, ...]) -> None:
    head, *rows = csv.reader(io.StringIO(parameters.as_csv(every)))
    for line, cells in zip(every, rows, strict=True):
        told = dict(zip(head, cells, strict=True))
        assert told["row"] == line.name
        assert told["measured shape"] == " × ".join(map(str, line.shape))
        assert int(told["measured parameters"]) == line.parameters
        assert int(told["running total"]) == line.running_total
        assert float(told["share of parameters"]) == pytest.approx(line.share, abs=1e-6)
        assert int(told["multiply-accumulates"]) == line.multiply_accumulates
        assert int(told["activation bytes"]) == line.memory
        assert told["wrong as printed"] == " and ".join(line.wrong)
