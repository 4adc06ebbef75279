"""What a max pool discards: counts and sums of its inputs and outputs, and the gradient behind it."""

from collections.abc import Sequence

import numpy as np

from model.pooling.records import Pooled, PoolGradient
from model.records import Unit
from viz.pictures import swatches, words
from viz.pictures.markdown import escape_markdown
from viz.pictures.panels import picture
from viz.pictures.scaling import range_of
from viz.pooling.windows import covered_places, is_overlapping, window_places


def totals_columns(pooled: Pooled, channel: int) -> dict[str, list[str]]:
    """Return the counts and sums of inputs and outputs as columns, for one map and for all maps."""
    columns: dict[str, list[str]] = {
        "What": [
            "Input values",
            "Output values",
            "Discarded values",
            "Sum of inputs",
            "Sum of outputs",
            "Sum of absolute inputs",
            "Sum of absolute outputs",
            "Windows with a tie",
            "… at a zero of the ReLU",
            "Discarded absolute sum",
        ]
    }
    several = is_overlapping(pooled)
    if several:
        columns["What"].append("Values that win several windows")
    wins = pooled.wins
    for name, part in {f"Map {channel}": slice(channel, channel + 1), "All maps": slice(None)}.items():
        totals, won = pooled.totals(channel if part.stop else None), wins[part] > 0
        magnitude = float(np.abs(pooled.input[part][won], dtype=np.float64).sum())
        columns[name] = [
            f"{totals.inputs:,}",
            f"{totals.outputs:,}",
            f"{totals.inputs - int(won.sum()):,}",
            _long(totals.input_sum),
            _long(totals.output_sum),
            _long(totals.input_magnitude),
            _long(totals.output_magnitude),
            f"{totals.tied:,} of {totals.windows:,}",
            f"{totals.tied_at_relu_zero:,}",
            words.share_of_units(discarded_share(magnitude, totals.input_magnitude)),
        ]
        if several:
            columns[name].append(f"{int((wins[part] > 1).sum()):,}")
    return columns


def discarded_share(kept: float, whole: float) -> float:
    """Return the discarded share of a sum of absolute values; 0 if the sum is 0."""
    return 1 - kept / whole if whole else 0.0


def say_totals(pooled: Pooled) -> str:
    """Say how much is discarded, and why the sum does not measure it."""
    totals, wins = pooled.totals(), pooled.wins
    won = wins > 0
    kept = int(won.sum())
    lost = words.share_of_units(
        discarded_share(float(np.abs(pooled.input[won], dtype=np.float64).sum()), totals.input_magnitude)
    )
    said = [
        f"The pool keeps {kept:,} of {totals.inputs:,} values and discards "
        f"{words.share_of_units(1 - kept / totals.inputs)}."
    ]
    if is_overlapping(pooled):
        several = int((wins > 1).sum())
        said.append(f"{several:,} values win several windows each, so {totals.outputs:,} outputs hold {kept:,} values.")
    else:
        said.append(f"Their sum goes from {_long(totals.input_sum)} to {_long(totals.output_sum)}.")
        if (pooled.input < 0).any():
            said.append(
                "This does not measure what is lost: values can be negative, and the sum grows when a negative value "
                "is discarded."
            )
    said.append(
        f"The sum of the absolute values falls by {lost}. {totals.tied:,} of {totals.windows:,} windows have a tie."
    )
    if totals.tied_at_relu_zero:
        same = pooled.output[(pooled.ties > 1) & pooled.at_relu_zero]
        moved = ", and batch norm maps all zeros of a map to the same number" if same.any() else ""
        said.append(
            f"In {totals.tied_at_relu_zero:,} of them the ReLU set the largest values to 0{moved}; in the other "
            "windows the values were equal before, for example where the image is blank."
        )
    return " ".join(said)


def _long(value: float) -> str:
    return f"{value:z,.1f}".replace("-", "−")


def gradients(gradient: PoolGradient, channel: int) -> str:
    """Draw in HTML the gradient of the logit at one input map, with the max pool and with the average pool."""
    maps = {"with the max pool": gradient.max_pool[channel], "with an average pool": gradient.average_pool[channel]}
    figures = (
        picture(values, range_of(values, signed=True), f"Map {channel}, {name}") for name, values in maps.items()
    )
    return f'<div class="pictures two">{"".join(figures)}</div>'


def say_gradient(gradient: PoolGradient, pooled: Pooled, unit: Unit, target: str = "") -> str:
    """Count the inputs with a gradient over all maps, and give the gradient at one unit and at its winner.

    Args:
        gradient: The gradient.
        pooled: The pool.
        unit: A unit of the pool.
        target: What the class of the logit is called; by default its number.
    """
    at_input, won = gradient.max_pool, pooled.won
    others, others_reached = int((~won).sum()), int((at_input[~won] != 0).sum())
    share = words.percent(1 / len(covered_places(pooled, unit)))
    y, x = pooled.winners[unit].tolist()
    wins = int(pooled.wins[unit[0], y, x])
    gets = "gets all of it," if wins == 1 else f"gets it and that of the other windows it wins, {wins - 1}: together"
    called = escape_markdown(target or str(gradient.target))
    return (
        f"The gradient of the logit of {called} with respect to each of the {at_input.size:,} input values. "
        f"**Max pool:** {int((at_input[won] != 0).sum()):,} of the {int(won.sum()):,} winners have a gradient other "
        f"than 0, and {others_reached:,} of the {others:,} other values. The gradient at unit y {unit[1]}, "
        f"x {unit[2]} is {_small(gradient.output[unit])}; its winner {gets} "
        f"{_small(at_input[unit[0], y, x])}. **Average pool:** {int((gradient.average_pool != 0).sum()):,} values have "
        f"a gradient other than 0; each value of this window gets {share} of the gradient of its unit."
    )


def _small(value: float) -> str:
    return f"{value:z.5f}".replace("-", "−")


def as_csv(pooled: Pooled, gradient: PoolGradient, channel: int) -> str:
    """Return every window of one map as CSV: its values, its winner, the number of equal values, and its gradient."""
    names = [f"value {y}.{x}" for y, x in np.ndindex(pooled.window.kernel)]
    lines: list[Sequence[object]] = [["y", "x", *names, "winner y", "winner x", "equal values", "gradient"]]
    on_map = {*np.ndindex(pooled.input.shape[1:])}
    for y, x in np.ndindex(pooled.output.shape[1:]):
        unit = (channel, y, x)
        values = [
            f"{pooled.input[(channel, *place)]:.6g}" if place in on_map else ""
            for place in window_places(pooled.window, unit)
        ]
        at_output = f"{gradient.output[unit]:.6g}"
        lines.append([y, x, *values, *pooled.winners[unit].tolist(), int(pooled.ties[unit]), at_output])
    return swatches.as_csv(lines)
