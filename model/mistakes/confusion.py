"""Count correct and incorrect predictions, and select them image by image."""

from collections.abc import Collection, Iterable

import numpy as np

from model.errors import InputError
from model.mistakes.records import MNIST, Accuracy, Confusion, Prediction, Scores, SharedMistakes
from model.training.report import DISPUTED


def confusion(scores: Scores) -> Confusion:
    """Count how often each label is classified as each class."""
    classes = scores.logits.shape[1]
    pairs = scores.labels.astype(np.int64) * classes + scores.predicted
    return Confusion(np.bincount(pairs, minlength=classes**2).reshape(classes, classes), scores.classes)


def accuracy(scores: Scores, without: Collection[int] = ()) -> Accuracy:
    """Count the images that are classified correctly.

    Args:
        scores: Of all images.
        without: Positions of images that are not counted.
    """
    counted = np.ones(len(scores), dtype=bool)
    counted[[*without]] = False
    return Accuracy(int(scores.correct[counted].sum()), int(counted.sum()))


def shared_mistakes(first: Scores, second: Scores) -> SharedMistakes:
    """Compare two networks on the same labelled images: what both get wrong, and what only one does.

    Raises:
        InputError: There are no images, or they are not the same ones.
    """
    same = first.classes == second.classes and np.array_equal(first.places, second.places)
    if not len(first) or not same or not np.array_equal(first.labels, second.labels):
        raise InputError(
            f"Scores of {len(first):,} and of {len(second):,} images cannot be compared.",
            "Both networks must have classified the same labelled images, at least one.",
            "Compute the scores of both on the same pictures.",
        )
    return SharedMistakes(first, second)


def disputed_places(scores: Scores) -> tuple[int, ...]:
    """Return the places of the images with disputed labels; only MNIST's labels were looked at by several people."""
    return DISPUTED if scores.pictures == MNIST else ()


def predictions(scores: Scores, positions: Iterable[int]) -> tuple[Prediction, ...]:
    """Return the predictions for the images at some positions, in this order."""
    some, disputed = scores.at(np.array([*positions], dtype=np.intp)), {*disputed_places(scores)}
    each = zip(some.places.tolist(), some.labels.tolist(), some.probabilities(), strict=True)
    return tuple(Prediction(place, label, shares, place in disputed, scores.classes) for place, label, shares in each)


def prediction(scores: Scores, place: int) -> Prediction | None:
    """Return the prediction for the image at a place of the set, or None where it was not read."""
    return next(iter(predictions(scores, np.flatnonzero(scores.places == place))), None)


def mistakes(scores: Scores) -> tuple[Prediction, ...]:
    """Return all misclassified images, in the order of their positions."""
    return predictions(scores, np.flatnonzero(~scores.correct))


def disputed(scores: Scores) -> tuple[Prediction, ...]:
    """Return the images with disputed labels, classified correctly or not, in the order of their positions."""
    return predictions(scores, disputed_places(scores))


def cell(scores: Scores, label: int, predicted: int) -> tuple[Prediction, ...]:
    """Return the images of one label that are classified as one class, in the order of their positions.

    Raises:
        InputError: There is no such label or class.
    """
    classes = range(scores.logits.shape[1])
    if label not in classes or predicted not in classes:
        raise InputError(
            f"No image is labelled {label} and classified as {predicted}.",
            f"Both can be {classes[0]} to {classes[-1]}.",
            "Choose another cell.",
        )
    return predictions(scores, np.flatnonzero((scores.labels == label) & (scores.predicted == predicted)))


def most_confident_first(found: Iterable[Prediction]) -> tuple[Prediction, ...]:
    """Sort by the probability of the predicted class, largest first; equal ones by position."""
    return tuple(sorted(found, key=lambda each: (-each.confidence, each.index)))


def least_confident_first(found: Iterable[Prediction]) -> tuple[Prediction, ...]:
    """Sort by the probability of the predicted class, smallest first; equal ones by position."""
    return tuple(sorted(found, key=lambda each: (each.confidence, each.index)))


def least_likely_label_first(found: Iterable[Prediction]) -> tuple[Prediction, ...]:
    """Sort by the probability of the label, smallest first; equal ones by position."""
    return tuple(sorted(found, key=lambda each: (each.label_probability, each.index)))
