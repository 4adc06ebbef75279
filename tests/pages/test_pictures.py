"""The sidebar of a network that reads no digits, in Streamlit's simulator: samples, a folder, uploads, and any link."""

import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from streamlit.testing.v1 import AppTest

from model import networks
from model.images import inputs, pictures
from model.images.records import SHAPES, Digit
from model.networks.records import Network
from model.records import Pixels
from tests import coloured
from tests.damage import blank_png
from tests.model.images.test_upload import BOMB, PNG
from tests.model.images.test_upload_in_colour import SCENE, scene
from tests.pages.conftest import component, run, said, show, shown
from tests.pictures import decode


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """Return a network of three channels and twelve classes that was opened from a file."""
    place = tmp_path_factory.mktemp("opened")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GLASS_NETWORKS", str(place / "networks"))
        patch.setenv("GLASS_PICTURES", str(place / "pictures"))
        yield networks.by_id(networks.keep(coloured.write(place / "small.glass")))


def figure(app: AppTest) -> str:
    (found,) = re.findall(r'<figure class="digit">.*?</figure>', shown(app), re.DOTALL)
    return str(found)


def drawn(html: str) -> Pixels:
    """Return the pixels of the first picture of some HTML."""
    found = re.search(r'src="(data:image/png;base64,[^"]+)"', html)
    assert found
    return decode(found[1])[..., :3].astype(np.uint8)


def fitted(key: str, network: Network) -> Digit:
    return pictures.fitted(pictures.find(key, network.input), network.input, network.classes)


def answer(pixels: Pixels, network: Network) -> tuple[str, float]:
    """Return the name of the class that the network gives, and its probability."""
    with torch.no_grad():
        shares = network.module(inputs.to_input(pixels, network.input)).softmax(1)[0]
    return network.classes[int(shares.argmax())], float(shares.max())


def assert_fine(app: AppTest) -> None:
    assert not app.exception
    assert not app.error
    assert not app.warning


def choosing(source: str, **link: str) -> AppTest:
    """Open a page, and a source of pictures in its sidebar."""
    app = run("overview", **link)
    app.session_state["picture-source"] = source
    return app.run()


def sources(app: AppTest, key: str = "picture-source") -> list[str]:
    return [option.content for option in app.button_group(key).proto.options]


# Samples


def test_the_answer_is_a_class_name_and_the_picture_is_coloured(network: Network) -> None:
    app = run("overview", net=network.id)
    assert_fine(app)
    sample = fitted(pictures.DEFAULT, network)
    name, share = answer(sample.pixels, network)
    wrong = "" if name == "circle" else ", not circle"
    expected = f"The network predicts <strong>{name}</strong>{wrong} ({100 * share:.1f}\xa0%)"
    assert f">{name}</strong><span>{100 * share:.1f}\xa0%</span>" in figure(app)
    assert ("<span>not circle</span>" in figure(app)) == bool(wrong)
    assert "drawn for this project, labelled circle" in figure(app)
    np.testing.assert_array_equal(drawn(figure(app)), sample.pixels)
    (phone,) = re.findall(r'<p class="phone">.*?</p>', shown(app), re.DOTALL)
    assert expected in phone
    np.testing.assert_array_equal(drawn(phone), sample.pixels)


def test_a_right_and_a_wrong_answer_are_told_apart(network: Network) -> None:
    app = run("overview", net=network.id)
    seen = set()
    for shape in SHAPES:
        key = f"shape-{shape}-1"
        name, _ = answer(fitted(key, network).pixels, network)
        show(app, net=network.id, digit=key)
        assert (f"<span>not {shape}</span>" in figure(app)) == (name != shape)
        seen.add(name == shape)
    assert seen == {True, False}, "the samples show both cases"


