"""The confusion matrix, read back from its HTML and its CSV."""

import csv
import io
import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from model.mistakes.records import Confusion
from viz.mistakes import confusion

THREE = Confusion(np.array([[90, 4, 0], [1, 95, 0], [2, 0, 0]]))
COUNTS = st.lists(st.lists(st.integers(0, 1_200), min_size=4, max_size=4), min_size=4, max_size=4)


def link(label: int, read: int) -> str:
    return f"page?cell={label}.{read}&more=1"


def counts_in(html: str) -> NDArray[np.int64]:
    """Return the counts in the table; a cell without a link is zero."""
    lines = re.findall(r'<tr><th scope="row">\d</th>(.*?)<td class="total">', html)
    cells = [re.findall(r"<td[^>]*>(.*?)</td>", line) for line in lines]
    return np.array([[int(re.sub(r"<[^>]+>|,", "", cell) or 0) for cell in line] for line in cells])


def depths(html: str) -> list[int]:
    return [int(each) for each in re.findall(r'class="wrong[^"]*" style="--depth: (\d+)%"', html)]


@given(COUNTS)
def test_matrix_holds_each_count_in_its_cell(given_counts: list[list[int]]) -> None:
    counts = np.array(given_counts)
    drawn = counts_in(confusion.matrix(Confusion(counts), (0, 0), link))
    np.testing.assert_array_equal(drawn, counts)
    assert np.array_equal(drawn, counts.T) == np.array_equal(
        counts, counts.T
    )  # the wrong rule: rows are predicted classes


def test_matrix_count_has_link_and_label() -> None:
    html = confusion.matrix(THREE, (0, 1), link)
    found = re.findall(r'href="([^"]+)"[^>]*aria-label="([^"]+)"', html)
    assert found == [
        ("page?cell=0.0&amp;more=1", "labelled 0, classified as 0: 90 images"),
        ("page?cell=0.1&amp;more=1", "labelled 0, classified as 1: 4 images"),
        ("page?cell=1.0&amp;more=1", "labelled 1, classified as 0: 1 image"),
        ("page?cell=1.1&amp;more=1", "labelled 1, classified as 1: 95 images"),
        ("page?cell=2.0&amp;more=1", "labelled 2, classified as 0: 2 images"),
    ]
    assert re.findall(r'<td class="total">(\d+)</td>', html) == ["94", "96", "2"]
    assert re.findall(r"<td>(\d+)</td>", html.split("<tfoot>")[1]) == ["93", "99", "0", "192"]


def test_matrix_marks_the_selected_cell() -> None:
    html = confusion.matrix(THREE, (0, 1), link)
    (marked,) = re.findall(r'class="wrong selected"[^>]*><a[^>]*aria-label="([^"]+)" aria-current="true"', html)
    assert marked == "labelled 0, classified as 1: 4 images"
    assert html.count("aria-current") == html.count("selected") == 1
    assert "aria-current" not in confusion.matrix(THREE, (2, 1), link), "an empty cell has nothing to mark"


def test_matrix_colour_grows_with_mistakes() -> None:
    assert depths(confusion.matrix(THREE, (0, 0), link)) == [62, 14, 30]  # 4, 1 and 2 images
    assert depths(confusion.matrix(Confusion(np.array([[5, 1], [1, 900]])), (0, 0), link)) == [14, 14]
    assert depths(confusion.matrix(Confusion(np.diag([3, 4])), (0, 0), link)) == []


def test_say_matrix_names_most_frequent_mistake_and_lowest_recall() -> None:
    said = confusion.say_matrix(THREE)
    assert "The 185 images on the diagonal are correct; the 7 others are incorrect." in said
    assert "mistake is 0 classified as 1: 4 images" in said
    assert "The lowest recall is that of 2: 0.00\xa0% of 2." in said
    assert confusion.say_matrix(Confusion(np.diag([3, 4]))) == "All 7 images are classified correctly."


def test_class_columns_hold_recall_and_precision() -> None:
    columns = list(confusion.class_columns(THREE).values())
    assert columns[0] == ["0", "1", "2"]
    assert columns[1] == ["94", "96", "2"]
    assert columns[2] == [f"{share * 100:.2f}\xa0%" for share in (90 / 94, 95 / 96, 0)]
    assert columns[3] == ["93", "99", "0"]
    assert columns[4] == [*(f"{share * 100:.2f}\xa0%" for share in (90 / 93, 95 / 99)), "none"]
    assert columns[5] == ["1 (4)", "0 (1)", "0 (2)"]
    assert columns[2] != columns[4], "the wrong rule: one for the other"
    assert list(confusion.class_columns(Confusion(np.diag([3, 4]))).values())[5] == ["none", "none"]


def test_csv_holds_the_counts() -> None:
    lines = list(csv.DictReader(io.StringIO(confusion.as_csv(THREE))))
    assert [line["label"] for line in lines] == ["0", "1", "2"]
    np.testing.assert_array_equal([[int(line[f"classified as {k}"]) for k in range(3)] for line in lines], THREE.counts)
