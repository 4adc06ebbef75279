"""A digit that moves under a pool: its maps before and after, moved back, and what is left."""

from collections.abc import Sequence

from model.pooling.records import Moved, Shift
from model.records import Activation, Pair, Pixels
from model.trace.records import Trace
from viz.pictures import raster, words
from viz.pictures.panels import picture, tabled
from viz.pictures.scaling import range_of

_NAMES = {"into the pool": "Into the pool", "max pool": "Out of the max pool", "average pool": "Out of an average pool"}


def shifts(trace: Trace, pixels: Pixels, moves: Sequence[Shift], channel: int) -> str:
    """Draw in HTML the digit and one map around the pool, before and after each move, and what is left of it.

    Args:
        trace: Of the digit where it was.
        pixels: Of that digit, (H, W).
        moves: Each with the same maps.
        channel: Of the map.
    """
    into, pool, _ = moves[0].maps
    before, after = (range_of(maps.before, signed=True) for maps in (into, pool))
    cells = [
        "<b>Where it was</b>",
        _ink(pixels, f"reads {trace.prediction}"),
        picture(into.before[channel], before, "into the pool"),
        picture(pool.before[channel], after, "out of it"),
        "<figure></figure>",
    ]
    for move in moves:
        into, pool, _ = move.maps
        back = f"moved back {_say_units(pool.best.units)}, less the first"
        cells += [
            f"<b>Moved {say_move(move.by)}</b>",
            _ink(move.pixels, f"reads {move.prediction}"),
            picture(into.after[channel], before, "into the pool", scale=False),
            picture(pool.after[channel], after, "out of it", scale=False),
            picture(pool.difference(channel), after, back, corner=pool.best.units, scale=False),
        ]
    return f'<div class="moves">{"".join(cells)}</div>'


def maps(moves: Sequence[Shift], channel: int) -> dict[str, Activation]:
    """Return every map that ``shifts`` draws under what it is."""
    into, pool, _ = moves[0].maps
    found = {f"{maps.what}, where it was": maps.before[channel] for maps in (into, pool)}
    for move in moves:
        into, pool, _ = move.maps
        far = f"moved {say_move(move.by)}"
        found |= {f"{maps.what}, {far}": maps.after[channel] for maps in (into, pool)}
        found[f"{pool.what}, {far}, moved back {_say_units(pool.best.units)}, less the first"] = pool.difference(
            channel
        )
    return found


def _ink(pixels: Pixels, caption: str) -> str:
    image = f'<img src="{raster.grey(pixels)}" alt="The digit: {caption}">'
    return f"<figure>{image}<figcaption>{caption}</figcaption></figure>"


def by(pixels: int, towards: str) -> Pair:
    """Return how far down and to the right a digit moves that moves so many pixels ``right`` or ``down``.

    >>> by(2, "right"), by(1, "down")
    ((0, 2), (1, 0))
    """
    return (0, pixels) if towards == "right" else (pixels, 0)


def say_move(far: Pair) -> str:
    """Say how far a digit moved.

    >>> say_move((0, 1)), say_move((2, 0))
    ('1 pixel right', '2 pixels down')
    """
    parts = [
        f"{amount} {'pixel' if amount == 1 else 'pixels'} {way}"
        for amount, way in zip(far, ("down", "right"), strict=True)
        if amount
    ]
    return " and ".join(parts)


def _say_units(units: Pair) -> str:
    amount = max(units)
    return f"{amount} {'unit' if amount == 1 else 'units'}"


def say_shift(move: Shift) -> str:
    """Say what one move does to each of the maps."""
    said = [f"**{say_move(move.by)}.**"]
    for maps in move.maps:
        back = f"moved back by {_say_units(maps.best.units)}"
        if maps.equivariant:
            said.append(
                f"{_NAMES[maps.what]}: the old maps, moved; {back} they differ by {_small(maps.best.largest)} at most."
            )
        else:
            said.append(
                f"{_NAMES[maps.what]}: no longer the old maps; even {back} they differ by "
                f"{words.number(maps.best.largest)} at most and by {relative(maps):.0%} of their mean size "
                "on average."
            )
    if move.cut_off:
        said.append(f"{move.cut_off} pixels with ink left the image.")
    return " ".join(said)


def outcome(moves: Sequence[Shift]) -> str:
    """Return after which of the moves by 1 and by 2 pixels the max pool puts out its old maps, moved.

    One of ``one``, ``two``, ``both`` and ``neither``.
    """
    one, two = (next(maps for maps in move.maps if maps.what == "max pool").equivariant for move in moves)
    return {(True, False): "one", (False, True): "two", (True, True): "both", (False, False): "neither"}[one, two]


def because(moves: Sequence[Shift]) -> str:
    """Say what is left of the max pool's maps after each move, and why."""
    left = [f"{_small(move.maps[1].best.largest)} after {say_move(move.by)}" for move in moves]
    return (
        f"Moved back as well as can be, the maps differ by at most {' and '.join(left)}. The windows begin at every "
        "second place. Moved by 2, each meets the four values that its neighbour had; moved by 1, it meets two "
        "from each of two windows, so other values compete."
    )


def relative(maps: Moved) -> float:
    """Return the mean difference that is left, as a share of the mean absolute value of the maps."""
    return maps.best.mean / maps.strength if maps.strength else 0.0


def table(moves: Sequence[Shift]) -> dict[str, list[str]]:
    """Return as columns what is left over all maps, for each move, each place around the pool and each way back."""
    lines = [(move, maps, offset) for move in moves for maps in move.maps for offset in maps.offsets]
    return {
        "moved": [say_move(move.by) for move, _, _ in lines],
        "maps": [maps.what for _, maps, _ in lines],
        "moved back by": [_say_units(offset.units) for _, _, offset in lines],
        "mean difference": [_small(offset.mean) for _, _, offset in lines],
        "largest difference": [_small(offset.largest) for _, _, offset in lines],
    }


def folded(moves: Sequence[Shift]) -> str:
    """Draw the table in HTML, folded away until it is asked for."""
    drawn = tabled(table(moves), "What is left over all maps")
    return f"<details><summary>The numbers, over all maps</summary>{drawn}</details>"


def _small(value: float) -> str:
    """Say a difference; what is only rounding is not rounded away.

    >>> _small(0.0), _small(2.5e-7), _small(1.25)
    ('0', '2.5e−07', '1.250')
    """
    if value == 0:
        return "0"
    return words.number(value) if value >= 0.001 else f"{value:.1e}".replace("-", "−")
