"""How sure against how often right: the reliability diagram, the loss over temperatures, and both in words."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from model.mistakes.calibration.records import Chance, Reliability, Scaling
from model.mistakes.records import Tally
from viz import theme
from viz.charts.draw import Axis, Bars, Part, Series, draw
from viz.pictures import swatches, words

FEW = 20  # images in a bin: with fewer, chance alone moves it far
_TICKS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


def diagram(found: Reliability) -> go.Figure:
    """Draw a bar for each bin: how often it is right, and how far from that the network's own probability is."""
    held = np.flatnonzero(found.counts)
    right, sure = found.accuracies[held], found.mean_confidences[held]
    low, high = found.edges[held], found.edges[held + 1]
    pale = [bool(found.counts[m] < FEW) for m in held]
    counts = [f"{found.counts[m]:,}" for m in held]
    said = [
        f"{a:.1%} to {b:.1%}: {count} images, {r:.1%} right, {s:.1%} sure in the mean"
        for a, b, count, r, s in zip(low, high, counts, right, sure, strict=True)
    ]
    middles, width = (low + high) / 2, float(found.edges[1] - found.edges[0])
    drawn: list[Part] = [
        Bars("right", middles, right, theme.ACCENT, width=0.92 * width, pale=pale, says=said),
        Bars(
            "gap to how sure it is",
            middles,
            np.abs(right - sure),
            theme.HIGHLIGHT,
            base=np.minimum(right, sure),
            width=0.36 * width,
            pale=pale,
            says=said,
            printed=counts,
            turned=True,
        ),
        Series("as often right as sure", [0, 1], [0, 1], "", "dashed", 2),
    ]
    across = Axis("probability of the answer", (0, 1), _TICKS, tick_format=".0%", hover_format=".0%")
    up = Axis("share that is right", (0, 1.2), _TICKS, tick_format=".0%", hover_format=".0%")
    return draw(drawn, across, up, height=420, alone=True)


def say_diagram(found: Reliability) -> str:
    """Say how sure and how often right, and the expected calibration error."""
    last = found.counts[-1] / found.images
    bins = len(found.counts)
    return (
        f"With {_t(found.temperature)} the network is {words.accuracy(found.confidence)} sure in the mean, and "
        f"{words.accuracy(found.accuracy)} right on the {found.images:,} images judged by. The expected calibration "
        f"error is {words.accuracy(found.error)}: the gaps of the {bins} bins, each weighed by its images. The last "
        f"bin holds {words.percent(last)} of them. The number over a bar counts its images; pale bars hold fewer "
        f"than {FEW}."
    )


def say_chance(found: Reliability, chance: Chance) -> str:
    """Say what error chance alone would give, and whether the one that was measured is beyond that."""
    verdict = "within what chance gives" if found.error <= chance.most else "more than chance gives"
    return (
        f"Were every one of these probabilities true, so few images would still show {words.accuracy(chance.mean)} in "
        f"the mean of {chance.draws:,} draws, and less than {words.accuracy(chance.most)} in nineteen of twenty. The "
        f"{words.accuracy(found.error)} measured is {verdict}."
    )


def losses(found: Scaling, chosen: float) -> go.Figure:
    """Draw the loss of both halves over the temperature, and where each is least.

    Args:
        found: On both halves.
        chosen: The temperature that is marked.
    """
    every = np.concatenate([found.fitted_losses, found.judged_losses])
    room = 0.05 * float(np.ptp(every))
    ends = float(every.min()) - room, float(every.max()) + room
    drawn = [Series(_t(chosen), [chosen, chosen], ends, theme.MUTED, "dashed", 2)]
    for name, values, best, colour in (
        ("images fitted on", found.fitted_losses, found.temperature, theme.ACCENT),
        ("images judged by", found.judged_losses, found.judged_temperature, theme.HIGHLIGHT),
    ):
        least = [float(np.interp(best, found.temperatures, values))]
        drawn.append(Series(name, found.temperatures, values, colour))
        drawn.append(Series(f"least at {best:.2f}", [best], least, colour, "points", 13))
    return draw(drawn, Axis("temperature T", hover_format=".2f"), Axis("loss", ends, hover_format=".4f"), height=420)


