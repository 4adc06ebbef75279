import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from model import trace
from model.images import digits
from model.networks.assignment import weights
from model.records import Activation
from model.trace.records import Trace
from tests.pictures import assert_painted, colours, decode
from viz import theme
from viz.pictures import readable, swatches
from viz.pictures.scaling import Range, range_of

KERNELS = [(1, 3, 3), (8, 3, 3), (16, 1, 1), (7, 2, 3)]


@pytest.fixture(scope="module")
def traced() -> Trace:
    return trace.record(weights.load(), digits.to_input(digits.samples()[0]))


def noise(shape: tuple[int, ...]) -> Activation:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def texts(values: Activation, decimals: int) -> list[str]:
    """Return values as C's printf writes them, with a true minus and no negative zero."""
    written = [f"%.{decimals}f" % value for value in values.ravel().tolist()]
    return [text.replace("-", "−" if float(text) else "") for text in written]


def finely(values: Activation, decimals: int) -> list[str]:
    """Return values as ``texts`` does, but those that would be 0 and are not as multiples of powers of ten."""
    raised = dict(zip("+-0123456789", ["", *"⁻⁰¹²³⁴⁵⁶⁷⁸⁹"], strict=True))
    found = []
    for text, value in zip(texts(values, decimals), values.ravel().tolist(), strict=True):
        digits, power = f"{value:.1e}".split("e")
        lost = value != 0 and not text.strip("−0.")
        exponent = "".join(raised[sign] for sign in f"{int(power)}")
        found.append(f"{digits}\xa0×\xa010{exponent}".replace("-", "−") if lost else text)
    return found


def ends(shown: dict[str, Any]) -> list[str]:
    return re.findall(r">([^<>]+)<", shown["scale"])


def assert_holds(shown: dict[str, Any], maps: Activation, most: float) -> None:
    """Assert that each map is painted at its corner, nothing lies between them, and every value is listed in order."""
    sheet = decode(shown["picture"])
    assert sheet.shape[:2] == tuple(shown["size"])
    high, wide = shown["square"]
    signed = bool((maps < 0).any())
    for (top, left), values in zip(shown["corners"], maps, strict=True):
        square = sheet[top : top + high, left : left + wide]
        assert square.shape[:2] == values.shape
        scale = theme.DIVERGING if signed else theme.SEQUENTIAL
        assert_painted(square, values, -most if signed else 0, most, scale)
        sheet[top : top + high, left : left + wide, 3] = 0  # another square on the same place would not be opaque
    assert not sheet[..., 3].any()
    assert shown["values"] == texts(maps, 4)
    assert ends(shown) == finely(np.array([-most if signed else 0.0, most]), 3)


@pytest.mark.parametrize("name", ["Conv2d-1", "ReLU-4", "MaxPool2d-10", "AvgPool2d-22", "log-softmax"])
def test_a_large_map_holds_the_activation_itself(traced: Trace, name: str) -> None:
    for values in traced[name].maps[:4]:
        shown = readable.large(values)
        assert_holds(shown, values[None], range_of(values).high)
        assert shown["corners"] == [[0, 0]]


def test_a_large_map_can_be_drawn_on_the_range_of_its_layer(traced: Trace) -> None:
    maps = traced["Conv2d-7"].maps
    each = np.abs(maps).max(axis=(1, 2))
    faintest, most = int(each.argmin()), float(each.max())
    assert_holds(readable.large(maps[faintest], like=maps), maps[faintest : faintest + 1], most)
    assert most > each[faintest]


def laid(values: Activation, opacity: int = 60) -> dict[str, Any]:
    return readable.over(values, Range(-2.0, 2.0, theme.DIVERGING), "beneath:", "outline:", opacity)


def assert_laid(shown: dict[str, Any], values: Activation, opacity: float) -> None:
    """Assert that a map is painted within -2 and 2, that every value is told, and what lies beneath it and on top."""
    assert_painted(decode(shown["picture"]), values, -2, 2, theme.DIVERGING)
    assert shown["values"] == finely(values, 4)
    assert [shown["size"], shown["square"], shown["corners"]] == [list(values.shape), list(values.shape), [[0, 0]]]
    assert [shown["beneath"], shown["outline"], shown["opacity"]] == ["beneath:", "outline:", opacity]
    assert ends(shown) == ["−2.000", "2.000"]
    assert shown["printed"] == []


@pytest.mark.parametrize(("shape", "opacity"), [((28, 28), 100), ((5, 7), 30), ((1, 3), 0)], ids=str)
def test_a_map_over_a_picture_tells_every_value(shape: tuple[int, int], opacity: int) -> None:
    values = noise(shape)
    values.flat[:3] = 0, 5, -3e-7  # one beyond the scale keeps its value, and what is nearly 0 is not told as 0
    assert_laid(laid(values, opacity), values, opacity / 100)
    assert laid(values)["values"][:3] == ["0.0000", "5.0000", "−3.0\xa0×\xa010⁻⁷"]


