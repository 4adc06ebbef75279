"""The mistakes page in Streamlit's own simulator; its numbers are counted again from the file of logits."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs

import numpy as np
import pytest
import streamlit as st
import torch
from streamlit.testing.v1 import AppTest

from model.images import digits, mnist
from model.mistakes import scores
from model.mistakes.records import Scores
from tests.pages.conftest import assert_works, run, said, show, shown
from tests.pictures import decode
from tests.scoring import DISPUTED, in_cell, truth, worst, wrong

PAGE, TITLE = "mistakes", "Mistakes"
VIEWS = ("matrix", "all", "calibration")
TOGETHER = 24


@pytest.fixture(scope="module", autouse=True)
def _fresh_caches() -> Iterator[None]:
    """Keep what is computed from the logits for all tests of this file."""
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


@pytest.fixture(scope="module")
def opened() -> AppTest:
    return run(PAGE)


@pytest.fixture
def _cleared() -> Iterator[None]:
    """Clear the caches before and after a test with other logits or labels."""
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


@pytest.fixture
def _no_mnist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNIST_ROOT", str(tmp_path))


def cards(app: AppTest) -> list[int]:
    """Return the images shown as cards, by their links."""
    (listed,) = re.findall(r'<ol class="image-cards".*?</ol>', shown(app))
    return [int(each) for each in re.findall(r'href="[^"]*[?;]image=(\d+)', listed)]


def large_image(app: AppTest) -> int:
    (found,) = re.findall(r"<h3>Image ([\d,]+): ", shown(app))
    return int(found.replace(",", ""))


def pictures(app: AppTest) -> list[str]:
    """Return the pictures of the large image and the cards."""
    drawn = re.findall(r'<ol class="image-cards".*?</ol>|<section class="large-image">.*?</section>', shown(app))
    return re.findall(r'<img src="([^"]+)"', "".join(drawn))


def led_to(app: AppTest) -> dict[str, dict[str, list[str]]]:
    """Return the parameters of the links that open an image on other pages, by page."""
    links = [each.proto for each in app.get("page_link")]
    return {
        each.page or "overview": parse_qs(each.query_string) for each in links if "digit=test-" in each.query_string
    }


def press(app: AppTest, label: str) -> AppTest:
    (button,) = (each for each in app.button if each.label == label)
    assert not button.disabled
    return button.click().run()


@pytest.mark.usefixtures("_no_mnist")
@pytest.mark.parametrize("view", VIEWS)
def test_page_without_mnist_has_all_numbers(opened: AppTest, view: str) -> None:
    app = show(opened, mistakes_view=view)
    assert_works(app, TITLE)
    count = len(wrong())
    assert (
        f"classifies {10_000 - count:,} of MNIST's 10,000 test images correctly: **{(10_000 - count) / 100:.2f}\xa0%**"
        in said(app)
    )
    without = [index for index in wrong() if index not in DISPUTED]
    assert f"{9_985 - len(without):,} of 9,985" in said(app)
    offered = [each.label for each in app.button if each.label.startswith("Download MNIST")]
    assert len(offered) == (view != "calibration"), "the calibration has no pictures"
    assert not led_to(app)
    assert not pictures(app)


@pytest.mark.usefixtures("_no_mnist")
def test_matrix_counts_the_test_images(opened: AppTest) -> None:
    app = show(opened)
    table = re.findall(
        r'<a href="([^"]+)"[^>]*aria-label="labelled (\d), classified as (\d): [^"]*"[^>]*>([\d,]+)</a>', shown(app)
    )
    counts = {(int(label), int(read)): int(count.replace(",", "")) for _, label, read, count in table}
    expected = {(label, read): len(in_cell(label, read)) for label in range(10) for read in range(10)}
    assert counts == {pair: count for pair, count in expected.items() if count}
    turned = {(read, label): count for (label, read), count in counts.items()}
    assert turned != counts, "the wrong rule: rows are predicted classes"
    assert all(f"cell={label}.{read}" in link for link, label, read, _ in table)
    label, read = worst()
    assert f"mistake is {label} classified as {read}: {counts[label, read]} image" in said(app)


@pytest.mark.usefixtures("_no_mnist")
def test_cell_shows_its_images(opened: AppTest) -> None:
    app = show(opened)
    most = max(range(10), key=lambda label: len(in_cell(label, label)))
    for label, read in (worst(), (most, most)):
        app.query_params["cell"] = f"{label}.{read}"
        app.run()
        assert_works(app, TITLE)
        shares, expected = truth()[0], in_cell(label, read)
        sign = 1 if label == read else -1  # correct ones begin with the lowest confidence
        expected.sort(key=lambda index: sign * shares[index, read])
        assert cards(app) == expected[:TOGETHER]
        assert large_image(app) == expected[0]
        assert app.subheader[0].value.startswith(f"Labelled {label}, classified as {read}: ")
    assert len(expected) > TOGETHER, "a network that classifies digits"
    press(app, "More")
    assert cards(app) == expected[TOGETHER : 2 * TOGETHER]
    assert app.query_params["image"] == str(expected[TOGETHER])
    press(app, "Back")
    assert cards(app) == expected[:TOGETHER]


@pytest.fixture
def _flawless(_cleared: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the network classify all images correctly, with decreasing confidence."""
    found = scores.read()
    logits = np.eye(10, dtype=np.float32)[found.labels] * np.linspace(9, 1, len(found), dtype=np.float32)[:, None]
    monkeypatch.setattr(scores, "read", lambda: Scores(found.weights, logits, found.labels))


