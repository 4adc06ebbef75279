"""The confusion matrix and lists of predictions, counted a second time image by image."""

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
    """Return scores of images with these labels and predicted classes, with decreasing confidence."""
    logits = np.zeros((len(pairs), classes), np.float32)
    for number, (_, read) in enumerate(pairs):
        logits[number, read] = 5 / (number + 1)
    return Scores("none", logits, np.array([label for label, _ in pairs], np.uint8))


SIX = made([(0, 0), (0, 1), (1, 1), (2, 1), (1, 1), (0, 1)])


def test_confusion_of_six_images_by_hand() -> None:
    found = confusion.confusion(SIX)
    np.testing.assert_array_equal(found.counts, [[1, 2, 0], [0, 2, 0], [0, 1, 0]])
    assert found.images == 6
    np.testing.assert_array_equal(found.correct, [1, 2, 0])
    np.testing.assert_array_equal(found.labelled, [3, 2, 1])
    np.testing.assert_array_equal(found.predicted, [1, 5, 0])
    np.testing.assert_array_equal(found.recalls, [1 / 3, 1, 0])
    np.testing.assert_array_equal(found.precisions, [1, 2 / 5, np.nan])
    np.testing.assert_array_equal(found.mistakes, [[0, 2, 0], [0, 0, 0], [0, 1, 0]])
    assert found.most_frequent_mistake == (0, 1)
    assert (confusion.accuracy(SIX).correct, confusion.accuracy(SIX).incorrect, confusion.accuracy(SIX).share) == (
        3,
        3,
        0.5,
    )
    assert [each.index for each in confusion.mistakes(SIX)] == [1, 3, 5]
    assert [each.index for each in confusion.cell(SIX, 0, 1)] == [1, 5]
    assert confusion.cell(SIX, 2, 2) == ()


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=40))
def test_confusion_equals_counting_one_by_one(pairs: list[tuple[int, int]]) -> None:
    found = confusion.confusion(made(pairs)).counts
    expected = np.zeros((3, 3), int)
    np.add.at(expected, tuple(np.array(pairs).T), 1)
    np.testing.assert_array_equal(found, expected)
    wrong = np.zeros((3, 3), int)
    np.add.at(wrong, tuple(np.array(pairs).T[::-1]), 1)  # the wrong rule: rows are predicted classes
    assert np.array_equal(found, wrong) == np.array_equal(expected, expected.T)


def test_confusion_of_shipped_scores_counts_each_image_once() -> None:
    found = confusion.confusion(COMMITTED)
    expected = np.zeros((10, 10), int)
    for line, label in zip(COMMITTED.logits.tolist(), COMMITTED.labels.tolist(), strict=True):
        expected[label, line.index(max(line))] += 1
    np.testing.assert_array_equal(found.counts, expected)
    assert found.images == 10_000
    assert found.correct.sum() == confusion.accuracy(COMMITTED).correct
    assert not np.array_equal(found.counts, expected.T)
    np.testing.assert_allclose(found.recalls, [expected[k, k] / expected[k].sum() for k in range(10)])
    np.testing.assert_allclose(found.precisions, [expected[k, k] / expected[:, k].sum() for k in range(10)])
    label, read = found.most_frequent_mistake
    assert label != read
    assert expected[label, read] == max(expected[i, j] for i in range(10) for j in range(10) if i != j)


def test_probabilities_equal_pytorch_softmax() -> None:
    logits = torch.from_numpy(COMMITTED.logits.copy()).double()
    for hot in (0.5, 1.0, 3.0):
        np.testing.assert_allclose(COMMITTED.probabilities(hot), torch.softmax(logits / hot, 1), rtol=1e-9)
        np.testing.assert_allclose(COMMITTED.log_probabilities(hot), torch.log_softmax(logits / hot, 1), atol=1e-9)
        wrong = torch.softmax(logits / hot, 0)  # the wrong rule: over the images
        assert not np.allclose(COMMITTED.probabilities(hot), wrong)


def test_accuracy_without_disputed_labels() -> None:
    found = confusion.accuracy(COMMITTED, DISPUTED)
    kept = [i for i in range(10_000) if i not in DISPUTED]
    assert found.images == len(kept) == 9_985
    assert found.correct == sum(int(COMMITTED.logits[i].argmax()) == COMMITTED.labels[i] for i in kept)
    wrong = confusion.accuracy(COMMITTED).share  # the wrong rule: they are counted
    assert found.share != wrong


def test_predictions_equal_softmax_of_the_logits() -> None:
    for each in confusion.mistakes(COMMITTED):
        line = torch.from_numpy(COMMITTED.logits[each.index].copy()).double().softmax(0)
        assert each.predicted == int(line.argmax()) != each.label == int(COMMITTED.labels[each.index])
        assert each.confidence == pytest.approx(float(line.max()))
        assert each.label_probability == pytest.approx(float(line[each.label]))
        assert each.is_disputed == (each.index in DISPUTED)
        assert not each.is_correct
    assert len(confusion.mistakes(COMMITTED)) == confusion.accuracy(COMMITTED).incorrect


def test_disputed_returns_all_disputed_images() -> None:
    found = confusion.disputed(COMMITTED)
    assert [each.index for each in found] == [*DISPUTED]
    assert all(each.is_disputed for each in found)
    assert [each.is_correct for each in found] == COMMITTED.correct[list(DISPUTED)].tolist()


def test_sorting_orders() -> None:
    found = confusion.mistakes(COMMITTED)
    falling = [each.confidence for each in confusion.most_confident_first(found)]
    rising = [each.confidence for each in confusion.least_confident_first(found)]
    labels = [each.label_probability for each in confusion.least_likely_label_first(found)]
    assert falling == sorted(falling, reverse=True)
    assert rising == sorted(rising)
    assert labels == sorted(labels)
    assert falling != [each.confidence for each in confusion.least_likely_label_first(found)]


@pytest.mark.parametrize(("label", "read"), [(10, 0), (0, 10), (-1, 0)])
def test_cell_refuses_unknown_classes(label: int, read: int) -> None:
    with pytest.raises(InputError, match=f"labelled {label} and classified as {read}"):
        confusion.cell(COMMITTED, label, read)
