"""What the editor is given of a design, against a network worked out by hand; and the changes that are offered."""

import csv
import io

import pytest

from model.design import text
from model.design.assess import assess
from model.design.records import WhatIf
from model.design.worked import worked
from viz.design.editor import figures
from viz.design.limits.figures import changes, say

# 28 - 4 = 24 along a side; then (24 - 2) / 2 + 1 = 12. A window of 2 adds a pixel to a field of 5.
BY_HAND = assess(text.read("conv 8 5\nrelu\nmax 2\nconv 10 12"))
BROKEN = assess(text.read("conv 8 5\nmax 40\nrelu"))


def test_rows_have_the_numbers_that_are_worked_out_by_hand() -> None:
    conv, relu, pool, last = figures.rows(BY_HAND, [()] * 4)
    assert [each["output"] for each in (conv, relu, pool, last)] == [
        "8 × 24 × 24",
        "8 × 24 × 24",
        "8 × 12 × 12",
        "10 × 1 × 1",
    ]
    assert [each["parameters"] for each in (conv, relu, pool, last)] == [8 * 25 + 8, 0, 0, 10 * 8 * 144 + 10]
    assert [each["size"] for each in (conv, relu, pool, last)] == ["5 × 5", "5 × 5", "6 × 6", "28 × 28"]
    assert [each["grows"] for each in (conv, relu, pool, last)] == [True, False, True, True]
    assert conv["box"] == [12, 12, 17, 17]  # of unit (12, 12), which begins there
    assert last["box"] == [0, 0, 28, 28]
    assert dict(last["facts"])["Running total"] == "11,738"


def test_a_layer_that_cannot_see_further_has_a_tag_and_a_sentence() -> None:
    *_, last = figures.rows(assess(text.read("conv 8 28 padding=14\nconv 8 3")), [()] * 2)
    assert last["tag"] == "its input sees the whole image"
    assert "this window combines, but cannot see further" in last["marks"][0]
    assert figures.rows(BY_HAND, [()] * 4)[0]["tag"] == ""


def test_totals_are_sums_and_the_largest_field() -> None:
    given = {each["name"]: (each["text"], each["value"]) for each in figures.totals(BY_HAND)}
    work = 8 * 24 * 24 * 25 + 10 * 8 * 144
    numbers = 2 * 8 * 24 * 24 + 8 * 12 * 12 + 10
    assert given == {
        "parameters": ("11,738", 11_738),
        "pixels in the largest receptive field": ("28 × 28", None),
        "multiply-accumulates for one image": (f"{work:,}", work),
        "bytes of activations": (f"{4 * numbers:,}", 4 * numbers),
    }


def test_a_layer_that_cannot_run_has_a_sentence_and_no_numbers() -> None:
    conv, pool, relu = figures.rows(BROKEN, [()] * 3)
    assert conv["problem"] is None
    assert pool["problem"]["sentence"].endswith("Its window of 40 × 40 is larger than its map of 24 × 24.")
    assert (pool["output"], pool["facts"], relu["output"], relu["problem"]) == ("", [], "", None)
    assert "image, 28 × 28. Layer 2 cannot run: " in figures.say(BROKEN, (28, 28))
    assert "From layer 4 on, a receptive field is as large as the image, 28 × 28." in figures.say(BY_HAND, (28, 28))


@pytest.mark.parametrize("line", ["conv 8 3 @7", "relu\nadd @99\nrelu", "relu\nadd @zz", "relu @3\nrelu\nrelu"])
def test_a_layer_that_refers_to_none_is_shown_with_its_sentence(line: str) -> None:
    design = text.read(line)
    found = assess(design)
    problems = [row["problem"] for row in figures.rows(found, worked(design, found)) if row["problem"]]
    assert [each["sentence"][:14] for each in problems] == ["It refers to '"]


def test_the_file_has_every_number_of_the_rows() -> None:
    lines = [*csv.DictReader(io.StringIO(figures.table_csv(BY_HAND)))]
    assert [line["text"] for line in lines] == [row.text for row in BY_HAND.rows]
    for line, row in zip(lines, figures.rows(BY_HAND, [()] * 4), strict=True):
        facts = dict(row["facts"])
        assert line["output shape"] == facts["Output"]
        assert line["jump"] == facts["Jump"]
        assert f"{int(line['multiply-accumulates']):,}" == facts["Multiply-accumulates"]
        assert f"{int(line['activation bytes']):,} bytes" == facts["Activation"]
    assert "larger than its map" in figures.table_csv(BROKEN)


def test_changes_are_links_with_what_each_costs() -> None:
    design = text.read("conv 10 28")
    found = WhatIf("Layer 1: 5 kernels in place of 10.", design, 3_925, 3_920, True)
    html = changes([found], lambda each: f"design?design={text.to_link(each)}")
    assert '<a href="design?design=conv-10-28" target="_self">Layer 1: 5 kernels in place of 10.</a>' in html
    assert "3,925 parameters" in html
    assert say([found], 7_850, 4_000) == (
        "The design has 3,851 parameters too many. One of these changes is enough, each worked out."
    )
    assert say([], 4_000, 4_000) == "The design has 1 parameter too many. No change was found."