@pytest.mark.usefixtures("_no_mnist", "_flawless")
def test_empty_cell_says_so() -> None:
    app = run(PAGE, cell="3.8")
    assert_works(app, TITLE)
    assert "There are no such images." in said(app)
    assert app.subheader[0].value == "Labelled 3, classified as 8: 0 images"


@pytest.mark.usefixtures("_no_mnist", "_flawless")
@pytest.mark.parametrize(
    ("view", "sentence"),
    [("matrix", "All 10,000 images are classified correctly."), ("all", "There are no such images.")],
)
def test_network_without_mistakes_has_a_page(view: str, sentence: str) -> None:
    app = run(PAGE, mistakes_view=view)
    assert_works(app, TITLE)
    assert "classifies 10,000 of MNIST's 10,000 test images correctly: **100.00\xa0%**" in said(app)
    assert sentence in said(app)


@pytest.mark.usefixtures("_no_mnist", "_flawless")
def test_network_without_mistakes_has_no_fitted_temperature() -> None:
    app = run(PAGE, mistakes_view="calibration")
    assert not app.exception
    assert not app.error
    assert "images of the fitting half are classified correctly" in app.info[0].value


@pytest.mark.usefixtures("_no_mnist")
def test_list_holds_all_mistakes_the_most_confident_first(opened: AppTest) -> None:
    app = show(opened, mistakes_view="all")
    found: list[int] = cards(app)
    while any(each.label == "More" and not each.disabled for each in app.button):
        found += cards(press(app, "More"))
    assert found == wrong()
    shares, read, labels = truth()
    assert found != sorted(found, key=lambda index: shares[index, labels[index]]), "the wrong rule: by the label's own"
    first = large_image(show(opened, mistakes_view="all"))
    bars = re.findall(r"--share: ([\d.]+)", shown(show(opened, mistakes_view="all")))
    np.testing.assert_allclose([float(each) for each in bars[-10:]], shares[first], atol=6e-5)
    assert f"predicts {read[first]} with" in said(show(opened, mistakes_view="all"))


@pytest.mark.usefixtures("_no_mnist")
def test_list_is_sorted_and_has_previous_and_next(opened: AppTest) -> None:
    app = show(opened, mistakes_view="all")
    app.selectbox("widget-mistakes_sort").set_value("label").run()
    assert_works(app, TITLE)
    shares, _, labels = truth()
    expected = sorted(wrong(), key=lambda index: shares[index, labels[index]])
    assert cards(app) == expected[:TOGETHER]
    assert next(each for each in app.button if each.label == "Previous").disabled
    press(app, "Next")
    assert large_image(app) == expected[1]
    assert app.query_params["image"] == str(expected[1])
    press(app, "Previous")
    assert large_image(app) == expected[0]
    app.button_group("widget-mistakes_of").set_value("disputed").run()
    assert "image" not in app.query_params, "another list begins at its first image"


