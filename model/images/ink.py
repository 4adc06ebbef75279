"""Ink and paper: which pixels of a grey picture are ink, how strong the ink is, and which parts it has."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from scipy import ndimage

from model.errors import InputError
from model.receptive_field.records import Box
from model.records import Numbers, Pixels

Grey = NDArray[np.float32]
Extent = tuple[slice, slice]  # rows and columns
_MIN_CONTRAST = 6  # of 255: the faintest drawing that a person can still see on a screen
STRONG = 200  # of 255: the ninetieth percentile of the ink of each of MNIST's images is above this
_SHADED = 12  # of 255: a border whose grey levels differ by more lies in uneven light
_BLACK = 250  # of 255: ink whose strongest pixel is fainter than this was not drawn in black
_BAND = 0.04  # of the shorter side: the border that shows the paper
_NOISE = 5  # standard deviations of the paper: of normal noise one pixel in a million is above this
_HALO = 0.03  # of the longer side: how far the blur of a stroke reaches
_RINGS = 0.05  # of the strongest ink: JPEG leaves rings around strokes that are fainter than this
_SPECK = 0.06  # of the heaviest part: a lighter part is a speck
_BESIDE = 0.1  # of the digit's longer side: how far from it a speck still belongs to it
_EDGE = 0.15  # of a side: a part that lies within this of an edge, and touches it, is a shadow or a line of the page
_PANEL = 0.3  # of a side: a filled rectangle that is at least this large is a panel, and the digit is on it
_EIGHT = np.ones((3, 3), dtype=bool)  # pixels that touch at a corner belong together
_SMALLEST = 12  # pixels a side of a panel that is worth looking into


@dataclass(frozen=True, eq=False, slots=True)
class Ink:
    """The ink of a picture.

    Attributes:
        pixels: (H, W) in 0..255, white ink on black, without specks, frames and paper.
        boxes: The bounding box of each part that was kept.
        masses: The sum of the ink of each of these parts.
        labels: (H, W): 0 for paper, else 1 + the position of the part in ``boxes``.
    """

    pixels: Pixels
    boxes: tuple[Box, ...]
    masses: tuple[float, ...]
    labels: NDArray[np.int32]


def find_ink(grey: Grey, lossy: bool, *, invert: bool = False, depth: int = 2) -> Ink:
    """Separate ink from paper.

    Ink is what differs from the paper by more than the paper's own noise. Specks, frames, shadows along an edge and a
    panel around the digit (a plot of an image, a coloured card) are removed.

    Args:
        grey: (H, W) in 0..255.
        lossy: Whether JPEG or a similar format may have left faint rings around strokes.
        invert: Take the other side of the paper's grey for ink than the picture suggests.
        depth: How many panels may lie inside one another.

    Raises:
        InputError: No pixel differs enough from the paper.
    """
    ink, spread = _against_paper(grey, invert)
    strongest = float(ink.max())
    if strongest < _MIN_CONTRAST:
        raise InputError(
            f"The picture shows no ink: no grey level differs from the paper by more than {strongest:.0f} of 255.",
            f"Ink must differ by at least {_MIN_CONTRAST}.",
            "Write darker, or choose another picture.",
        )
    threshold = _otsu(ink)
    floor = _floor(ink, threshold, spread, strongest if lossy else 0.0)
    labels, count = ndimage.label(ink > floor, structure=_EIGHT)
    objects = ndimage.find_objects(labels)
    numbers = np.arange(1, count + 1)
    peaks = np.asarray(ndimage.maximum(ink, labels, numbers), dtype=float)
    masses = np.asarray(ndimage.sum_labels(np.minimum(ink, 2 * threshold), labels, numbers), dtype=float)
    if depth and (inside := _panel(labels, objects, masses)) is not None:
        try:
            return find_ink(grey[inside], lossy, invert=False, depth=depth - 1)
        except InputError:
            pass  # an empty panel: the rectangle itself is the ink
    kept = _kept(labels, objects, masses, peaks > threshold)
    if floor == 0:  # without noise, a speck beside the digit belongs to it: a faint end, a stroke that broke off
        kept = _with_specks_beside(objects, kept)
    return _cleaned(ink, threshold, labels, objects, masses, kept)


def _against_paper(grey: Grey, invert: bool) -> tuple[Grey, float]:
    """Return how much each pixel differs from the paper towards the ink, (H, W), and the paper's own deviation.

    The paper is the median of the border, its deviation 1.4826 times the median absolute deviation, which ink that
    touches the edge and a dark side hardly move.
    """
    border = _border(grey)
    paper = float(np.median(border))
    darker = max(paper - float(np.percentile(grey, 1)), (paper - float(grey.min())) / 2)
    lighter = max(float(np.percentile(grey, 99)) - paper, (float(grey.max()) - paper) / 2)
    dark = 255 - grey if (darker < lighter) is not invert else grey  # dark ink on light paper from here on
    if float(np.percentile(np.abs(border - paper), 75)) > _SHADED:
        dark = _evenly_lit(dark)
    border = _border(dark)
    paper = float(np.median(border))
    return (paper - dark).clip(0), 1.4826 * float(np.median(np.abs(border - paper)))


def _border(grey: Grey) -> Grey:
    width = max(1, round(min(grey.shape) * _BAND))
    inner = grey[width:-width, width:-width]
    if inner.size == 0:
        return grey.ravel()
    sides = grey[width:-width, :width], grey[width:-width, -width:]
    return np.concatenate([part.ravel() for part in (grey[:width], grey[-width:], *sides)])


def _evenly_lit(grey: Grey) -> Grey:
    """Divide dark ink on light paper by its light: a closing removes the strokes, a blur the paper's grain."""
    image = Image.fromarray(grey.clip(0, 255).astype(np.uint8))
    small = image.resize((64, 64), Image.Resampling.BOX)
    light = (
        small.filter(ImageFilter.MaxFilter(15)).filter(ImageFilter.MinFilter(15)).filter(ImageFilter.GaussianBlur(3))
    )
    lit = np.asarray(light.resize(image.size, Image.Resampling.BILINEAR), dtype=np.float32)
    even: Grey = (255 * grey / lit.clip(1)).clip(0, 255)
    return even


