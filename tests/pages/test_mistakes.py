"""The mistakes page in Streamlit's own simulator: its numbers are counted anew from the file of logits."""

import gzip
import re
from pathlib import Path
from urllib.parse import parse_qs

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from model.images import digits, mnist
from model.mistakes import scores
from model.mistakes.records import Scores
from tests.pages.conftest import assert_works, run, said, shown
from tests.pictures import decode
from tests.scoring import DISPUTED, in_cell, truth, worst, wrong

PAGE, TITLE = "mistakes", "Mistakes"
VIEWS = ("matrix", "all", "calibration")
TOGETHER = 24


@pytest.fixture
def _no_mnist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNIST_ROOT", str(tmp_path))


def cards(app: AppTest) -> list[int]:
    """Return the images that stand as cards, by the links that they are."""
    (listed,) = re.findall(r'<ol class="misread".*?</ol>', shown(app))
    return [int(each) for each in re.findall(r'href="[^"]*[?;]image=(\d+)', listed)]


def exhibited(app: AppTest) -> int:
    (found,) = re.findall(r"<h3>Image ([\d,]+): ", shown(app))
    return int(found.replace(",", ""))


def pictures(app: AppTest) -> list[str]:
    """Return the pictures of cards and of the one in full."""
    drawn = re.findall(r'<ol class="misread".*?</ol>|<section class="exhibit">.*?</section>', shown(app))
    return re.findall(r'<img src="([^"]+)"', "".join(drawn))


def led_to(app: AppTest) -> dict[str, dict[str, list[str]]]:
    """Return what the links to other pages that open an image carry, by page."""
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
def test_without_mnist_every_number_is_there_and_pictures_can_be_downloaded(view: str) -> None:
    app = run(PAGE, mistakes_view=view)
    assert_works(app, TITLE)
    count = len(wrong())
    assert f"reads {10_000 - count:,} right: **{(10_000 - count) / 100:.2f}\xa0%**" in said(app)
    without = [index for index in wrong() if index not in DISPUTED]
    assert f"{9_985 - len(without):,} of 9,985" in said(app)
    offered = [each.label for each in app.button if each.label.startswith("Download MNIST")]
    assert len(offered) == (view != "calibration"), "the calibration has no pictures"
    assert not led_to(app)
    assert not pictures(app)


@pytest.mark.usefixtures("_no_mnist")
def test_the_matrix_counts_the_test_images() -> None:
    app = run(PAGE)
    table = re.findall(
        r'<a href="([^"]+)"[^>]*aria-label="labelled (\d), read as (\d): [^"]*"[^>]*>([\d,]+)</a>', shown(app)
    )
    counts = {(int(label), int(read)): int(count.replace(",", "")) for _, label, read, count in table}
    expected = {(label, read): len(in_cell(label, read)) for label in range(10) for read in range(10)}
    assert counts == {pair: count for pair, count in expected.items() if count}
    turned = {(read, label): count for (label, read), count in counts.items()}
    assert turned != counts, "the wrong rule: rows are what is read"
    assert all(f"cell={label}.{read}" in link for link, label, read, _ in table)
    label, read = worst()
    assert f"a {label} read as {read}: {counts[label, read]} image" in said(app)


@pytest.mark.usefixtures("_no_mnist")
def test_a_cell_shows_its_own_images() -> None:
    app = run(PAGE)
    most = max(range(10), key=lambda label: len(in_cell(label, label)))
    for label, read in (worst(), (most, most)):
        app.query_params["cell"] = f"{label}.{read}"
        app.run()
        assert_works(app, TITLE)
        shares, expected = truth()[0], in_cell(label, read)
        sign = 1 if label == read else -1  # where they are right, the least sure come first
        expected.sort(key=lambda index: sign * shares[index, read])
        assert cards(app) == expected[:TOGETHER]
        assert exhibited(app) == expected[0]
        assert app.subheader[0].value.startswith(f"Labelled {label}, read as {read}: ")
    assert len(expected) > TOGETHER, "a network that reads the digits"
    press(app, "More")
    assert cards(app) == expected[TOGETHER : 2 * TOGETHER]
    assert app.query_params["image"] == str(expected[TOGETHER])
    press(app, "Back")
    assert cards(app) == expected[:TOGETHER]