@pytest.mark.usefixtures("_no_mnist")
def test_disputed_labels_are_listed_and_marked(opened: AppTest) -> None:
    app = show(opened, mistakes_view="all", mistakes_of="disputed")
    assert_works(app, TITLE)
    assert sorted(cards(app)) == list(DISPUTED)
    assert shown(app).count("<small>disputed</small>") == len(DISPUTED)
    assert "did not confirm" in said(app).partition("The network predicts")[2]
    everything = show(opened, mistakes_view="all")
    marked = shown(everything).count("<small>disputed</small>")
    assert marked == len({*wrong()[:TOGETHER]} & {*DISPUTED})


@pytest.mark.usefixtures("_no_mnist")
def test_table_of_a_list_can_be_unfolded() -> None:
    app = run(PAGE, mistakes_view="all")
    assert 'aria-label="The images"' not in shown(app)
    app.session_state["mistakes-numbers"] = True
    app.run()
    assert_works(app, TITLE)
    table = shown(app).split('aria-label="The images"')[1]
    numbers = [int(each.replace(",", "")) for each in re.findall(r'<th scope="row">([\d,]+)</th>', table)]
    assert numbers == wrong()
    assert "The images with all digits (CSV)" in [each.proto.label for each in app.get("download_button")]


def error_of(places: slice, temperature: float) -> float:
    """Return the calibration error of some of the images."""
    logits = torch.log(torch.from_numpy(truth()[0][places])) / temperature
    sure, read = torch.softmax(logits, dim=1).max(dim=1)
    right = read == torch.tensor(truth()[2][places])
    bins = torch.ceil(sure * 15)
    gaps = [(right[bins == m].double() - sure[bins == m]).sum().abs() for m in range(1, 16)]
    return float(sum(gaps) / len(sure))


@pytest.mark.usefixtures("_no_mnist")
@pytest.mark.parametrize("temperature", ["1.00", "0.50", "2.00"])
def test_calibration_error_is_of_the_evaluation_half(opened: AppTest, temperature: str) -> None:
    app = show(opened, mistakes_view="calibration", mistakes_t=temperature)
    assert_works(app, TITLE)
    odd, even = (error_of(slice(start, None, 2), float(temperature)) for start in (1, 0))
    assert f"With T\xa0=\xa0{temperature} the network" in said(app)
    assert f"calibration error is {odd * 100:.2f}\xa0%" in said(app)
    assert odd != even, "the wrong rule: the fitting half"


@pytest.mark.usefixtures("_no_mnist")
def test_fitted_temperature_is_kept_in_the_address(opened: AppTest) -> None:
    app = show(opened, mistakes_view="calibration")
    (offer,) = (each.label for each in app.button if "as fitted" in each.label)
    fitted = float(offer.split()[2].rstrip(","))
    logits, labels = torch.log(torch.from_numpy(truth()[0][::2])), torch.tensor(truth()[2][::2])
    grid = [fitted + step / 100 for step in range(-10, 11)]
    losses = [float(torch.nn.functional.cross_entropy(logits / each, labels)) for each in grid]
    assert grid[int(np.argmin(losses))] == pytest.approx(fitted, abs=0.011)
    press(app, offer)
    assert_works(app, TITLE)
    assert app.query_params["mistakes_t"] == "fitted"
    assert f"With T\xa0=\xa0{fitted:.2f} the network" in said(app)
    press(app, "T = 1, no scaling")
    assert "With T\xa0=\xa01.00 the network" in said(app)


