"""Printed figures are found in a text; what torchsummary and torchinfo really print is read as it is meant."""

import time

import pytest

from model.parameters.printed import PrintedRow, field_in, find, sizes_in

SUMMARY = """
Before:
----------------------------------------------------------------
        Layer (type)               Output Shape         Param #
================================================================
            Conv2d-1            [-1, 8, 26, 26]              80
            Linear-2                   [-1, 10]           1,090
================================================================
Total params: 1,170
Trainable params: 1,170
Non-trainable params: 0
"""


def test_a_summary_is_found_with_its_total() -> None:
    (table,) = find(SUMMARY).tables
    assert (table.form, table.line, table.total) == ("torchsummary", 6, (1170, 9))
    assert table.rows == (
        PrintedRow(6, "Conv2d-1", "Conv2d", (8, 26, 26), 80),
        PrintedRow(7, "Linear-2", "Linear", (10,), 1090),
    )
    assert find(SUMMARY).totals == ()


def test_two_summaries_are_two_tables() -> None:
    assert [table.line for table in find(SUMMARY + SUMMARY).tables] == [6, 17]


@pytest.mark.parametrize(
    ("line", "total"),
    [
        ("Total params: 10,066 (learnt)", 10066),
        ("**Total Parameters:** 7901", 7901),
        ("Total trainable parameters = 7,901.", 7901),
        ("Non-trainable params: 0", None),
        ("Total params size (MB): 0.05", None),
        ("Total parameters: 7.9k", None),
    ],
)
def test_totals_in_words_are_found(line: str, total: int | None) -> None:
    assert [number for _, number in find(line).totals] == ([] if total is None else [total])


def test_a_markdown_table_is_read_by_its_header() -> None:
    text = (
        "| # | Layer | Input | Output Size | Kernel | RF in | RF out | jump |\n|:-:|--|--|--|--|--|--|--|\n"
        "| 1 | `Conv1` | 28x28x1 | 26x26x8 | 3x3 | 1 | 3x3 | 1 |\n| 2 | MaxPool | 26 | 13 | 2x2 | 3 | 4 | 2 |\n"
    )
    (table,) = find(text).tables
    first, second = table.rows
    assert (first.name, first.field, first.jump) == ("Conv1", (3, 3), 1)
    assert first.sizes == (("output", (26, 26, 8)), ("input", (28, 28, 1)))
    assert (second.field, second.sizes) == ((4, 4), (("output", (13, 13)), ("input", (26, 26))))


def test_headers_may_be_names_of_columns() -> None:
    text = "row | layer | printed_shape | printed_params | printed_input | rf_out\n---|---|---|---|---|---\n"
    ((row,),) = [table.rows for table in find(f"{text}1 | Conv2d-1 | [-1, 8, 26, 26] | 80 | 28x28x1 | 3\n").tables]
    assert (row.name, row.shape, row.parameters, row.field) == ("Conv2d-1", (8, 26, 26), 80, (3, 3))
    assert row.sizes == (("input", (28, 28, 1)),)


def test_a_table_of_other_things_is_no_table() -> None:
    assert find("| page | shows |\n|--|--|\n| Overview | 3x3 |\n").tables == ()


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("RF: 14", 14),
        ("rf=14x14", 14),
        ("receptive field is 14", 14),
        ("Receptive Field - 14*14", 14),
        ("receptive_field: 14", 14),
        ("output 11x11 | RF 14", 14),
        ("RFC 1234", None),
        ("surf 14", None),
        ("14 receptive", None),
    ],
)
def test_fields_in_words_are_found(text: str, field: int | None) -> None:
    assert field_in(text) == (None if field is None else (field, field))


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("26x26x8", [("either", (26, 26, 8))]),
        ("28x28x1 -> 26x26x8", [("input", (28, 28, 1)), ("output", (26, 26, 8))]),
        ("in: 28x28 out: 26x26", [("input", (28, 28)), ("output", (26, 26))]),
        ("output_size = 26", [("output", (26, 26))]),
        ("output size: 26x26x8, RF: 3x3", [("output", (26, 26, 8))]),
        ("3x3 kernel, stride 2", []),
        ("2x2 max pool", []),
        ("16x3x3x32 weights", []),
        ("1.5x2 of 3", []),
        ("version 2", []),
    ],
)
def test_sizes_in_words_are_found(text: str, sizes: list[tuple[str, tuple[int, ...]]]) -> None:
    assert list(sizes_in(text)) == sizes