def _otsu(ink: Grey) -> float:
    """Return the threshold that separates two groups best: the variance between them is largest (Otsu, 1979).

    Where no pixel has a grey level between the groups, many thresholds are equally good: the middle one is taken.
    """
    counts, edges = np.histogram(ink, bins=256, range=(0, float(ink.max())))
    centres = (edges[:-1] + edges[1:]) / 2
    below = counts.cumsum()[:-1]
    above = counts.sum() - below
    sums = (counts * centres).cumsum()
    between = below * above * (sums[:-1] / below.clip(1) - (sums[-1] - sums[:-1]) / above.clip(1)) ** 2
    return float(centres[:-1][between == between.max()].mean())


def _floor(ink: Grey, threshold: float, spread: float, lossy: float) -> float:
    """Return the strength up to which a pixel is paper: above the paper's noise and below the strokes.

    Every pixel away from the strokes is paper, also a grey patch on a white page.
    """
    reach = 2 * max(1, round(_HALO * max(ink.shape))) + 1
    away = ink[ndimage.maximum_filter(ink > threshold, size=reach) == 0]
    noise = 1.3 * float(np.percentile(away, 95)) if away.size > 20 else 0.0
    return min(max(_NOISE * spread, noise, _RINGS * lossy), threshold)


def _panel(labels: NDArray[np.int32], objects: list[Extent], masses: Numbers) -> tuple[slice, slice] | None:
    """Return the inside of the heaviest part if that is a filled rectangle, else None."""
    heaviest = int(masses.argmax())
    rows, columns = objects[heaviest]
    part = labels[rows, columns] == heaviest + 1
    if any(size < _PANEL * side for size, side in zip(part.shape, labels.shape, strict=True)) or part.mean() < 0.5:
        return None
    edge = max(1, round(0.03 * min(part.shape)))
    closed = [part[:edge].any(0), part[-edge:].any(0), part[:, :edge].any(1), part[:, -edge:].any(1)]
    if min(side.mean() for side in closed) < 0.9 or min(part.shape) - 2 * edge < _SMALLEST:
        return None
    return slice(rows.start + edge, rows.stop - edge), slice(columns.start + edge, columns.stop - edge)


