"""Figures of a shifted picture: the maps around a pool before and after, and their difference."""

from collections.abc import Sequence
from html import escape

from model.pooling.records import Pooled, Shift, ShiftedMaps
from model.receptive_field.records import Window
from model.records import Activation, Pair, Pixels
from model.trace.records import Trace
from viz.pictures import raster, words
from viz.pictures.panels import picture, tabled
from viz.pictures.scaling import range_of

_NAMES = {"into the pool": "Input of the pool", "max pool": "Max pool", "average pool": "Average pool"}


def shifts(trace: Trace, pixels: Pixels, moves: Sequence[Shift], channel: int) -> str:
    """Draw in HTML a picture and one map around the pool, before and after each shift, and their difference.

    Args:
        trace: Trace of the picture before the shift.
        pixels: The picture before the shift, (H, W) or (H, W, 3).
        moves: The shifts.
        channel: Channel of the map.
    """
    into, pool, _ = moves[0].maps
    before, after = (range_of(maps.before, signed=True) for maps in (into, pool))
    cells = [
        "<b>Not shifted</b>",
        _picture(pixels, f"predicted: {trace.class_name(trace.prediction)}"),
        picture(into.before[channel], before, "input of the pool"),
        picture(pool.before[channel], after, "output"),
        "<figure></figure>",
    ]
    for move in moves:
        into, pool, _ = move.maps
        back = f"output shifted back by {_say_units(pool.best.units)}, minus the first"
        cells += [
            f"<b>Shifted {say_move(move.by)}</b>",
            _picture(move.pixels, f"predicted: {trace.class_name(move.prediction)}"),
            picture(into.after[channel], before, "input of the pool", scale=False),
            picture(pool.after[channel], after, "output", scale=False),
            picture(pool.difference(channel), after, back, corner=pool.best.units, scale=False),
        ]
    return f'<div class="moves">{"".join(cells)}</div>'


def maps_by_title(moves: Sequence[Shift], channel: int) -> dict[str, Activation]:
    """Return every map that ``shifts`` draws by its title."""
    into, pool, _ = moves[0].maps
    found = {f"{maps.label}, not shifted": maps.before[channel] for maps in (into, pool)}
    for move in moves:
        into, pool, _ = move.maps
        shifted = f"shifted {say_move(move.by)}"
        found |= {f"{maps.label}, {shifted}": maps.after[channel] for maps in (into, pool)}
        back = f"{pool.label}, {shifted}, shifted back by {_say_units(pool.best.units)}, minus the first"
        found[back] = pool.difference(channel)
    return found


def _picture(pixels: Pixels, caption: str) -> str:
    image = f'<img src="{raster.image(pixels)}" alt="The picture: {escape(caption)}">'
    return f"<figure>{image}<figcaption>{escape(caption)}</figcaption></figure>"


def direction(pixels: int, towards: str) -> Pair:
    """Return a shift of so many pixels ``right`` or ``down`` as (y, x).

    >>> direction(2, "right"), direction(1, "down")
    ((0, 2), (1, 0))
    """
    return (0, pixels) if towards == "right" else (pixels, 0)


def say_move(by: Pair) -> str:
    """Say how far a picture is shifted.

    >>> say_move((0, 1)), say_move((2, 0))
    ('1 pixel right', '2 pixels down')
    """
    parts = [
        f"{amount} {'pixel' if amount == 1 else 'pixels'} {towards}"
        for amount, towards in zip(by, ("down", "right"), strict=True)
        if amount
    ]
    return " and ".join(parts)


def _say_units(units: Pair) -> str:
    amount = max(units)
    return f"{amount} {'unit' if amount == 1 else 'units'}"


