"""Compare: the table, the digit through both networks, and the mistakes in common."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from model import networks
from model.images import digits, inputs, mnist
from model.networks import store
from tests.own_networks import colours, residual
from tests.pages.conftest import as_read, run, shown

SOME = 120  # of MNIST's test images


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GLASS_NETWORKS", str(tmp_path_factory.mktemp("networks")))
        yield
    store._MEMORY.clear()


@pytest.fixture
def own(folder: None) -> str:
    return store.keep_bytes(residual())


@pytest.fixture
def colour(folder: None) -> str:
    return store.keep_bytes(colours())


def answer_of(id: str, key: str) -> int:
    """Return what a network predicts for a digit, computed without the app."""
    network = networks.by_id(id)
    with torch.no_grad():
        return int(network.module(inputs.to_input(digits.find(key).pixels, network.input)).argmax())


def test_the_digit_goes_through_both_networks(own: str) -> None:
    app = run("compare", **{"with": own, "digit": "project-7a"})
    assert not app.exception
    assert not app.error
    assert not app.warning
    drawn = shown(app)
    assert "10,066" in drawn
    assert ">386<" in drawn
    (said,) = (each.value for each in app.markdown if each.value.startswith("A predicts"))
    first, second = said.split("; ")
    assert first.startswith("A predicts 7 with")
    assert second.startswith(f"B predicts {answer_of(own, 'project-7a')} with")
    assert drawn.count("The strongest map of") == 23 + 4


def test_after_the_other_network_the_page_is_about_its_own(own: str) -> None:
    app = run("compare", net=own, **{"with": "assignment", "digit": "project-7a"})
    assert f"The network predicts <strong>{answer_of(own, 'project-7a')}</strong>" in shown(app)
    assert app.sidebar.selectbox(key="widget-net").value == own
    (said,) = (each.value for each in app.markdown if each.value.startswith("A predicts"))
    assert "; B predicts 7 with" in said


def test_each_network_gets_the_digit_from_its_own_pixels(colour: str) -> None:
    """The picture of the colour network has 32 x 32 pixels; scaled back to 28, it would give other probabilities."""
    app = run("compare", net=colour, **{"with": "assignment", "digit": "project-4or9"})
    network = networks.by_id("assignment")
    with torch.no_grad():
        logits = network.module(inputs.to_input(digits.find("project-4or9").pixels, network.input))[0]
    drawn = shown(app).partition("B: The assignment")[2]
    assert f"--share: {logits.softmax(0).max():.4f}" in drawn


def test_another_network_is_chosen(own: str, colour: str) -> None:
    app = run("compare", net=colour, **{"with": own, "measured": "yes"})
    app.selectbox(key="widget-with").select("assignment").run()
    assert app.query_params["with"] == "assignment"
    assert "measured" not in app.query_params
    assert not app.exception


def test_a_network_for_colours_beside_one_for_digits_is_not_measured(colour: str) -> None:
    app = run("compare", **{"with": colour, "measured": "yes"})
    assert not app.exception
    assert not app.error
    assert any("do not have the same classes" in each.value for each in app.markdown)
    names = networks.by_id(colour).classes
    predicted = names[answer_of(colour, "project-3a")]
    assert any(f"B predicts {predicted} with" in each.value for each in app.markdown)


@pytest.mark.parametrize("nonsense", ["0" * 32, "no network", "itself"])
def test_nonsense_in_the_link_is_a_notice_and_another_network_is_compared(nonsense: str, own: str) -> None:
    app = run("compare", net=own, **{"with": own if nonsense == "itself" else nonsense})
    assert not app.exception
    assert len(app.warning) == (nonsense != "itself")
    assert app.selectbox(key="widget-with").value == "assignment"


def test_mistakes_in_common(own: str, mnist_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    every = digits.mnist("test")
    few = digits.MnistDigits("test", every.images[:SOME], every.labels[:SOME])
    monkeypatch.setitem(mnist.SIZES, "test", SOME)
    monkeypatch.setattr(digits, "mnist", lambda _split: few)
    app = run("compare", **{"with": own})
    assert "not measured" in shown(app)
    (button,) = (each for each in app.button if each.label.startswith("Measure"))
    app = button.click().run()
    assert app.query_params["measured"] == "yes"
    assert not app.exception
    assert not app.error
    first, second = (right(id, few) for id in ("assignment", own))
    drawn = shown(app)
    for line in (first, ~first):
        assert f"<td>{(line & second).sum()}</td><td>{(line & ~second).sum()}</td>" in drawn
    assert f"{second.float().mean() * 100:.2f}\xa0% (measured here)" in drawn
    again = shown(run("compare", **{"with": own}))
    assert f"{second.float().mean() * 100:.2f}\xa0% (measured here)" in again, "what is kept is shown at once"
    assert "not measured" not in again


def right(id: str, images: digits.MnistDigits) -> torch.Tensor:
    """Return which images a network classifies correctly, computed without the app."""
    network = networks.by_id(id)
    with torch.no_grad():
        found = network.module(inputs.normalise(images.images, network.input)).argmax(1)
    correct: torch.Tensor = found == torch.tensor(images.labels)
    return correct


def test_without_another_network_the_page_says_where_to_open_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(networks, "BUILT_IN", ("assignment",), raising=False)
    app = run("compare")
    assert not app.exception
    assert any("There is no other network yet." in as_read(each.value) for each in app.info)