def _kept(labels: NDArray[np.int32], objects: list[Extent], masses: Numbers, strong: NDArray[np.bool_]) -> list[int]:
    """Return which parts are the digit: not specks, not a frame, not what only runs along an edge of the picture."""
    heavy = [part for part in np.flatnonzero(strong).tolist() if masses[part] >= _SPECK * masses[strong].max()]
    unframed = [part for part in heavy if not _is_frame(labels, objects[part], part, masses)] or heavy
    inner = [part for part in unframed if not _is_along_an_edge(objects[part], labels.shape)]
    if not inner or masses[inner].max() <= 0.1 * masses[unframed].max():
        inner = unframed
    # Without the frame the heaviest part is another one, and so is what counts as a speck.
    candidates = np.flatnonzero(strong).tolist() if len(unframed) < len(heavy) else inner
    candidates = [part for part in candidates if part in inner or part not in heavy]
    return [part for part in candidates if masses[part] >= _SPECK * masses[inner].max()]


def _with_specks_beside(objects: list[Extent], kept: list[int]) -> list[int]:
    """Add every part within the bounding box of the kept ones, widened by a tenth of its longer side."""
    low = [min(objects[part][axis].start for part in kept) for axis in (0, 1)]
    high = [max(objects[part][axis].stop for part in kept) for axis in (0, 1)]
    margin = _BESIDE * max(end - start for start, end in zip(low, high, strict=True))
    return [
        part
        for part, box in enumerate(objects)
        if all(box[axis].start >= low[axis] - margin and box[axis].stop <= high[axis] + margin for axis in (0, 1))
    ]


def _is_frame(labels: NDArray[np.int32], box: Extent, part: int, masses: Numbers) -> bool:
    """Whether a part lies almost wholly along its own bounding box, which is large, with something else inside."""
    shape = labels[box].shape
    if all(size < 0.6 * side for size, side in zip(shape, labels.shape, strict=True)):
        return False
    here = labels[box] == part + 1
    band = np.ones(shape, dtype=bool)
    margins = [max(1, round(0.08 * size)) for size in shape]
    band[margins[0] : -margins[0], margins[1] : -margins[1]] = False
    others = masses.sum() - masses[part]
    return bool(here[band].sum() > 0.85 * here.sum() and others > 0.05 * masses[part] and here.mean() < 0.5)


def _is_along_an_edge(box: Extent, shape: tuple[int, ...]) -> bool:
    for extent, side in zip(box, shape, strict=True):
        if (extent.start == 0 and extent.stop <= _EDGE * side) or (
            extent.stop == side and extent.start >= (1 - _EDGE) * side
        ):
            return True
    return False


def _cleaned(
    ink: Grey,
    threshold: float,
    labels: NDArray[np.int32],
    objects: list[Extent],
    masses: Numbers,
    kept: list[int],
) -> Ink:
    """Remove all other parts, and scale faint ink so that a tenth of the strokes is white."""
    renumbered = np.zeros(len(objects) + 1, dtype=np.int32)
    renumbered[[part + 1 for part in kept]] = np.arange(1, len(kept) + 1)
    own = renumbered[labels]
    strokes = ink[(own > 0) & (ink > threshold)]
    white = float(np.percentile(strokes, 90))
    is_strong = white >= STRONG and float(strokes.max()) >= _BLACK
    pixels = np.where(own > 0, ink, 0) * (1 if is_strong else 255 / white)
    return Ink(
        pixels.round().clip(0, 255).astype(np.uint8),
        tuple(_box(*objects[part]) for part in kept),
        tuple(float(masses[part]) for part in kept),
        own,
    )


def _box(rows: slice, columns: slice) -> Box:
    return Box(rows.start, columns.start, rows.stop, columns.stop)
