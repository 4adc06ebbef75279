"""Calibration: the reliability diagram, the loss over temperatures, and both in words."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from model.mistakes.calibration.records import ChanceError, Reliability, TemperatureScaling
from model.mistakes.records import Accuracy
from viz import theme
from viz.charts.draw import Axis, Bars, Part, Series, draw
from viz.pictures import swatches, words

FEW = 20  # images in a bin: the accuracy of fewer images varies much by chance
HALVES = (
    "A temperature adapts to the images that it is fitted on, so it must be evaluated on others. It is fitted on "
    "the images with even numbers and evaluated on those with odd numbers."
)
_TICKS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


def diagram(found: Reliability) -> go.Figure:
    """Draw a bar for each bin: its accuracy, and the gap to its mean confidence."""
    filled = np.flatnonzero(found.counts)
    accuracies, confidences = found.accuracies[filled], found.mean_confidences[filled]
    low, high = found.edges[filled], found.edges[filled + 1]
    pale = [bool(found.counts[m] < FEW) for m in filled]
    counts = [f"{found.counts[m]:,}" for m in filled]
    said = [
        f"{a:.1%} to {b:.1%}: {count} images, accuracy {accuracy:.1%}, mean confidence {confidence:.1%}"
        for a, b, count, accuracy, confidence in zip(low, high, counts, accuracies, confidences, strict=True)
    ]
    middles, width = (low + high) / 2, float(found.edges[1] - found.edges[0])
    drawn: list[Part] = [
        Bars("accuracy", middles, accuracies, theme.ACCENT, width=0.92 * width, pale=pale, says=said),
        Bars(
            "gap to the mean confidence",
            middles,
            np.abs(accuracies - confidences),
            theme.HIGHLIGHT,
            base=np.minimum(accuracies, confidences),
            width=0.36 * width,  # narrower than the bar, so that the top of the bar stays visible
            pale=pale,
            says=said,
            printed=counts,
            turned=True,
        ),
        Series("no gap", [0, 1], [0, 1], "", "dashed", 2),
    ]
    across = Axis("probability of the predicted class", (0, 1), _TICKS, tick_format=".0%", hover_format=".0%")
    up = Axis("accuracy", (0, 1.2), _TICKS, tick_format=".0%", hover_format=".0%")
    return draw(drawn, across, up, height=420, alone=True)


def say_diagram(found: Reliability) -> str:
    """Say the mean confidence, the accuracy, and the expected calibration error."""
    last = found.counts[-1] / found.images
    bins = len(found.counts)
    return (
        f"With {_t(found.temperature)} the network has a mean confidence of {words.accuracy(found.confidence)} and an "
        f"accuracy of {words.accuracy(found.accuracy)} on the {found.images:,} images of the evaluation half. The "
        f"expected calibration error is {words.accuracy(found.error)}: the mean gap of the {bins} bins, weighted by "
        f"their numbers of images. The last bin holds {words.percent(last)} of the images. The number above a bar is "
        f"its number of images; pale bars hold fewer than {FEW}."
    )


def say_chance(found: Reliability, chance: ChanceError) -> str:
    """Say which error is due to chance alone, and whether the measured error is larger."""
    verdict = "can be due to chance" if found.error <= chance.percentile_95 else "is larger than chance explains"
    return (
        f"If all these probabilities were true, {found.images:,} images would still have an error, by chance alone: "
        f"{words.accuracy(chance.mean)} on average over {chance.draws:,} simulations, and less than "
        f"{words.accuracy(chance.percentile_95)} in 95\xa0% of them. The measured "
        f"{words.accuracy(found.error)} {verdict}."
    )


def losses(found: TemperatureScaling, chosen: float) -> go.Figure:
    """Draw the loss of both halves over the temperature, and the minimum of each.

    Args:
        found: The losses of both halves.
        chosen: The temperature that is marked.
    """
    every = np.concatenate([found.fitting_losses, found.evaluation_losses])
    room = 0.05 * float(np.ptp(every))
    ends = float(every.min()) - room, float(every.max()) + room
    drawn = [Series(_t(chosen), [chosen, chosen], ends, theme.MUTED, "dashed", 2)]
    for name, values, best, colour in (
        ("fitting half", found.fitting_losses, found.temperature, theme.ACCENT),
        ("evaluation half", found.evaluation_losses, found.evaluation_temperature, theme.HIGHLIGHT),
    ):
        lowest = [float(np.interp(best, found.temperatures, values))]
        drawn.append(Series(name, found.temperatures, values, colour))
        drawn.append(Series(f"minimum at {best:.2f}", [best], lowest, colour, "points", 13))
    return draw(drawn, Axis("temperature T", hover_format=".2f"), Axis("loss", ends, hover_format=".4f"), height=420)


def say_losses(found: TemperatureScaling) -> str:
    """Say at which temperature the loss of each half is lowest."""
    return (
        f"The loss is the mean of −log(probability of the label). It is lowest at {_t(found.temperature)} for the "
        f"fitting half, and at {_t(found.evaluation_temperature)} for the evaluation half."
    )


def say_not_fitted(found: Accuracy) -> str:
    """Say why no temperature can be fitted.

    Args:
        found: How many images of the fitting half are classified correctly.
    """
    if found.correct == found.images:
        return (
            f"No temperature can be fitted: all {found.images:,} images of the fitting half are classified correctly, "
            "so a lower temperature always gives a lower loss."
        )
    return (
        f"No temperature can be fitted: on the {found.images:,} images of the fitting half the network is hardly "
        "better than guessing, so its confidence says nothing. Train the network first."
    )


def say_scaling(fitting: Sequence[Reliability], evaluation: Sequence[Reliability]) -> str:
    """Say how the fitted temperature changes the calibration error of each half.

    Args:
        fitting: The fitting half at T = 1 and at the fitted temperature.
        evaluation: The evaluation half at the same two.
    """
    (fitting_before, fitting_after), (before, after) = fitting, evaluation
    helps = after.error < before.error
    misleads = fitting_after.error < fitting_before.error and not helps
    lesson = (
        "On the fitting half alone, it would look like an improvement."
        if misleads
        else "Only images that are not used for fitting can show whether it helps."
    )
    return (
        f"Fitted on {fitting_before.images:,} images, {_t(fitting_after.temperature)} changes their calibration error "
        f"from {words.accuracy(fitting_before.error)} to {words.accuracy(fitting_after.error)}. On the "
        f"{before.images:,} images of the evaluation half it changes from {words.accuracy(before.error)} to "
        f"{words.accuracy(after.error)}, which is {'better' if helps else 'no better'}. {lesson} No prediction "
        "changes, because all logits are divided by the same number and keep their order."
    )


def say_halves(first: Accuracy, second: Accuracy) -> str:
    """Say why the two halves are the even and the odd positions.

    Args:
        first: On the first half of the test images.
        second: On the second half.
    """
    return (
        f"{HALVES} The first "
        f"{first.images:,} and the last {second.images:,} images would not do: they come from different writers, and "
        f"{first.incorrect} of the {first.incorrect + second.incorrect} mistakes are among the first."
    )


def columns(fitting: Sequence[Reliability], evaluation: Sequence[Reliability]) -> dict[str, list[str]]:
    """Return the numbers of both halves at some temperatures, one line for each."""
    every = [("fitting half", each) for each in fitting] + [("evaluation half", each) for each in evaluation]
    return {
        "images": [name for name, _ in every],
        "T": [f"{each.temperature:.2f}" for _, each in every],
        "accuracy": [words.accuracy(each.accuracy) for _, each in every],
        "mean confidence": [words.accuracy(each.confidence) for _, each in every],
        "calibration error": [words.accuracy(each.error) for _, each in every],
        "loss": [f"{each.loss:.4f}" for _, each in every],
    }


def bin_columns(found: Reliability) -> dict[str, list[str]]:
    """Return the bins that hold images as columns."""
    filled = [m for m, count in enumerate(found.counts) if count]
    return {
        "probability": [f"{found.edges[m]:.1%} to {found.edges[m + 1]:.1%}" for m in filled],
        "images": [f"{found.counts[m]:,}" for m in filled],
        "correct": [f"{found.correct[m]:,}" for m in filled],
        "accuracy": [words.share_of_units(float(found.accuracies[m])) for m in filled],
        "mean confidence": [words.percent(float(found.mean_confidences[m])) for m in filled],
    }


def loss_columns(found: TemperatureScaling) -> dict[str, list[str]]:
    """Return the loss of both halves at each temperature as columns."""
    every = (found.temperatures, found.fitting_losses, found.evaluation_losses)
    names = ("temperature T", "loss, fitting half", "loss, evaluation half")
    return {name: [f"{value:.6f}" for value in values] for name, values in zip(names, every, strict=True)}


def as_csv(found: Reliability) -> str:
    """Return all bins with all digits."""
    head = ("temperature", "from", "to", "images", "correct", "sum of probabilities")
    bins = (found.edges[:-1], found.edges[1:], found.counts, found.correct, found.confidence_sums)
    lines = zip(*bins, strict=True)
    return swatches.as_csv([head, *((found.temperature, *map(float, line)) for line in lines)])


def _t(temperature: float) -> str:
    r"""Write a temperature that is not broken at the end of a line.

    >>> _t(1.0)
    'T\xa0=\xa01.00'
    """
    return f"T\xa0=\xa0{temperature:.2f}"
