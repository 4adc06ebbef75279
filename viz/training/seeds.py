"""All seeds of a recipe with mean and deviation, the paired test, and the disputed labels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import plotly.graph_objects as go

from model.training.records import LoggedRun, PairedTest, RecipeResult, Spread
from viz import theme
from viz.charts.draw import Axis, Bars, Part, Series, Texts, draw
from viz.training.figures import COLOURS, LOGGED, name_of, points, share

_SAME = 1e-6  # per cent: values closer than this are equal
_ROOM = 0.08  # share of the axis that is empty on each side
_LANE = 116  # pixels: the height of a line
_DOTS, _STACK = 0.56, 0.13  # shares of a line: below its title, and between two equal dots


def strip(found: Mapping[str, tuple[Sequence[int], Spread]], logged: LoggedRun, bar: float) -> go.Figure:
    """Draw a dot for each value on one scale: every seed at its last epoch, and the epochs of the logged run.

    Args:
        found: For each recipe, the seeds and their test accuracies.
        logged: The assignment's run: the epochs just before its peak, and the peak.
        bar: The goal of the assignment.
    """
    before, epochs = logged.accuracies[logged.around], logged.numbers[logged.around]
    around = Spread(before, float(before.mean()), float(before.std(ddof=1)) if len(before) > 1 else float("nan"))
    every = np.concatenate([*(each.values for _, each in found.values()), before, [logged.reported, bar]])
    room = _ROOM * float(np.ptp(every))
    low, high = 100 * (float(every.min()) - room), 100 * (float(every.max()) + room)
    lanes = [
        _Lane(
            name_of(name),
            f"{_first_large(name_of(name))}, {_seeds(len(seeds))} at the last epoch",
            each,
            [f"seed {seed}: {share(value)}" for seed, value in zip(seeds, each.values, strict=True)],
            COLOURS.get(name, theme.MUTED),
        )
        for name, (seeds, each) in found.items()
    ]
    said = [f"epoch {number}: {share(value)}" for number, value in zip(epochs, before, strict=True)]
    title = f"{_first_large(LOGGED)}, epochs {epochs[0]} to {epochs[-1]}"
    lanes.append(_Lane(LOGGED, title, around, said, COLOURS["assignment"]))
    parts = [part for place, lane in enumerate(lanes, 1) for part in lane.parts(len(lanes) - place, low)]
    peak = f"epoch {logged.numbers[logged.peak]}: {share(logged.reported)}, reported"
    ring = Series("the reported epoch", [100 * logged.reported], [_STACK], COLOURS["assignment"], "points", 16)
    level = Series(f"the goal, {bar * 100:.1f} %", [100 * bar] * 2, [0, len(lanes)], theme.MUTED, "dashed", 2)
    return draw(
        [level, *parts, replace(ring, symbol="circle-open", says=[peak])],
        Axis("test accuracy, %", (low, high), hover_format=".2f"),
        Axis("", (0, len(lanes))),
        height=_LANE * len(lanes) + 130,
        alone=True,
    )


@dataclass(frozen=True, eq=False, slots=True)
class _Lane:
    """A line of dots, with their mean and one standard deviation on each side."""

    name: str
    title: str
    spread: Spread
    says: Sequence[str]
    colour: str

    def parts(self, number: int, left: float) -> list[Part]:
        """Return the parts of a chart for this line; equal dots are stacked.

        Args:
            number: The number of lines below it.
            left: The place of its title.
        """
        values, mean = 100 * self.spread.values, 100 * self.spread.mean
        deviation = 0.0 if np.isnan(self.spread.deviation) else 100 * self.spread.deviation
        said = f"mean {share(self.spread.mean)} {_deviation(self.spread)}".strip()
        heights: list[float] = []
        for place, value in enumerate(values):
            equal = sum(1 for other in values[:place] if abs(other - value) < _SAME)
            heights.append(number + _STACK * (equal + 1))
        area = Bars(
            "mean and one standard deviation",
            [mean],
            [_DOTS],
            self.colour,
            base=[number],
            width=2 * deviation,
            pale=[True],
            says=[said],
            keyed=False,
        )
        line = Series(area.name, [mean] * 2, [number, number + _DOTS], self.colour, width=4, says=[said] * 2)
        dots = Series(self.name, values, heights, self.colour, "points", 12, says=self.says)
        texts = Texts([left], [number + 0.94], [f"{self.title}\n{said}"])
        return [area, replace(line, keyed=False), dots, texts]


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


def _first_large(text: str) -> str:
    return text[:1].upper() + text[1:]


def paired(found: PairedTest) -> go.Figure:
    """Draw how many test images only one of the two median networks classifies correctly."""
    names = [f"only {name_of(name)}" for name in found.names]
    bars = [
        Bars(name, [name], [count], COLOURS.get(key, theme.MUTED), printed=[f"{count}"], keyed=False)
        for key, name, count in zip(found.names, names, found.alone, strict=True)
    ]
    up = Axis("test images", (0, 1.15 * (max(found.alone) or 1)))
    return draw(bars, Axis("classified correctly by one network only", categories=names), up, height=300)


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
