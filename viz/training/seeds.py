"""All seeds of a recipe with mean and deviation, the paired test, and the disputed labels."""

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

from model.records import Numbers
from model.training.records import LoggedRun, PairedTest, RecipeResult, Spread
from viz import theme
from viz.charts import curves
from viz.training.figures import COLOURS, LOGGED, name_of, points, share

_ROOM = 0.08  # of the axis left free on either side


def strip(found: Mapping[str, tuple[Sequence[int], Spread]], logged: LoggedRun, bar: float) -> str:
    """Draw in HTML a dot for each value on one scale: every seed at its last epoch, and the logged run's epochs.

    Args:
        found: For each recipe, the seeds and their test accuracies.
        logged: The assignment's run: the epochs just before its peak, and the peak.
        bar: The goal of the assignment.
    """
    before = logged.accuracies[logged.around]
    every = np.concatenate([*(each.values for _, each in found.values()), before, [logged.reported, bar]])
    room = _ROOM * float(every.max() - every.min())
    low, high = float(every.min()) - room, float(every.max()) + room
    lines = [
        _line(
            f"{name_of(name)}, {_seeds(len(seeds))} at the last epoch",
            f"{share(each.mean)} {_deviation(each)}",
            each.values,
            [f"seed {seed}: {share(value)}" for seed, value in zip(seeds, each.values, strict=True)],
            each,
            COLOURS.get(name, theme.MUTED),
            (low, high),
        )
        for name, (seeds, each) in found.items()
    ]
    lines.append(_logged_line(logged, (low, high)))
    ticks = curves.round_numbers(100 * low, 100 * high)
    numbers = "".join(f'<span style="--at: {_at(tick / 100, low, high)}">{tick:g}</span>' for tick in ticks)
    marks = "".join(f'<i style="--at: {_at(tick / 100, low, high)}"></i>' for tick in ticks)
    return (
        f'<section class="seed-strip" style="--bar: {_at(bar, low, high)}" aria-label="Every test accuracy">'
        f"{''.join(lines)}"
        f'<div class="seed-axis"><div>{marks}<b title="the goal: {share(bar)}"></b>{numbers}</div>'
        f"<p>test images right, %; the dashed line is the goal of {bar * 100:.1f}\xa0%</p></div></section>"
    )


def _line(
    title: str,
    said: str,
    values: Numbers,
    titles: Sequence[str],
    around: Spread,
    colour: str,
    ends: tuple[float, float],
    chosen: str = "",
) -> str:
    """Draw one line of dots, equal ones above one another, on its mean and one standard deviation to either side."""
    dots = ""
    there: dict[str, int] = {}
    for value, each in zip(values.tolist(), titles, strict=True):
        place = _at(value, *ends)
        there[place] = there.get(place, -1) + 1
        dots += f'<u style="--at: {place}; --up: {there[place]}" title="{escape(each)}"></u>'
    deviation = 0.0 if np.isnan(around.deviation) else around.deviation
    left, right = (_at(around.mean + sign * deviation, *ends) for sign in (-1, 1))
    return (
        f'<div class="seed-line" style="--colour: {colour}"><h4>{escape(title[:1].upper() + title[1:])}'
        f"<strong>{said}</strong></h4>"
        f'<div role="img" aria-label="{escape("; ".join(titles))}">'
        f'<b style="--at: {left}; --to: {right}"></b><i style="--at: {_at(around.mean, *ends)}"></i>{dots}{chosen}'
        "</div></div>"
    )


def _logged_line(logged: LoggedRun, ends: tuple[float, float]) -> str:
    before = logged.accuracies[logged.around]
    numbers = logged.numbers[logged.around]
    titles = [f"epoch {number}: {share(value)}" for number, value in zip(numbers, before, strict=True)]
    deviation = float(before.std(ddof=1)) if len(before) > 1 else float("nan")
    peak = f"epoch {logged.numbers[logged.peak]}: {share(logged.reported)}, reported"
    ring = f'<em style="--at: {_at(logged.reported, *ends)}" title="{peak}"></em>'
    return _line(
        f"{LOGGED}, epochs {numbers[0]} to {numbers[-1]}, and the ring: the epoch reported",
        f"{share(float(before.mean()))}, reported {share(logged.reported)}",
        before,
        titles,
        Spread(before, float(before.mean()), deviation),
        COLOURS["assignment"],
        ends,
        ring,
    )


def say_strip(found: Mapping[str, tuple[Sequence[int], Spread]], bar: float) -> str:
    """Describe mean, deviation and range of each recipe, and how many seeds reach the goal."""
    return " ".join(
        f"{name_of(name).capitalize()}: mean **{share(each.mean)}**, standard deviation "
        f"{'unknown' if np.isnan(each.deviation) else f'{100 * each.deviation:.3f} points'}, {share(each.low)} to "
        f"{share(each.high)}, n = {len(seeds)}; {_how_many(int((each.values >= bar).sum()), len(seeds))} the goal."
        for name, (seeds, each) in found.items()
    )


