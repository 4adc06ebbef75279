"""Which label is read as which class: counted a second time, one image after another."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from model.errors import InputError
from model.mistakes import confusion, scores
from model.mistakes.records import Scores
from model.training.report import DISPUTED

COMMITTED = scores.read()


def made(pairs: list[tuple[int, int]], classes: int = 3) -> Scores:
    """Return scores of images with these labels that are read as these classes, less and less surely."""
    logits = np.zeros((len(pairs), classes), np.float32)
    for number, (_, read) in enumerate(pairs):
        logits[number, read] = 5 / (number + 1)
    return Scores("none", logits, np.array([label for label, _ in pairs], np.uint8))


SIX = made([(0, 0), (0, 1), (1, 1), (2, 1), (1, 1), (0, 1)])


def test_six_images_worked_by_hand() -> None:
    found = confusion.confusion(SIX)
    np.testing.assert_array_equal(found.counts, [[1, 2, 0], [0, 2, 0], [0, 1, 0]])
    assert found.images == 6
    np.testing.assert_array_equal(found.right, [1, 2, 0])
    np.testing.assert_array_equal(found.labelled, [3, 2, 1])
    np.testing.assert_array_equal(found.read, [1, 5, 0])
    np.testing.assert_array_equal(found.recalls, [1 / 3, 1, 0])
    np.testing.assert_array_equal(found.precisions, [1, 2 / 5, np.nan])
    np.testing.assert_array_equal(found.wrong, [[0, 2, 0], [0, 0, 0], [0, 1, 0]])
    assert found.worst == (0, 1)
    assert (confusion.tally(SIX).right, confusion.tally(SIX).wrong, confusion.tally(SIX).share) == (3, 3, 0.5)
    assert [each.index for each in confusion.mistakes(SIX)] == [1, 3, 5]
    assert [each.index for each in confusion.cell(SIX, 0, 1)] == [1, 5]
    assert confusion.cell(SIX, 2, 2) == ()


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=40))
def test_the_matrix_is_what_adding_one_at_a_time_gives(pairs: list[tuple[int, int]]) -> None:
    found = confusion.confusion(made(pairs)).counts
    expected = np.zeros((3, 3), int)
    np.add.at(expected, tuple(np.array(pairs).T), 1)
    np.testing.assert_array_equal(found, expected)
    wrong = np.zeros((3, 3), int)
    np.add.at(wrong, tuple(np.array(pairs).T[::-1]), 1)  # the wrong rule: rows are what is read
    assert np.array_equal(found, wrong) == np.array_equal(expected, expected.T)


def test_the_committed_matrix_counts_every_image_once() -> None:
    found = confusion.confusion(COMMITTED)
    expected = np.zeros((10, 10), int)
    for line, label in zip(COMMITTED.logits.tolist(), COMMITTED.labels.tolist(), strict=True):
        expected[label, line.index(max(line))] += 1
    np.testing.assert_array_equal(found.counts, expected)
    assert found.images == 10_000
    assert found.right.sum() == confusion.tally(COMMITTED).right
    assert not np.array_equal(found.counts, expected.T)
    np.testing.assert_allclose(found.recalls, [expected[k, k] / expected[k].sum() for k in range(10)])
    np.testing.assert_allclose(found.precisions, [expected[k, k] / expected[:, k].sum() for k in range(10)])
    label, read = found.worst
    assert label != read
    assert expected[label, read] == max(expected[i, j] for i in range(10) for j in range(10) if i != j)


def test_probabilities_are_pytorch_softmax() -> None:
    logits = torch.from_numpy(COMMITTED.logits.copy()).double()
    for hot in (0.5, 1.0, 3.0):
        np.testing.assert_allclose(COMMITTED.probabilities(hot), torch.softmax(logits / hot, 1), rtol=1e-9)
        np.testing.assert_allclose(COMMITTED.log_probabilities(hot), torch.log_softmax(logits / hot, 1), atol=1e-9)
        wrong = torch.softmax(logits / hot, 0)  # the wrong rule: over the images
        assert not np.allclose(COMMITTED.probabilities(hot), wrong)


def test_disputed_labels_do_not_count_where_they_are_left_out() -> None:
    found = confusion.tally(COMMITTED, DISPUTED)
    kept = [i for i in range(10_000) if i not in DISPUTED]
    assert found.images == len(kept) == 9_985
    assert found.right == sum(int(COMMITTED.logits[i].argmax()) == COMMITTED.labels[i] for i in kept)
    wrong = confusion.tally(COMMITTED).share  # the wrong rule: they count all the same
    assert found.share != wrong


def test_an_answer_says_what_the_logits_say() -> None:
    for each in confusion.mistakes(COMMITTED):
        line = torch.from_numpy(COMMITTED.logits[each.index].copy()).double().softmax(0)
        assert each.read == int(line.argmax()) != each.label == int(COMMITTED.labels[each.index])
        assert each.confidence == pytest.approx(float(line.max()))
        assert each.of_label == pytest.approx(float(line[each.label]))
        assert each.is_disputed == (each.index in DISPUTED)
        assert not each.is_right
    assert len(confusion.mistakes(COMMITTED)) == confusion.tally(COMMITTED).wrong


def test_the_disputed_are_all_there_whatever_is_read() -> None:
    found = confusion.disputed(COMMITTED)
    assert [each.index for each in found] == [*DISPUTED]
    assert all(each.is_disputed for each in found)
    assert [each.is_right for each in found] == COMMITTED.right[list(DISPUTED)].tolist()


def test_the_orders_are_what_they_say() -> None:
    found = confusion.mistakes(COMMITTED)
    falling = [each.confidence for each in confusion.most_confident_first(found)]
    rising = [each.confidence for each in confusion.least_confident_first(found)]
    labels = [each.of_label for each in confusion.least_likely_label_first(found)]
    assert falling == sorted(falling, reverse=True)
    assert rising == sorted(rising)
    assert labels == sorted(labels)
    assert falling != [each.confidence for each in confusion.least_likely_label_first(found)]


@pytest.mark.parametrize(("label", "read"), [(10, 0), (0, 10), (-1, 0)])
def test_a_cell_that_is_not_there_is_refused(label: int, read: int) -> None:
    with pytest.raises(InputError, match=f"labelled {label} and read as {read}"):
        confusion.cell(COMMITTED, label, read)
