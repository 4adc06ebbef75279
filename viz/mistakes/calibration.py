"""How sure against how often right, in HTML: the reliability diagram, the loss over temperatures, and both in words."""

from collections.abc import Sequence
from html import escape

import numpy as np

from model.mistakes.calibration.records import Chance, Reliability, Scaling
from model.mistakes.records import Tally
from model.records import Numbers
from viz import theme
from viz.charts import curves
from viz.charts.curves import Axis, Curve
from viz.pictures import swatches, words

FEW = 20  # images in a bin: with fewer, chance alone moves it far
_TICKS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


def diagram(found: Reliability) -> str:
    """Draw a bar for each bin: how often it is right, and how far from that the network's own probability is."""
    bins = "".join(_bin(found, m) for m in range(len(found.counts)))
    across = "".join(f'<span class="below" style="--x: {tick:.0%}">{tick:.0%}</span>' for tick in _TICKS)
    beside = "".join(f'<span class="beside" style="--y: {tick:.0%}">{tick:.0%}</span>' for tick in _TICKS)
    style = f"--colour: {theme.ACCENT}; --gap: {theme.HIGHLIGHT}"
    return (
        f'<section class="reliability" style="{style}"><ul class="legend"><li><i></i>right</li>'
        '<li><i class="gap"></i>gap to how sure it is</li><li><i class="even"></i>as often right as sure</li></ul>'
        f'<div role="img" aria-label="{escape(say_diagram(found))}"><ol>{bins}</ol>{across}{beside}'
        '<span class="across">probability of what is read</span><span class="up">share that is right</span></div>'
        "</section>"
    )


def _bin(found: Reliability, m: int) -> str:
    count = int(found.counts[m])
    low, high = found.edges[m], found.edges[m + 1]
    if not count:
        return f'<li title="{low:.1%} to {high:.1%}: no image"></li>'
    right, sure = float(found.accuracies[m]), float(found.mean_confidences[m])
    few = ' class="few"' if count < FEW else ""
    said = f"{low:.1%} to {high:.1%}: {count:,} images, {right:.1%} right, {sure:.1%} sure in the mean"
    style = f"--right: {right:.4f}; --from: {min(right, sure):.4f}; --off: {abs(right - sure):.4f}"
    return f'<li{few} style="{style}" title="{said}"><i></i><u></u><small>{count:,}</small></li>'


def say_diagram(found: Reliability) -> str:
    """Say how sure and how often right, and the expected calibration error."""
    last = found.counts[-1] / found.images
    bins = len(found.counts)
    return (
        f"With {_t(found.temperature)} the network is {words.accuracy(found.confidence)} sure in the mean, and "
        f"{words.accuracy(found.accuracy)} right on the {found.images:,} images judged by. The expected calibration "
        f"error is {words.accuracy(found.error)}: the gaps of the {bins} bins, each weighed by its images. The last "
        f"bin holds {words.percent(last)} of them. The number beneath a bar counts its images; pale bars hold fewer "
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


def losses(found: Scaling, chosen: float) -> str:
    """Draw the loss of both halves over the temperature, and where each is least.

    Args:
        found: On both halves.
        chosen: The temperature that is marked.
    """
    drawn = [
        Curve("images fitted on", found.temperatures, found.fitted_losses, theme.ACCENT),
        Curve("images judged by", found.temperatures, found.judged_losses, theme.HIGHLIGHT),
        _least(found.temperature, found.temperatures, found.fitted_losses, theme.ACCENT),
        _least(found.judged_temperature, found.temperatures, found.judged_losses, theme.HIGHLIGHT),
    ]
    every = np.concatenate([found.fitted_losses, found.judged_losses])
    up = curves.axis_of("loss", every)
    mark = np.array([chosen, chosen])
    drawn.append(Curve(f"{_t(chosen)}", mark, np.array([up.low, up.high]), theme.MUTED, "dashed", 2))
    points = {
        float(t): curves.say_point(f"{_t(float(t))}", {"fitted on": float(ours), "judged by": float(others)})
        for t, ours, others in zip(found.temperatures, found.fitted_losses, found.judged_losses, strict=True)
    }
    first, last = float(found.temperatures[0]), float(found.temperatures[-1])
    across = Axis("temperature T", first, last, curves.round_numbers(first, last))
    return curves.draw(across, up, drawn, say_losses(found), points=points)


def _least(place: float, temperatures: Numbers, losses: Numbers, colour: str) -> Curve:
    value = np.interp(place, temperatures, losses)
    return Curve(f"least at {place:.2f}", np.array([place]), np.array([value]), colour, "points", 13)


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