def test_the_grid_shows_three_coloured_pictures_of_each_class(network: Network) -> None:
    app = choosing("shape", net=network.id, digit="shape-star-2")
    grid = component(app, "picture_grid")
    assert grid["names"] == [name for name in SHAPES for _ in range(3)]
    assert grid["selected"] == 3 * SHAPES.index("star") + 1
    sheet = decode(grid["sprite"])[..., :3]
    assert sheet.shape == (48, 27 * 48, 3)
    assert np.ptp(sheet, axis=2).max() > 100, "they have colours"


def test_every_stage_is_shown_with_its_numbers(network: Network) -> None:
    """From the file to the numbers that the network gets, and the arithmetic of one pixel."""
    given = pictures.give(io.BytesIO(saved(scene(60, 90))))
    app = run("overview", net=network.id, digit=given)
    html = next(each for each in shown(app).split('<div class="fitting">')[1:])
    captions = re.findall(r"<figcaption>(.*?)<br>(.*?)</figcaption>", html)
    x = inputs.to_input(fitted(given, network).pixels, network.input)[0]
    assert captions[:3] == [("as opened", "60 × 90"), ("scaled", "24 × 36"), ("cropped", "24 × 24")]
    assert [name for name, _ in captions[3:]] == ["red", "green", "blue"]
    for (_, ends), channel in zip(captions[3:], x, strict=True):
        found = [float(end.replace("−", "-")) for end in ends.split(" to ")]
        assert found == pytest.approx([float(channel.min()), float(channel.max())], abs=6e-4)
    results = re.findall(r"(Red|Green|Blue) \d+ of 255: \(\d+ / 255 − [\d.]+\) / [\d.]+ = (−?[\d.]+)", html)
    assert [name for name, _ in results] == ["Red", "Green", "Blue"]
    found = [float(value.replace("−", "-")) for _, value in results]
    assert found == pytest.approx(x[:, 12, 12].tolist(), abs=6e-5)


def test_the_pad_and_mnist_stay_with_networks_of_digits(network: Network) -> None:
    app = run("overview", net=network.id)
    assert sources(app) == ["Samples", "Upload"], "no folder was given"
    app = run("overview")
    assert sources(app, "source") == ["Samples", "MNIST", "Draw", "Upload"]


# Any link


def test_a_digit_is_shown_as_it_is_by_a_network_of_shapes(network: Network) -> None:
    app = run("overview", net=network.id, digit="project-3a")
    assert_fine(app)
    assert "labelled 3, which is no class of this network" in figure(app)
    assert drawn(figure(app)).shape == (24, 24, 3)
    assert ", not" not in figure(app)


def test_a_picture_is_shown_as_it_is_by_a_network_of_digits() -> None:
    app = run("overview", digit="shape-star-2")
    assert_fine(app)
    assert "labelled star, which is no class of this network" in figure(app)
    assert re.search(r"The network predicts</span><strong>\d</strong>", figure(app))
    assert drawn(figure(app)).shape == (28, 28, 3)


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("picture-" + "0" * 32, "is not here (any more)"),
        ("picture-../../../etc/passwd", "is not here (any more)"),
        ("shape-<b>-1", "There is no picture"),
        ("folder-cat-0", "in a folder that this app was not given"),
        ("folder-../x-0", "in a folder that this app was not given"),
        ("nonsense", "It can be a sample (shape-circle-1)"),
        ("project-zz", "There is no digit"),
        ("test-99999999", "There is no digit"),
    ],
)
def test_a_link_to_no_picture_says_so_and_shows_the_first_sample(network: Network, key: str, said: str) -> None:
    app = run("overview", net=network.id, digit=key)
    assert not app.exception
    assert not app.error
    (notice,) = (each.value for each in app.warning)
    assert said in notice.replace("\\", "").replace("\u2060", "")
    assert "Showing a circle instead." in notice
    assert "labelled circle" in figure(app)
    assert app.query_params["digit"] == key, "the link keeps it"


