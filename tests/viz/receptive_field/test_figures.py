import re

import numpy as np
import pytest

from model import receptive_field
from model.images import digits
from model.networks.assignment import weights
from model.receptive_field.records import Box, EffectiveField, Growth
from tests.pictures import Picture, assert_painted, decode
from tests.serving import ROOT
from viz import theme
from viz.receptive_field import figures

PIXELS = digits.samples()[0].pixels
STEPS = {step.name: step for step in receptive_field.growth(weights.load())}
each_step = pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)


@pytest.fixture
def effective() -> EffectiveField:
    values = np.random.default_rng(0).random((28, 28)).astype(np.float32)
    return EffectiveField("MaxPool2d-10", (1, 2), values, Box(2, 4, 10, 12), 0.31)


def styles(html: str) -> list[dict[str, str]]:
    """Return every element of some HTML: its class, its title, and what its style says, by name."""
    found = []
    for tag in re.findall(r"<[a-z]+ [^>]*>", html):
        attributes = dict(re.findall(r'([a-z-]+)="([^"]*)"', tag))
        style = dict(re.findall(r"([a-z-]+): ([^;]+)", attributes.pop("style", "")))
        found.append({**attributes, **style})
    return found


def outlined(html: str) -> dict[str, Box]:
    """Return the pixels that each outline surrounds."""
    found = {each["class"]: each for each in styles(html) if each.get("class") in {"formula", "gradient"}}
    return {
        name: Box(top, left, top + height, left + width)
        for name, each in found.items()
        for top, left, height, width in [[int(each[f"--{side}"]) for side in ("top", "left", "height", "width")]]
    }


def picture(html: str) -> Picture:
    """Return the pixels of the one picture in some HTML."""
    (uri,) = re.findall(r'src="([^"]*)"', html)
    return decode(uri)


def numbers_in(words: str) -> list[float]:
    return [float(number) for number in re.findall(r"\d+(?:\.\d+)?", words)]


@each_step
def test_both_boxes_are_drawn_at_their_position(step: Growth) -> None:
    for unit in {(0, 0), step.middle, (step.units[0] - 1, 0)}:
        box, other = step.after.box(unit), Box(1, 2, 5, 9)
        assert outlined(figures.receptive_field(PIXELS, box, other)) == {"formula": box, "gradient": other}


def test_box_outside_the_image_is_drawn_at_its_position() -> None:
    beyond = Box(-3, 20, 5, 31)
    assert outlined(figures.receptive_field(PIXELS, beyond, beyond.clipped((28, 28)))) == {
        "formula": beyond,
        "gradient": Box(0, 20, 5, 28),
    }


def test_dashed_line_is_above_the_solid_line() -> None:
    drawn = figures.receptive_field(PIXELS, Box(1, 2, 3, 4), Box(1, 2, 3, 4))
    assert drawn.index('class="formula"') < drawn.index('class="gradient"')  # the later one is on top
    sheet = (ROOT / "viz" / "receptive_field" / "style.css").read_text(encoding="utf-8")
    rules = {name: re.findall(rf"\.{name} {{\s*outline: (\d+)px (\w+)", sheet)[0] for name in ("formula", "gradient")}
    assert [rules[name][1] for name in ("formula", "gradient")] == ["solid", "dashed"]
    assert int(rules["formula"][0]) > int(rules["gradient"][0])  # so that both are seen where they agree


def test_effective_field_replaces_the_digit(effective: EffectiveField) -> None:
    drawn = figures.receptive_field(PIXELS, effective.box, effective.box, effective)
    most = float(effective.values.max())
    assert_painted(picture(drawn), effective.values, 0, most, theme.SEQUENTIAL)
    with pytest.raises(AssertionError):
        assert_painted(picture(drawn), effective.values.T, 0, most, theme.SEQUENTIAL)
    ends = re.findall(r'class="scale">(.*?)<i.*</i>(.*?)</span>', drawn)[0]
    assert [float(end) for end in ends] == [0, pytest.approx(most, rel=0.05)]
    assert re.findall(r"rgb\([\d., ]+\)", drawn) == [colour for _, colour in theme.SEQUENTIAL[::4]]


def test_digit_is_drawn_unchanged(effective: EffectiveField) -> None:
    drawn = figures.receptive_field(PIXELS, effective.box, effective.box)
    np.testing.assert_array_equal(picture(drawn)[..., :3], np.repeat(PIXELS[..., None], 3, axis=2))
    assert "<span>" not in drawn  # a digit has no scale


def test_figure_size_is_the_same_with_and_without_the_effective_field(effective: EffectiveField) -> None:
    shown = [figures.receptive_field(PIXELS, effective.box, effective.box, each) for each in (None, effective)]
    sizes = [[(each[0]["--high"], each[0]["--wide"]) for each in [styles(html)]] for html in shown]
    assert sizes == [[("28", "28")]] * 2
    assert [html.count('<p class="sight-scale">') for html in shown] == [1, 1]  # its place is kept


@each_step
def test_units_are_at_the_centres_of_their_fields(step: Growth) -> None:
    for unit in {(0, 0), step.middle, (step.units[0] - 1, 0)}:
        data = figures.units(step, unit, (28, 28))
        assert data["selected"] == [*unit]
        assert data["units"] == [*step.units]
        box = step.after.box(unit)
        middle = [(box.top + box.bottom - 1) / 2, (box.left + box.right - 1) / 2]
        assert [c + u * j for c, u, j in zip(data["center"], unit, data["jump"], strict=True)] == middle


def test_growing_shows_the_box_after_every_row() -> None:
    frames = figures.growing(PIXELS, STEPS.values())["frames"]
    rows = [step for step in STEPS.values() if step.number]
    assert len(frames) == 24
    assert frames[0] == {"text": "A pixel: 1 × 1", "box": [14, 14, 15, 15]}
    for frame, step in zip(frames[1:], rows, strict=True):
        assert Box(*frame["box"]) == step.after.box(step.middle)
        assert frame["text"].startswith(f"{step.name}: ")
        assert numbers_in(frame["text"])[-2:] == [*step.after.size]
    assert frames[-1]["box"] == [0, 0, 28, 28]


def test_say_unit_names_the_box() -> None:
    step = STEPS["MaxPool2d-10"]
    said = figures.say_unit(step, (1, 10), step.after.box((1, 10)), (28, 28))
    assert "is 8 × 8 pixels: rows 2 to 9, columns 20 to 27, centre (y 5.5, x 23.5)" in said
    assert said.endswith("the same box.")
    assert figures.say_unit(step, (1, 10), Box(0, 0, 3, 4), (28, 28)).endswith(
        "a different box: rows 0 to 2, columns 0 to 3."
    )
    assert figures.say_unit(step, (1, 10), Box(0, 0, 0, 0), (28, 28)).endswith("a different box: no pixel.")
    inside = step.after.box((1, 10)).clipped((4, 28))  # as a border would cut it off
    assert "the same box as far as it lies on the image" in figures.say_unit(step, (1, 10), inside, (4, 28))


def test_say_effective_gives_the_share_of_the_inner_half(effective: EffectiveField) -> None:
    assert "31.0\xa0% of it is in the inner half" in figures.say_effective(effective)