@pytest.fixture
def _flawless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the network read every image as its label, each a little less surely than the one before."""
    found = scores.read()
    logits = np.eye(10, dtype=np.float32)[found.labels] * np.linspace(9, 1, len(found), dtype=np.float32)[:, None]
    monkeypatch.setattr(scores, "read", lambda: Scores(found.weights, logits, found.labels))


@pytest.mark.usefixtures("_no_mnist", "_flawless")
def test_an_empty_cell_says_so() -> None:
    app = run(PAGE, cell="3.8")
    assert_works(app, TITLE)
    assert "No image is read so." in said(app)
    assert app.subheader[0].value == "Labelled 3, read as 8: 0 images"


@pytest.mark.usefixtures("_no_mnist", "_flawless")
@pytest.mark.parametrize(
    ("view", "sentence"),
    [("matrix", "All 10,000 images are read as their label."), ("all", "No image is read so.")],
)
def test_a_network_without_mistakes_has_its_page(view: str, sentence: str) -> None:
    app = run(PAGE, mistakes_view=view)
    assert_works(app, TITLE)
    assert "reads 10,000 right: **100.00\xa0%**" in said(app)
    assert sentence in said(app)


@pytest.mark.usefixtures("_no_mnist", "_flawless")
def test_a_network_without_mistakes_has_no_temperature_and_the_page_says_why() -> None:
    app = run(PAGE, mistakes_view="calibration")
    assert not app.exception
    (error,) = app.error
    assert "There is one where some are wrong" in error.value


@pytest.mark.usefixtures("_no_mnist")
def test_every_mistake_is_listed_the_surest_first_with_its_probabilities() -> None:
    app = run(PAGE, mistakes_view="all")
    found: list[int] = cards(app)
    while any(each.label == "More" and not each.disabled for each in app.button):
        found += cards(press(app, "More"))
    assert found == wrong()
    shares, read, labels = truth()
    assert found != sorted(found, key=lambda index: shares[index, labels[index]]), "the wrong rule: by the label's own"
    first = exhibited(run(PAGE, mistakes_view="all"))
    bars = re.findall(r"--share: ([\d.]+)", shown(run(PAGE, mistakes_view="all")))
    np.testing.assert_allclose([float(each) for each in bars[-10:]], shares[first], atol=6e-5)
    assert f"reads {read[first]} with" in said(run(PAGE, mistakes_view="all"))


@pytest.mark.usefixtures("_no_mnist")
def test_they_can_be_sorted_by_the_label_and_walked_through() -> None:
    app = run(PAGE, mistakes_view="all")
    app.selectbox("widget-mistakes_sort").set_value("label").run()
    assert_works(app, TITLE)
    shares, _, labels = truth()
    expected = sorted(wrong(), key=lambda index: shares[index, labels[index]])
    assert cards(app) == expected[:TOGETHER]
    assert next(each for each in app.button if each.label == "Previous").disabled
    press(app, "Next")
    assert exhibited(app) == expected[1]
    assert app.query_params["image"] == str(expected[1])
    press(app, "Previous")
    assert exhibited(app) == expected[0]
    app.button_group("widget-mistakes_of").set_value("disputed").run()
    assert "image" not in app.query_params, "another list begins at its first"


@pytest.mark.usefixtures("_no_mnist")
def test_disputed_labels_are_listed_and_marked() -> None:
    app = run(PAGE, mistakes_view="all", mistakes_of="disputed")
    assert_works(app, TITLE)
    assert sorted(cards(app)) == list(DISPUTED)
    assert shown(app).count("<small>disputed</small>") == len(DISPUTED)
    assert "did not confirm" in said(app).partition("The network reads")[2]
    everything = run(PAGE, mistakes_view="all")
    marked = shown(everything).count("<small>disputed</small>")
    assert marked == len({*wrong()[:TOGETHER]} & {*DISPUTED})


@pytest.mark.usefixtures("_no_mnist")
def test_the_numbers_of_a_list_are_a_table_for_who_asks() -> None:
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
    """Return the calibration error of some of the images, one image after another."""
    logits = torch.log(torch.from_numpy(truth()[0][places])) / temperature
    sure, read = torch.softmax(logits, dim=1).max(dim=1)
    right = read == torch.tensor(truth()[2][places])
    bins = torch.ceil(sure * 15)
    gaps = [(right[bins == m].double() - sure[bins == m]).sum().abs() for m in range(1, 16)]
    return float(sum(gaps) / len(sure))


@pytest.mark.usefixtures("_no_mnist")
@pytest.mark.parametrize("temperature", ["1.00", "0.50", "2.00"])
def test_the_calibration_error_is_of_the_images_with_odd_numbers(temperature: str) -> None:
    app = run(PAGE, mistakes_view="calibration", mistakes_t=temperature)
    assert_works(app, TITLE)
    odd, even = (error_of(slice(start, None, 2), float(temperature)) for start in (1, 0))
    assert f"With T\xa0=\xa0{temperature} the network" in said(app)
    assert f"calibration error is {odd * 100:.2f}\xa0%" in said(app)
    assert odd != even, "the wrong rule: those that it was fitted on"


@pytest.mark.usefixtures("_no_mnist")
def test_the_fitted_temperature_is_one_click_away_and_kept_in_the_link() -> None:
    app = run(PAGE, mistakes_view="calibration")
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
    press(app, "T = 1, as it is")
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
def test_a_link_that_makes_no_sense_is_a_sentence_and_the_default(view: str, name: str, value: str) -> None:
    app = run(PAGE, mistakes_view=view, **{name: value})
    assert not app.exception
    assert not app.error
    (warning,) = app.warning
    assert warning.value.startswith(f"The link asks for {name} '{value[:40]}'. It can be ")
    assert warning.value.endswith(" instead.")
    assert shown(app).count('class="exhibit"') == (view != "calibration")


@pytest.mark.usefixtures("_no_mnist")
def test_an_image_alone_brings_its_cell_and_one_of_another_cell_gives_way() -> None:
    index = wrong()[-1]
    pair = truth()[2][index], truth()[1][index]
    app = run(PAGE, image=str(index))
    assert_works(app, TITLE)
    assert exhibited(app) == index
    assert app.subheader[0].value.startswith("Labelled {}, read as {}".format(*pair))
    other = run(PAGE, image=str(index), cell="5.5")
    assert_works(other, TITLE)
    assert truth()[1][exhibited(other)] == truth()[2][exhibited(other)] == 5


@pytest.mark.parametrize("view", VIEWS)
def test_without_its_logits_the_page_is_a_sentence_that_says_how_to_get_them(
    view: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    healthy = scores.read
    monkeypatch.setattr(scores, "read", lambda: healthy(tmp_path))
    app = run(PAGE, mistakes_view=view)
    assert not app.exception
    (error,) = app.error
    assert "python -m model.mistakes.scores" in error.value


def test_the_pictures_are_mnists_and_every_other_page_opens_them(mnist_root: Path) -> None:
    app = run(PAGE, mistakes_view="all")
    assert_works(app, TITLE)
    assert mnist_root == mnist.root()
    raw = next(mnist_root.glob("**/t10k-images-idx3-ubyte*"))
    data = gzip.decompress(raw.read_bytes()) if raw.suffix == ".gz" else raw.read_bytes()
    images = np.frombuffer(data, np.uint8, offset=16).reshape(-1, 28, 28)
    drawn, expected = [decode(each)[..., 0] for each in pictures(app)], np.array([exhibited(app), *cards(app)])
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


def test_what_a_link_opens_is_the_image_and_the_question(mnist_root: Path) -> None:
    assert mnist_root.is_dir()
    link = {name: value[0] for name, value in led_to(run(PAGE, mistakes_view="all"))["saliency"].items()}
    opened = run("saliency", **link)
    assert_works(opened, "Saliency")
    read, label = link["target"], link["against"]
    assert f"The network reads **{read}**" in said(opened) + shown(opened) or f"<strong>{read}</strong>" in shown(
        opened
    )
    assert f"{read} rather than {label}" in said(opened) + shown(opened) or f"less that of {label}" in said(opened)


def test_a_data_set_with_other_labels_gives_no_pictures(mnist_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert mnist_root.is_dir()
    real = digits.mnist("test")
    monkeypatch.setattr(digits, "mnist", lambda _split: digits.MnistDigits("test", real.images, real.labels[::-1]))
    app = run(PAGE)
    assert not app.exception
    assert "have other labels than MNIST's" in app.error[0].value
    assert not led_to(app)
    assert exhibited(app) in wrong(), "the numbers stay"