def say_shift(move: Shift) -> str:
    """Say what one shift does to each of the maps."""
    said = [f"**{say_move(move.by)}.**"]
    for maps in move.maps:
        back = f"shifted back by {_say_units(maps.best.units)}, they differ by at most"
        if maps.equivariant:
            said.append(f"{_NAMES[maps.label]}: the maps are only shifted; {back} {_small(maps.best.largest)}.")
        else:
            said.append(
                f"{_NAMES[maps.label]}: the maps change; even {back} {words.number(maps.best.largest)}, and on average "
                f"by {_share(relative(maps))} of their mean absolute value."
            )
    if move.cut_off:
        said.append(f"{move.cut_off:,} non-zero pixels left the image.")
    return " ".join(said)


def outcome(moves: Sequence[Shift]) -> str:
    """Return after which of two shifts, the smaller first, the output maps of the max pool are only shifted.

    One of ``one``, ``two``, ``both`` and ``neither``.
    """
    one, two = (next(maps for maps in move.maps if maps.label == "max pool").equivariant for move in moves)
    return {(True, False): "one", (False, True): "two", (True, True): "both", (False, False): "neither"}[one, two]


def distances(jump: int) -> Pair:
    """Return the two shifts that are compared, in pixels: by one, and by the jump of the output, from unit to unit.

    >>> distances(2), distances(4), distances(1)
    ((1, 2), (1, 4), (1, 2))
    """
    return 1, max(jump, 2)


def say_outcome(moves: Sequence[Shift], pooled: Pooled | None, jump: int) -> str:
    """Say how much the output maps of the max pool differ after each shift, and why.

    Args:
        moves: The shifts.
        pooled: The pool, if its windows all have one size.
        jump: Pixels from one unit of the output to the next, in the direction of the shifts.
    """
    differences = [f"{_small(move.maps[1].best.largest)} after {say_move(move.by)}" for move in moves]
    said = f"After the best shift back, the maps differ by at most {' and '.join(differences)}. "
    if jump == 2 and pooled and pooled.window == Window((2, 2), (2, 2)):
        said += (
            "The windows begin at every second position. After a shift by 2, each window has the four values of its "
            "neighbour; after a shift by 1, it has two values from each of two windows, so its maximum can change."
        )
    elif jump == 1:
        said += "The windows begin at every pixel, so after any shift each window can have the values of another one."
    else:
        said += (
            f"Windows next to each other are {jump} pixels apart. Only after a shift by a multiple of {jump} pixels "
            "can each window have the values of its neighbour; after another shift it has other values, so its maximum "
            "can change."
        )
    if not moves[-1].maps[0].equivariant:
        said += (
            f" Here the input maps change after {say_move(moves[-1].by)} too, for example because padding does not "
            "move with the picture, or because pixels leave it."
        )
    return said


def relative(maps: ShiftedMaps) -> float:
    """Return the mean difference as a share of the mean absolute value of the maps."""
    return maps.best.mean / maps.mean_magnitude if maps.mean_magnitude else 0.0


def _share(share: float) -> str:
    return f"{share:.0%}" if share >= 0.005 else "under 1%"


def table(moves: Sequence[Shift]) -> dict[str, list[str]]:
    """Return the differences over all maps as columns, for each shift, each kind of maps and each shift back."""
    lines = [(move, maps, offset) for move in moves for maps in move.maps for offset in maps.offsets]
    return {
        "shifted": [say_move(move.by) for move, _, _ in lines],
        "maps": [maps.label for _, maps, _ in lines],
        "shifted back by": [_say_units(offset.units) for _, _, offset in lines],
        "mean difference": [_small(offset.mean) for _, _, offset in lines],
        "largest difference": [_small(offset.largest) for _, _, offset in lines],
    }


def folded(moves: Sequence[Shift]) -> str:
    """Draw the table in HTML, folded until it is opened."""
    drawn = tabled(table(moves), "Differences over all maps")
    return f"<details><summary>The numbers, over all maps</summary>{drawn}</details>"


def _small(value: float) -> str:
    """Say a difference, in scientific notation if it is tiny.

    >>> _small(0.0), _small(2.5e-7), _small(1.25)
    ('0', '2.5e−07', '1.250')
    """
    if value == 0:
        return "0"
    return words.number(value) if value >= 0.001 else f"{value:.1e}".replace("-", "−")
