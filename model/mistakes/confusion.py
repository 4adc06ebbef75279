"""What a network reads wrong: which label as which class, image by image, and how sure it was."""

from collections.abc import Collection, Iterable

import numpy as np

from model.errors import InputError
from model.mistakes.records import Answer, Confusion, Scores, Tally
from model.training.report import DISPUTED


def confusion(scores: Scores) -> Confusion:
    """Count how often each label is read as each class."""
    classes = scores.logits.shape[1]
    pairs = scores.labels.astype(np.int64) * classes + scores.read
    return Confusion(np.bincount(pairs, minlength=classes**2).reshape(classes, classes))


def tally(scores: Scores, without: Collection[int] = ()) -> Tally:
    """Count the images that are read right.

    Args:
        scores: Of all images.
        without: Positions of images that do not count.
    """
    counted = np.ones(len(scores), dtype=bool)
    counted[[*without]] = False
    return Tally(int(scores.right[counted].sum()), int(counted.sum()))


def answers(scores: Scores, indices: Iterable[int]) -> tuple[Answer, ...]:
    """Return what is answered to some of MNIST's test images, in this order."""
    chosen = np.array([*indices], dtype=np.intp)
    some, disputed = scores.at(chosen), {*DISPUTED}
    each = zip(chosen.tolist(), some.labels.tolist(), some.probabilities(), strict=True)
    return tuple(Answer(index, label, shares, index in disputed) for index, label, shares in each)


def mistakes(scores: Scores) -> tuple[Answer, ...]:
    """Return every image that is not read as its label, in their own order."""
    return answers(scores, np.flatnonzero(~scores.right))


def disputed(scores: Scores) -> tuple[Answer, ...]:
    """Return the images whose label people did not confirm, read as labelled or not, in their own order."""
    return answers(scores, DISPUTED)


def cell(scores: Scores, label: int, read: int) -> tuple[Answer, ...]:
    """Return the images of one label that are read as one class, in their own order.

    Raises:
        InputError: There is no such label or class.
    """
    classes = range(scores.logits.shape[1])
    if label not in classes or read not in classes:
        raise InputError(
            f"No image is labelled {label} and read as {read}.",
            f"Both can be {classes[0]} to {classes[-1]}.",
            "Choose another cell.",
        )
    return answers(scores, np.flatnonzero((scores.labels == label) & (scores.read == read)))


def most_confident_first(found: Iterable[Answer]) -> tuple[Answer, ...]:
    """Sort answers by the probability of what is read, largest first; equals by their position."""
    return tuple(sorted(found, key=lambda each: (-each.confidence, each.index)))


def least_confident_first(found: Iterable[Answer]) -> tuple[Answer, ...]:
    """Sort answers by the probability of what is read, smallest first; equals by their position."""
    return tuple(sorted(found, key=lambda each: (each.confidence, each.index)))


def least_likely_label_first(found: Iterable[Answer]) -> tuple[Answer, ...]:
    """Sort answers by the probability of the label, smallest first; equals by their position."""
    return tuple(sorted(found, key=lambda each: (each.of_label, each.index)))