def say_protocol(result: RecipeResult) -> str:
    """Describe how the values were measured: protocol, seconds and hardware."""
    hardware = result.setting.get("hardware", "unknown hardware")
    return f"{result.protocol} Seconds for each epoch: {result.seconds:.1f}, on {hardware}."


def disputed_columns(
    results: Sequence[RecipeResult], spreads: Mapping[str, tuple[Spread, Spread]]
) -> dict[str, list[str]]:
    """Return accuracy with and without the disputed labels as columns, a line for each recipe.

    Args:
        results: Results on the test images.
        spreads: For each recipe, the accuracy on all images, and on those with undisputed labels.
    """
    pairs = [spreads[result.name] for result in results]
    return {
        "recipe": [name_of(result.name) for result in results],
        "all images": [_mean(each) for each, _ in pairs],
        "without the disputed": [_mean(each) for _, each in pairs],
        "points": [points(without.mean - each.mean).removesuffix("\xa0points") for each, without in pairs],
    }


def say_disputed(count: int) -> str:
    """Explain which labels are disputed."""
    return (
        f"Most of five people did not confirm the label of {count} test images (Northcutt and others, 2021). A network "
        "that classifies them as people do counts as incorrect. The table gives the accuracy with and without them."
    )


def value_columns(results: Sequence[RecipeResult]) -> dict[str, list[str]]:
    """Return every seed's test accuracy as columns, with and without the disputed labels."""
    lines = [
        (name_of(result.name), str(seed), share(value), f"{value:.6f}", f"{without:.6f}")
        for result in results
        for seed, value, without in zip(result.seeds, result.accuracies, result.undisputed, strict=True)
    ]
    heads = ("recipe", "seed", "test accuracy", "as a share", "without the disputed labels")
    return {head: [line[place] for line in lines] for place, head in enumerate(heads)}


def _mean(each: Spread) -> str:
    return "\xa0".join(filter(None, (share(each.mean), _deviation(each))))


def _deviation(each: Spread) -> str:
    return "" if np.isnan(each.deviation) else f"±\xa0{each.deviation * 100:.3f}"


def _seeds(count: int) -> str:
    return "one seed" if count == 1 else f"{count} seeds"


def _how_many(passing: int, count: int) -> str:
    return {0: "none reaches", count: "all reach"}.get(passing, f"{passing} of {count} reach")


def _at(value: float, low: float, high: float) -> str:
    """Say where on the scale a value lies, in hundredths."""
    return f"{(value - low) / (high - low) * 100:.2f}"


def paired(found: PairedTest) -> str:
    """Draw in HTML what the two median networks get right and wrong together, and the two tests in numbers."""
    first, second = (name_of(name) for name in found.names)
    most = max(found.alone) or 1
    bars = "".join(
        f'<li><span>only {escape(name)}</span><i style="--share: {count / most:.4f}; --colour: '
        f'{COLOURS.get(key, theme.MUTED)}"></i><b>{count}</b></li>'
        for key, name, count in zip(found.names, (first, second), found.alone, strict=True)
    )
    return f'<ul class="alone" aria-label="Test images that one network alone gets right">{bars}</ul>'


def say_paired(found: PairedTest) -> str:
    """Describe both tests with their numbers."""
    first, second = (name_of(name) for name in found.names)
    certain = "is above zero" if found.low > 0 else "is below zero" if found.high < 0 else "contains zero"
    return (
        f"**All seeds, bootstrap.** {first.capitalize()} minus {second}: {points(found.difference)}, 95 % interval "
        f"{points(found.low)} to {points(found.high)}, p = {found.p:.2g}; n = {found.seeds[0]} and {found.seeds[1]} "
        f"seeds on the same {found.images:,} images, resampled 10,000 times. The interval {certain}."
        f"\n\n**Median seeds, McNemar.** For seeds {found.medians[0]} and {found.medians[1]}, {sum(found.alone)} "
        f"images are classified correctly by only one network: {found.alone[0]} by the first, {found.alone[1]} by the "
        f"second. If both were equally good, each would get half of these images: p = {found.mcnemar:.2g}."
    ).replace(" %", "\xa0%")


def paired_columns(found: PairedTest) -> dict[str, list[str]]:
    """Return both tests as columns."""
    return {
        "test": ["bootstrap, all seeds", "McNemar, median seeds"],
        "seeds": [f"{found.seeds[0]} and {found.seeds[1]}", f"{found.medians[0]} and {found.medians[1]}"],
        "found": [
            f"{points(found.difference)} ({points(found.low)} to {points(found.high)})",
            f"{found.alone[0]} against {found.alone[1]} images",
        ],
        "p": [f"{found.p:.2g}", f"{found.mcnemar:.2g}"],
    }
