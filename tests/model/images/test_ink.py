"""Ink: one made picture for each cause of a misread upload, with its right value, and a wrong rule that misreads it."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from skimage.filters import threshold_otsu

from model.errors import InputError
from model.images import ink, preparation, upload
from model.images.digits import normalise, read_picture, read_upload, samples
from model.images.records import Digit
from model.images.samples import SKETCHES
from model.images.strokes import smooth
from model.networks.assignment import weights
from tests.model.images.test_upload import saved

Grey = NDArray[np.float32]
Rules = Mapping[tuple[object, str], Any]
SHEET = 280


def written(width: int = 22, ink: int = 30, paper: int = 235, shift: tuple[int, int] = (0, 0)) -> Grey:
    """Draw a 3 on a sheet of 280 x 280 pixels, (H, W)."""
    sheet = Image.new("L", (SHEET, SHEET), paper)
    brush = ImageDraw.Draw(sheet)
    for stroke in next(sketch for sketch in SKETCHES if sketch.key == "3a").strokes:
        points = [(shift[1] + x * SHEET, shift[0] + y * SHEET) for x, y in smooth(stroke)]
        brush.line(points, fill=ink, width=width, joint="curve")
    return np.asarray(sheet, dtype=np.float32)


def read(grey: Grey, lossy: bool = False) -> Digit:
    return read_picture(upload.Picture(grey, lossy)).digits[0]


def prediction(digit: Digit) -> int:
    with torch.no_grad():
        return int(weights.load()(normalise(digit.pixels)).argmax())


def likeness(digit: Digit) -> float:
    """Return the correlation with the same 3, drawn without any difficulty, in the 20x20 box; 0 for another shape."""
    boxed, expected = digit.stages[2].pixels, read(written()).stages[2].pixels
    return float(np.corrcoef(boxed.ravel(), expected.ravel())[0, 1]) if boxed.shape == expected.shape else 0.0


def with_specks() -> Grey:
    grey = written()
    for y, x in ((4, 6), (10, 270), (272, 9), (268, 262), (100, 4)):
        grey[y : y + 4, x : x + 4] = 40
    return grey


def beside_a_dark_side() -> Grey:
    grey = written()
    grey[:, :26] = 60
    return grey


def touching_the_edge() -> Grey:
    grey = written()
    rows, columns = (np.flatnonzero((grey < 128).any(axis)) for axis in (1, 0))
    return grey[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def on_a_patch() -> Grey:
    grey = written(paper=255)
    grey[20:200, 20:140] = np.minimum(grey[20:200, 20:140], 215)
    return grey


def in_a_frame() -> Grey:
    grey = np.pad(written(paper=255), 30, constant_values=255)
    for edge in (8, -12):
        grey[8:-8, edge : edge + 4] = grey[edge : edge + 4, 8:-8] = 0
    return grey


def in_a_shadow() -> Grey:
    return written() * np.linspace(0.35, 1, SHEET, dtype=np.float32)[:, None]


def with_noise() -> Grey:
    grain = np.random.default_rng(0).normal(0, 7, (SHEET, SHEET))
    return (written() + grain).clip(0, 255).astype(np.float32)


def constant(value: object) -> Callable[..., object]:
    return lambda *_given: value


CAUSES: dict[str, tuple[Callable[[], Grey], Rules]] = {
    "specks": (with_specks, {(ink, "_SPECK"): 0.0}),
    "a dark side": (beside_a_dark_side, {(ink, "_is_along_an_edge"): constant(False)}),
    "ink at the edge": (touching_the_edge, {(ink, "_border"): lambda grey: np.full(9, grey[0].min())}),
    "a grey patch": (on_a_patch, {(ink, "_floor"): constant(1.0)}),
    "a frame": (in_a_frame, {(ink, "_is_frame"): constant(False)}),
    "a shadow": (in_a_shadow, {(ink, "_evenly_lit"): lambda grey: grey, (ink, "_floor"): constant(9.0)}),
    "noise": (with_noise, {(ink, "_floor"): constant(1.0)}),
    "faint ink": (lambda: written(ink=223), {(ink, "_MIN_CONTRAST"): 24}),
}
each_cause = pytest.mark.parametrize("cause", CAUSES)


@each_cause
def test_upload_is_predicted_in_spite_of(cause: str) -> None:
    digit = read(CAUSES[cause][0]())
    assert likeness(digit) > 0.95
    assert prediction(digit) == 3


@each_cause
def test_wrong_rule_is_caught_by(cause: str, monkeypatch: pytest.MonkeyPatch) -> None:
    picture, wrong = CAUSES[cause]
    expected = read(written()).stages[2].pixels
    for (module, name), rule in wrong.items():
        monkeypatch.setattr(module, name, rule)
    try:
        boxed = read(picture()).stages[2].pixels
    except InputError:
        return
    assert boxed.shape != expected.shape or np.corrcoef(boxed.ravel(), expected.ravel())[0, 1] < 0.95


def strength(digit: Digit) -> float:
    return float(np.percentile(digit.pixels[digit.pixels > 25], 90))


def test_thin_strokes_are_as_strong_as_mnists(monkeypatch: pytest.MonkeyPatch) -> None:
    digit = read(written(width=2))
    assert prediction(digit) == 3
    assert strength(digit) >= 200
    monkeypatch.setattr(preparation, "STRONG", 0)
    assert strength(read(written(width=2))) < 100


def test_one_strong_pixel_does_not_set_the_contrast(monkeypatch: pytest.MonkeyPatch) -> None:
    grey = written(ink=200, paper=255)
    grey[140, 140] = 0
    assert np.median(ink.find_ink(grey, False).pixels[grey < 210]) > 240
    monkeypatch.setattr(ink, "STRONG", 0)  # then the strongest pixel alone decides
    assert np.median(ink.find_ink(grey, False).pixels[grey < 210]) < 60


def test_small_drawing_is_interpolated(monkeypatch: pytest.MonkeyPatch) -> None:
    small = Image.fromarray(written().astype(np.uint8)).resize((14, 14), Image.Resampling.BOX)
    grey = np.asarray(small, dtype=np.float32)
    digit = read(grey)
    smooth_steps = len(np.unique(digit.pixels))
    assert prediction(digit) == 3
    monkeypatch.setattr(preparation, "_ENLARGING", Image.Resampling.BOX)
    assert smooth_steps > 1.5 * len(np.unique(read(grey).pixels))


def label_on_nothing() -> Image.Image:
    """Return an opaque white label with a 3, in a picture that is transparent elsewhere."""
    label = Image.fromarray(written(paper=255).astype(np.uint8))
    picture = Image.new("LA", (400, 400), (0, 0))
    picture.paste(Image.merge("LA", [label, Image.new("L", label.size, 255)]), (60, 60))
    return picture  # on black paper the label itself would be the ink


def test_opaque_label_is_not_inverted(monkeypatch: pytest.MonkeyPatch) -> None:
    assert prediction(read_upload(saved(label_on_nothing())).digits[0]) == 3
    shape = upload.decode(saved(label_on_nothing())).grey.shape
    monkeypatch.setattr(upload, "_CARD", 2.0)
    assert shape == (SHEET, SHEET)
    assert upload.decode(saved(label_on_nothing())).grey.shape == (400, 400)


@pytest.mark.parametrize("seed", range(6))
def test_otsu_threshold_equals_scikit_images(seed: int) -> None:
    """No grey level between the groups is left out, so that one threshold is the best."""
    random = np.random.default_rng(seed)
    groups = [random.normal(centre, 40, size) for centre, size in ((40, 30_000), (150 + 10 * seed, 9_000))]
    grey = np.concatenate(groups).clip(0, 255).astype(np.float32)
    width = float(grey.max()) / 256
    expected = threshold_otsu(hist=(np.histogram(grey, 256, (0, float(grey.max())))[0], (np.arange(256) + 0.5) * width))
    assert ink._otsu(grey) == pytest.approx(expected, abs=1e-3)


def test_paper_without_ink_is_refused_with_its_contrast() -> None:
    with pytest.raises(InputError, match="no grey level differs from the paper by more than 5 of 255"):
        ink.find_ink(written(ink=230), False)


def test_digit_in_a_panel_on_a_page_is_found() -> None:
    page = np.full((600, 500), 255, dtype=np.float32)
    page[150:430, 100:380] = 255 - written(paper=255)
    assert prediction(read(page)) == 3


def test_samples_are_predicted_from_large_photographs() -> None:
    clear = [digit for digit in samples() if digit.label is not None]
    found = [read((230 - 0.8 * digit.pixels.repeat(9, 0).repeat(9, 1)).astype(np.float32)) for digit in clear]
    assert np.mean([prediction(each) == digit.label for each, digit in zip(found, clear, strict=True)]) >= 0.95