def say_losses(found: Scaling) -> str:
    """Say where the loss of each half is least."""
    return (
        f"The loss, the mean of −log(probability of the label), is least at {_t(found.temperature)} for the "
        f"images fitted on, and at {_t(found.judged_temperature)} for those judged by."
    )


def say_scaling(fitted: Sequence[Reliability], judged: Sequence[Reliability]) -> str:
    """Say what the fitted temperature does to the calibration error of each half.

    Args:
        fitted: The half fitted on, at T = 1 and at the fitted temperature.
        judged: The other half at the same two.
    """
    (ours, ours_after), (others, others_after) = fitted, judged
    helped = others_after.error < others.error
    flatters = ours_after.error < ours.error and not helped
    moral = (
        "Judged where it was fitted, it would have passed for a gain."
        if flatters
        else "Only the half that it never saw can tell whether it helps."
    )
    return (
        f"Fitted on {ours.images:,} images, {_t(ours_after.temperature)} takes their calibration error from "
        f"{words.accuracy(ours.error)} to {words.accuracy(ours_after.error)}. On the {others.images:,} others it goes "
        f"from {words.accuracy(others.error)} to {words.accuracy(others_after.error)}, which is "
        f"{'better' if helped else 'no better'}. {moral} No answer changes: all logits are divided by one number, so "
        "their order stays."
    )


def say_halves(first: Tally, second: Tally) -> str:
    """Say why the images are parted one by one, and not in the middle.

    Args:
        first: Of the first half of the test images.
        second: Of the second.
    """
    return (
        "Nothing may be judged by what it was fitted on: a temperature that suits these images' own accidents looks "
        "better on them than it is. So it is fitted on the images with even numbers and judged by those with odd ones. "
        f"The first {first.images:,} and the last {second.images:,} would not do: they come from other writers, and "
        f"{first.wrong} of the {first.wrong + second.wrong} mistakes lie in the first."
    )


def columns(fitted: Sequence[Reliability], judged: Sequence[Reliability]) -> dict[str, list[str]]:
    """Return the numbers of both halves at some temperatures, a line for each."""
    every = [("fitted on", each) for each in fitted] + [("judged by", each) for each in judged]
    return {
        "images": [name for name, _ in every],
        "T": [f"{each.temperature:.2f}" for _, each in every],
        "right": [f"{words.accuracy(each.accuracy)}" for _, each in every],
        "sure": [f"{words.accuracy(each.confidence)}" for _, each in every],
        "calibration error": [f"{words.accuracy(each.error)}" for _, each in every],
        "loss": [f"{each.loss:.4f}" for _, each in every],
    }


def bin_columns(found: Reliability) -> dict[str, list[str]]:
    """Return the bins that hold images as columns."""
    held = [m for m, count in enumerate(found.counts) if count]
    return {
        "probability": [f"{found.edges[m]:.1%} to {found.edges[m + 1]:.1%}" for m in held],
        "images": [f"{found.counts[m]:,}" for m in held],
        "right": [f"{found.right[m]:,}" for m in held],
        "share right": [words.share_of_units(float(found.accuracies[m])) for m in held],
        "sure in the mean": [words.percent(float(found.mean_confidences[m])) for m in held],
    }


def loss_columns(found: Scaling) -> dict[str, list[str]]:
    """Return the loss of both halves at every temperature as columns."""
    every = (found.temperatures, found.fitted_losses, found.judged_losses)
    names = ("temperature T", "loss, images fitted on", "loss, images judged by")
    return {name: [f"{value:.6f}" for value in values] for name, values in zip(names, every, strict=True)}


def as_csv(found: Reliability) -> str:
    """Return every bin with all digits."""
    head = ("temperature", "from", "to", "images", "right", "sum of probabilities")
    lines = zip(found.edges[:-1], found.edges[1:], found.counts, found.right, found.confidences, strict=True)
    return swatches.as_csv([head, *((found.temperature, *map(float, line)) for line in lines)])


def _t(temperature: float) -> str:
    r"""Say a temperature, never parted at the end of a line.

    >>> _t(1.0)
    'T\xa0=\xa01.00'
    """
    return f"T\xa0=\xa0{temperature:.2f}"