@pytest.mark.parametrize("text", ["RF = 3.5", "RF 12345", "receptive field: 99.41 %"])
def test_a_part_of_a_number_is_no_field(text: str) -> None:
    assert field_in(text) is None
    assert all(
        row.field is None for table in find(f"|Layer|RF|\n|---|---|\n|conv|{text[-5:]}|").tables for row in table.rows
    )


def test_a_number_without_an_end_is_no_figure() -> None:
    endless = "9" * 5000
    found = find(
        f"Conv2d-1 [-1, 8, 26, 26] {endless}\nTotal params: {endless}\n| Layer | Params |\n|--|--|\n|a|{endless}|"
    )
    assert not found.totals
    assert all(row.parameters is None for table in found.tables for row in table.rows)


def test_lines_that_name_a_step_are_claims() -> None:
    (table,) = find(
        "`conv1`: 28x28x1 -> 26x26x8\nconv1 and conv2: 3x3 -> 5x5\nconv2 has 26x26x8\n", {"conv1", "conv2"}
    ).tables
    assert [row.sizes for row in table.rows] == [(("input", (28, 28, 1)), ("output", (26, 26, 8)))]
    (table,) = find(SUMMARY.replace("80\n", "80  # RF: 3x3\n")).tables
    assert [row.field for row in table.rows] == [(3, 3), None]
    text = "- `conv1.0`: receptive field 3\n- 24x24, RF = 5 at conv2; after MaxPool2d-3 the RF is 6.\nThe RF is 7.\n"
    (table,) = find(text, {"conv1.0", "conv2", "MaxPool2d-3"}).tables
    assert [(row.name, row.field) for row in table.rows] == [
        ("conv1.0", (3, 3)),
        ("conv2", (5, 5)),
        ("MaxPool2d-3", (6, 6)),
    ]


_BOMBS = {
    "spaces before a size": "output" + " " * 4000 + "a 3x3\n",
    "many spaces before sizes": "output" + " " * 70 + "a 3x3 ",
    "a rule of dashes without an end": "a|b\n" + "-" * 49_000 + "x",
    "sizes on one line": "1x1 ",
    "claims on one line": "Linear-4 rf 3 ",
    "rules inside a table": "a|b\n-|-\n",
    "rules inside a table of numbers": "rf|1\n-|-\n",
    "rules inside a table of fields": "a|rf\n-|-\n",
    "numbers almost without an end": "9" * 98 + " ",
    "totals": "total parameters ",
    "rows of a summary": "Conv2d-1 [-1, 8]  ",
}


@pytest.mark.parametrize("name", _BOMBS)
def test_a_long_text_is_read_in_time_that_grows_with_its_length(name: str) -> None:
    # No timed test: reading takes some hundredths of a second, and with quadratic growth many seconds, or hours with
    # cubic growth. The regular expressions hold Python's lock, so all visitors of the server would wait.
    bomb = _BOMBS[name]
    text = (bomb * (50_000 // len(bomb) + 1))[:50_000]
    started = time.process_time()
    find(text, {"Linear-4"})
    assert time.process_time() - started < 2


def test_one_table_is_found_where_a_rule_is_inside_a_table() -> None:
    (table,) = find("|Layer|RF|\n|---|---|\n|conv|3|\n|---|---|\n|pool|4|\n").tables
    assert [(row.name, row.field) for row in table.rows] == [("conv", (3, 3)), ("pool", (4, 4))]
    (table,) = find("|Layer|RF|\n|---|---|\n|conv|3|\n|Layer|RF|\n|---|---|\n|pool|4|\n").tables  # its head again
    assert [row.field for row in table.rows if row.name != "Layer"] == [(3, 3), (4, 4)]