def test_a_network_that_takes_no_pictures_is_not_shown(network: Network, tmp_path: Path) -> None:
    """It takes two channels; whoever has its link sees the assignment's network, and why."""
    id = networks.keep(coloured.write(tmp_path / "two.glass", channels=2))
    app = run("overview", net=id)
    assert not app.exception
    (notice,) = (each.value for each in app.warning)
    assert "takes pictures of 2 channels" in notice
    assert "Showing the assignment's network instead." in notice
    assert [each.value for each in app.title] == [each.value for each in run("overview").title]


# Uploads


def saved(image: Image.Image, format: str = "PNG") -> bytes:
    file = io.BytesIO()
    image.save(file, format)
    return file.getvalue()


def give(app: AppTest, content: bytes, name: str = "photo.png") -> None:
    app.file_uploader[0].upload(name, content, "image/png").run()
    assert not app.exception


@pytest.fixture
def uploading(network: Network) -> AppTest:
    app = run("overview", net=network.id, digit="shape-star-2")
    app.session_state["picture-source"] = "picture"
    return app.run()


def test_an_upload_is_kept_and_shown_in_colour(uploading: AppTest, network: Network) -> None:
    """Somebody else with the link sees the same."""
    for format in ("PNG", "JPEG", "WEBP", "BMP", "GIF", "HEIF"):
        content = saved(scene(), format)
        give(uploading, content)
        assert_fine(uploading)
        key = uploading.query_params["digit"]
        assert re.fullmatch(r"picture-[0-9a-f]{32}", key), format
        expected = inputs.fit(pictures.find(key, network.input).pixels, network.input)
        np.testing.assert_array_equal(drawn(figure(uploading)), expected)
        assert "a picture of yours" in figure(uploading)
        assert "labelled" not in figure(uploading)
        if format in {"PNG", "BMP"}:
            np.testing.assert_array_equal(pictures.find(key, network.input).pixels, SCENE)
    elsewhere = run("overview", net=network.id, digit=key)
    assert figure(elsewhere) == figure(uploading)


def test_a_refused_upload_is_a_sentence_and_keeps_the_picture(uploading: AppTest) -> None:
    for content, named in (
        (b"What am I?", "is not a picture that can be opened"),
        (b"", "is not a picture that can be opened"),
        (PNG[:-400], "The picture is damaged"),
        (blank_png(100_001, 500, 1, 0), "The picture has 100,001 x 500 pixels."),
        (BOMB, "The picture is too large"),
        (saved(Image.new("RGB", (400, 2))), "can be 10 times its shorter one"),
    ):
        give(uploading, content, "../../<b>.png")
        (sentence,) = (each.value for each in uploading.error)
        assert named in sentence
        assert sentence.endswith("The picture before it stays.")
        assert uploading.query_params["digit"] == "shape-star-2"
    give(uploading, saved(scene()))
    assert not uploading.error, "the error disappears with a good upload"