@pytest.mark.parametrize("wrong", ["upside down", "axes", "rounded", "opacity"])
def test_the_check_above_catches_a_wrong_overlay(wrong: str) -> None:
    values = noise((4, 4))
    assert_laid(laid(values), values, 0.6)
    twins = {
        "upside down": lambda: laid(values[::-1]),
        "axes": lambda: laid(values.T),
        "rounded": lambda: laid(values.round(2)),
        "opacity": lambda: laid(values, 61),
    }
    with pytest.raises(AssertionError):
        assert_laid(twins[wrong](), values, 0.6)


@pytest.mark.parametrize("shape", KERNELS, ids=str)
def test_kernels_hold_exactly_the_weights(shape: tuple[int, ...]) -> None:
    kernel = noise(shape)
    assert_holds(readable.kernels(kernel), kernel, float(np.abs(kernel).max()))


@pytest.mark.parametrize("wrong", ["order", "axes", "upside down", "range", "value"])
def test_the_check_above_catches_a_wrong_picture(wrong: str) -> None:
    kernel = noise((4, 3, 3))
    shown = readable.kernels(kernel)
    twins: dict[str, Callable[[], dict[str, Any]]] = {
        "order": lambda: readable.kernels(kernel[::-1]),
        "axes": lambda: readable.kernels(kernel.transpose(0, 2, 1)),
        "upside down": lambda: readable.kernels(kernel[:, ::-1]),
        "range": lambda: readable.kernels(kernel * 1.01),
        "value": lambda: {**shown, "values": shown["values"][::-1]},
    }
    most = float(np.abs(kernel).max())
    assert_holds(shown, kernel, most)
    with pytest.raises(AssertionError):
        assert_holds(twins[wrong](), kernel, most)


def test_the_squares_of_a_kernel_stand_line_by_line() -> None:
    shown = readable.kernels(noise((4, 2, 4)))
    assert shown["corners"] == [[0, 0], [0, 5], [3, 0], [3, 5]]
    assert shown["size"] == [5, 9]


def test_weights_without_a_sign_are_on_the_scale_of_signs() -> None:
    kernel = np.abs(noise((2, 3, 3)))
    most = float(kernel.max())
    assert ends(readable.kernels(kernel)) == [f"−{most:.3f}", f"{most:.3f}"]


@pytest.mark.parametrize(
    ("shape", "decimals"), [((1, 1), 3), ((3, 4), 1), ((11, 11), 1), ((12, 11), None), ((26, 26), None)], ids=str
)
def test_the_values_of_a_large_map_are_printed_where_there_is_room(
    shape: tuple[int, int], decimals: int | None
) -> None:
    values = noise(shape)
    shown = readable.large(values)
    assert shown["printed"] == ([] if decimals is None else texts(values, decimals))
    assert len(shown["inks"]) == len(shown["printed"])


@pytest.mark.parametrize(("shape", "printed"), [((1, 3, 3), True), ((16, 1, 1), True), ((16, 3, 3), False)], ids=str)
def test_weights_are_printed_where_there_is_room(shape: tuple[int, ...], printed: bool) -> None:
    kernel = noise(shape)
    assert readable.kernels(kernel)["printed"] == (texts(kernel, 2) if printed else [])


@pytest.mark.parametrize("signed", [True, False])
def test_ink_can_be_read_on_every_colour_of_a_scale(signed: bool) -> None:
    """By WCAG 4.5 to 1 is readable, which black or white always reaches, but the other one not everywhere."""
    scale = theme.DIVERGING if signed else theme.SEQUENTIAL
    range_ = Range(-1.0 if signed else 0.0, 1.0, scale)
    values = np.linspace(range_.low, range_.high, 101, dtype=np.float32)
    inks = [swatches.ink(range_, float(value)) for value in values]
    behind = colours(scale, range_.share(values))
    assert min(contrast(ink, shade) for ink, shade in zip(inks, behind, strict=True)) > 4.5
    others = [{"#000": "#fff", "#fff": "#000"}[ink] for ink in inks]
    assert min(contrast(ink, shade) for ink, shade in zip(others, behind, strict=True)) < 2


def contrast(ink: str, shade: Any) -> float:
    """Return WCAG's contrast of black or white ink on a colour (3,) in 0..255."""
    light: float = sum(
        weight * (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4)
        for weight, part in zip((0.2126, 0.7152, 0.0722), (shade / 255).tolist(), strict=True)
    )
    return (1.05 / (light + 0.05)) if ink == "#fff" else (light + 0.05) / 0.05
