"""The mistakes of networks that read no digits: on the drawn shapes and on a folder, counted again without the app."""

import re
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from streamlit.testing.v1 import AppTest

from model import networks
from model.images import folder, inputs, shapes
from model.images.records import SHAPES
from model.mistakes import labelled
from tests import coloured
from tests.pages.conftest import assert_works, run, said, show, shown

SOME = 90  # of the test pictures


@pytest.fixture
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(shapes.SIZES, "test", SOME)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Start the app with a folder of two shapes, of which one is upside down, and with a damaged file."""
    for name in ("heart", "arrow"):
        (tmp_path / name).mkdir()
        for number in range(30):
            Image.fromarray(shapes.draw(SHAPES.index(name), number)).save(tmp_path / name / f"{number:02}.png")
    (tmp_path / "heart" / "bad.png").write_bytes(b"no picture")
    (tmp_path / "<b>cat").mkdir()
    Image.new("RGB", (40, 30)).save(tmp_path / "<b>cat" / "a.png")
    monkeypatch.setattr(sys, "argv", ["viz/Home.py", "--images", str(tmp_path)])
    folder.listed.cache_clear()
    labelled._of_folder.cache_clear()
    return tmp_path


def answers(drawn: list[tuple[int, int]], id: str = "shapes") -> Counter[tuple[str, str]]:
    """Return how often a network takes each label for each class, from the class and the seed of each picture."""
    network, found = networks.by_id(id), Counter[tuple[str, str]]()
    for label, seed in drawn:
        with torch.no_grad():
            scores = network.module(inputs.to_input(shapes.draw(label, seed), network.input))
        found[SHAPES[label], network.classes[int(scores.argmax())]] += 1
    return found


def counts(app: AppTest) -> Counter[tuple[str, str]]:
    table = re.findall(r'aria-label="labelled (\w+), classified as (\w+): [^"]*"[^>]*>([\d,]+)</a>', shown(app))
    return Counter({(label, name): int(count.replace(",", "")) for label, name, count in table})


@pytest.mark.usefixtures("_few")
def test_the_mistakes_on_the_drawn_shapes() -> None:
    app = run("mistakes", net="shapes")
    assert_works(app, "Mistakes")
    expected = answers([(number % 9, 2_000_000 + number) for number in range(SOME)])
    right = sum(count for (label, name), count in expected.items() if label == name)
    assert counts(app) == expected
    assert f"classifies {right} of {SOME} pictures correctly" in said(app)
    assert not re.search("MNIST|digit", said(app) + "".join(each.value for each in app.caption))
    show(app, net="shapes", mistakes_view="all")
    assert_works(app, "Mistakes")
    (cards,) = re.findall(r'<ol class="image-cards".*?</ol>', shown(app), re.DOTALL)
    assert cards.count("<img") == SOME - right > 0
    links = [each.proto for each in app.get("page_link") if "digit=shape-test-" in each.proto.query_string]
    (link,) = {each.query_string for each in links if each.page == "feature_maps"}
    other = run("feature_maps", **dict(each.split("=") for each in link.split("&")))
    assert_works(other, "Feature maps")
    assert "test picture" in shown(other) or "drawn for this project" in shown(other)


@pytest.mark.usefixtures("_few")
def test_the_calibration_on_the_drawn_shapes() -> None:
    app = run("mistakes", net="shapes", mistakes_view="calibration")
    assert not app.exception
    assert not app.error
    assert "writers" not in said(app)
    assert "the evaluation half" in said(app) or "No temperature can be fitted" in app.info[0].value


def test_the_mistakes_in_a_folder(root: Path) -> None:
    app = run("mistakes", net="shapes", mistakes_on="folder")
    assert_works(app, "Mistakes")
    expected = answers([(SHAPES.index(name), number) for name in ("arrow", "heart") for number in range(30)])
    assert counts(app) == expected
    right = sum(count for (label, name), count in expected.items() if label == name)
    text = said(app)
    assert f"classifies {right} of 60 pictures correctly" in text
    assert "1 file cannot be read and is not counted." in text
    assert "The network has no class \\<b\\>cat (1)" in text
    assert str(root.parent) not in text, "the place of the folder on the server is not shown"
    sources = [option.content for option in app.button_group("widget-mistakes_on").proto.options]
    assert sources == ["Coloured shapes", "The folder"]


def test_a_folder_that_fits_no_class_is_not_offered(root: Path) -> None:
    for name in ("heart", "arrow"):
        (root / name).rename(root / f"no {name}")
    folder.listed.cache_clear()
    app = run("mistakes", net="shapes", mistakes_on="folder")
    assert not app.exception
    (warning,) = app.warning
    assert "mistakes_on" in warning.value


def test_two_networks_on_the_pictures_of_a_folder(
    root: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path_factory.mktemp("opened")
    monkeypatch.setenv("GLASS_NETWORKS", str(place / "networks"))
    own = networks.keep(coloured.write(place / "own.glass", SHAPES))
    link = {"net": "shapes", "with": own, "compare_on": "folder", "measured": "yes"}
    app = run("compare", **link)
    assert not app.exception
    assert not app.error
    pictures = [each.relative_to(root) for each in sorted(root.glob("*/??.png"))]
    one, other = (right(id, root, pictures) for id in ("shapes", own))
    assert len(pictures) == 60
    for line in (one, ~one):
        assert f"<td>{(line & other).sum()}</td><td>{(line & ~other).sum()}</td>" in shown(app)
    assert "(measured here)" not in shown(app), "a folder is no test set"
    lenet = run("compare", **{**link, "with": "lenet"})
    assert "do not have the same classes" in said(lenet)


def right(id: str, root: Path, pictures: list[Path]) -> torch.Tensor:
    """Return which pictures a network classifies correctly, computed without the app."""
    network, found = networks.by_id(id), list[bool]()
    for path in pictures:
        with torch.no_grad():
            x = inputs.to_input(np.array(Image.open(root / path)), network.input)
            found.append(network.classes[int(network.module(x).argmax())] == path.parent.name)
    return torch.tensor(found)