@pytest.mark.parametrize(
    ("view", "name", "value"),
    [
        ("matrix", "cell", "10.3"),
        ("matrix", "cell", "³.5"),
        ("matrix", "image", "10000"),
        ("matrix", "image", "9" * 5_000),
        ("all", "image", "-1"),
        ("all", "image", "007"),
        ("all", "mistakes_sort", "best"),
        ("all", "mistakes_of", "none"),
        ("calibration", "mistakes_t", "0"),
        ("calibration", "mistakes_t", "nan"),
    ],
)
@pytest.mark.usefixtures("_no_mnist")
def test_invalid_address_gives_a_sentence_and_the_default(opened: AppTest, view: str, name: str, value: str) -> None:
    app = show(opened, mistakes_view=view, **{name: value})
    assert not app.exception
    assert not app.error
    (warning,) = app.warning
    assert warning.value.startswith(f"The link asks for {name} '{value[:40]}'. It can be ")
    assert warning.value.endswith(" instead.")
    assert shown(app).count('class="large-image"') == (view != "calibration")


@pytest.mark.usefixtures("_no_mnist")
def test_image_in_the_address_chooses_its_cell(opened: AppTest) -> None:
    index = wrong()[-1]
    pair = truth()[2][index], truth()[1][index]
    app = show(opened, image=str(index))
    assert_works(app, TITLE)
    assert large_image(app) == index
    assert app.subheader[0].value.startswith("Labelled {}, classified as {}".format(*pair))
    other = show(opened, image=str(index), cell="5.5")
    assert_works(other, TITLE)
    assert truth()[1][large_image(other)] == truth()[2][large_image(other)] == 5


@pytest.mark.usefixtures("_cleared")
@pytest.mark.parametrize("view", VIEWS[:1])
def test_page_without_logits_says_how_to_get_them(view: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    healthy = scores.read
    monkeypatch.setattr(scores, "read", lambda: healthy(tmp_path))
    app = run(PAGE, mistakes_view=view)
    assert not app.exception
    (error,) = app.error
    assert "python -m model.mistakes.scores" in error.value


def test_pictures_are_those_of_mnist_and_open_on_other_pages(mnist_root: Path) -> None:
    app = run(PAGE, mistakes_view="all")
    assert_works(app, TITLE)
    assert mnist_root == mnist.root()
    raw = next(mnist_root.glob("**/t10k-images-idx3-ubyte*"))
    data = gzip.decompress(raw.read_bytes()) if raw.suffix == ".gz" else raw.read_bytes()
    images = np.frombuffer(data, np.uint8, offset=16).reshape(-1, 28, 28)
    drawn, expected = [decode(each)[..., 0] for each in pictures(app)], np.array([large_image(app), *cards(app)])
    np.testing.assert_array_equal(drawn, images[expected])
    assert not np.array_equal(drawn, images[expected - 1]), "the wrong rule: counted from one"
    first = wrong()[0]
    carried = led_to(app)
    pages = {each.page or "overview" for each in (link.proto for link in app.get("page_link"))}
    assert carried.keys() == pages - {PAGE}
    assert {tuple(each["digit"]) for each in carried.values()} == {(f"test-{first}",)}
    pair = {"target": [str(truth()[1][first])], "against": [str(truth()[2][first])]}
    assert pair.items() <= carried["saliency"].items()
    assert carried["saliency"]["explain"] == ["difference"]
    assert pair.items() <= carried["head"].items()


def test_link_opens_the_image_and_the_difference(mnist_root: Path) -> None:
    assert mnist_root.is_dir()
    link = {name: value[0] for name, value in led_to(run(PAGE, mistakes_view="all"))["saliency"].items()}
    opened = run("saliency", **link)
    assert_works(opened, "Saliency")
    read, label = link["target"], link["against"]
    assert f"The network reads **{read}**" in said(opened) + shown(opened) or f"<strong>{read}</strong>" in shown(
        opened
    )
    assert f"{read} rather than {label}" in said(opened) + shown(opened) or f"less that of {label}" in said(opened)


@pytest.mark.usefixtures("_cleared")
def test_other_data_set_gives_no_pictures(mnist_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert mnist_root.is_dir()
    real = digits.mnist("test")
    monkeypatch.setattr(digits, "mnist", lambda _split: digits.MnistDigits("test", real.images, real.labels[::-1]))
    app = run(PAGE)
    assert not app.exception
    assert "have other labels than MNIST's" in app.error[0].value
    assert not led_to(app)
    assert large_image(app) in wrong(), "the numbers stay"