def test_a_disk_that_is_full_is_a_sentence(
    uploading: AppTest, network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("GLASS_PICTURES", str(tmp_path / "file"))
    give(uploading, saved(scene()))
    (sentence,) = (each.value for each in uploading.error)
    assert "cannot be kept" in sentence


# A folder


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder of 30 circles, 3 pictures of a class with markup in its name, and a broken file."""
    for name, count in (("circle", 30), ("*cat* <b>[x](y)", 3)):
        (tmp_path / name).mkdir()
        for number in range(count):
            Image.fromarray(SCENE // (1 + number)).save(tmp_path / name / f"{number:02}.png")
    (tmp_path / "circle" / "01.png").write_bytes(b"no picture")
    monkeypatch.setattr(sys, "argv", ["viz/Home.py", "--images", str(tmp_path)])
    return tmp_path


def captions(app: AppTest) -> str:
    return "\n".join(each.value for each in app.sidebar.caption)


def test_a_folder_is_shown_in_pages(photos: Path, network: Network) -> None:
    """What cannot be read is left out and counted."""
    app = choosing("folder", net=network.id, digit="folder-circle-2")
    assert_fine(app)
    assert sources(app) == ["Samples", "Folder", "Upload"]
    grid = component(app, "picture_grid")
    assert grid["names"][:5] == [f"0{n}.png, *cat* <b>[x](y)" for n in range(3)] + ["00.png, circle", "02.png, circle"]
    assert len(grid["names"]) == 20
    assert grid["selected"] == 4
    assert "1 to 20 of 32 · 1 unreadable file left out" in captions(app)
    app.button(key="folder-more").click().run()
    assert component(app, "picture_grid")["names"][-1] == "29.png, circle"
    assert "21 to 32 of 32" in captions(app)
    assert app.button(key="folder-more").disabled
    app.button(key="folder-back").click().run()
    assert "1 to 20 of 32" in captions(app)
    app.button(key="folder-random").click().run()
    assert_fine(app)


def test_one_class_of_a_folder_is_chosen(photos: Path, network: Network) -> None:
    app = choosing("folder", net=network.id, digit="folder-circle-2")
    (chooser,) = (each for each in app.sidebar.selectbox if each.label == "Class")
    assert chooser.options == ["every class", "*cat* <b>[x](y)", "circle"]
    chooser.select("*cat* <b>[x](y)").run()
    assert_fine(app)
    assert len(component(app, "picture_grid")["names"]) == 3
    assert "1 to 3 of 3" in captions(app)
    assert app.query_params["class"] == "*cat* <b>[x](y)"


def test_the_label_is_the_class_of_the_folder_where_the_network_has_it(photos: Path, network: Network) -> None:
    app = run("overview", net=network.id, digit="folder-circle-2")
    assert "02.png, labelled circle<" in figure(app)
    name, _ = answer(inputs.fit(SCENE // 3, network.input), network)
    assert ("<span>not circle</span>" in figure(app)) == (name != "circle")
    show(app, net=network.id, digit="folder-*cat* <b>[x](y)-0")
    assert_fine(app)
    assert "labelled *cat* &lt;b&gt;[x](y), which is no class of this network" in figure(app)
    assert "<b>[x]" not in shown(app), "a name is no markup"


@pytest.mark.parametrize("key", ["folder-circle-30", "folder-..-0", "folder-circle/../../x-0", "folder-circle-1"])
def test_a_link_to_nothing_in_the_folder_is_a_notice(photos: Path, network: Network, key: str) -> None:
    """The last of them is the broken file."""
    app = run("overview", net=network.id, digit=key)
    assert not app.exception
    assert len(app.warning) == 1
    assert "Showing a circle instead." in app.warning[0].value


def test_a_class_that_the_folder_does_not_have_is_a_notice(photos: Path, network: Network) -> None:
    app = run("overview", net=network.id, digit="shape-star-1", **{"class": "7"})
    assert "The link asks for class '7'" in app.warning[0].value


@pytest.mark.parametrize("arguments", [["--images"], ["--images", "missing"], []])
def test_a_folder_that_is_not_there_is_a_sentence_in_its_place(
    arguments: list[str], network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["viz/Home.py", *arguments])
    app = run("overview", net=network.id)
    assert_fine(app)
    assert ("Folder" in sources(app)) == (len(arguments) == 2)
    if len(arguments) == 2:
        app.session_state["picture-source"] = "folder"
        app.run()
        assert "cannot be listed" in app.error[0].value


def test_a_drawing_ends_when_a_network_of_pictures_is_chosen(network: Network) -> None:
    """The pad is gone then: nobody could end it."""
    app = run("overview")
    app.session_state["the digit that is being drawn"] = pictures.find("shape-star-2", network.input)
    show(app, net=network.id)
    assert "labelled circle" in figure(app)
    assert "star" not in figure(app)
    assert said(app)
