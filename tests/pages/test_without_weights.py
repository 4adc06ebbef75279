"""Missing or damaged weights in Streamlit's simulator: each page that needs them shows an error, the rest works."""

import dataclasses
import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save as serialise
from streamlit.testing.v1 import AppTest

from model.mistakes import scores
from model.networks.assignment import weights
from tests.pages.conftest import FILES, component, file_of, run, show, shown

PAGES = sorted(FILES.values())
NEED_NO_WEIGHTS = {"about", "lessons", "receptive_field", "parameters", "design", "mistakes", "training"}
# Of the training page the first view reads no card; the network after each epoch does.
NEED_NO_CARD = {"about", "lessons", "receptive_field", "design", "training"}
Damage = Callable[[Path], None]


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make the app read its weights, card and scores from a copy."""
    folder = tmp_path / "weights"
    shutil.copytree(weights.SHIPPED, folder)
    monkeypatch.setattr(weights.load, "__defaults__", (folder, weights.FINAL))
    monkeypatch.setattr(weights.read_card, "__defaults__", (folder,))
    monkeypatch.setattr(scores.read, "__defaults__", (folder,))
    return folder


def final(folder: Path) -> Path:
    return folder / "final.safetensors"


def truncate(folder: Path) -> None:
    final(folder).write_bytes(final(folder).read_bytes()[:-100])


def flip_one_bit(folder: Path) -> None:
    data = bytearray(final(folder).read_bytes())
    data[-5] ^= 1
    final(folder).write_bytes(data)


def train_to(key: str, change: Callable[[torch.Tensor], torch.Tensor]) -> Damage:
    """Return a function that writes other weights with a matching card."""

    def damage(folder: Path) -> None:
        state = weights.load(folder).state_dict()
        data = serialise({**state, key: change(state[key])})
        final(folder).write_bytes(data)
        digest = hashlib.sha256(data).hexdigest()
        say(sha256={**weights.read_card(folder)["sha256"], weights.FINAL: digest})(folder)
        scores.write(folder, dataclasses.replace(scores.read(weights.SHIPPED), weights=digest))

    return damage


def nest_deeply(folder: Path) -> None:
    (folder / "card.json").write_text("[" * 200_000)


def say(**said: object) -> Damage:
    """Return a function that changes the card."""

    def damage(folder: Path) -> None:
        card = folder / "card.json"
        card.write_text(json.dumps({**json.loads(card.read_text()), **said}))

    return damage


OF_THE_WEIGHTS: dict[str, tuple[Damage, str]] = {
    "missing": (lambda folder: final(folder).unlink(), "final.safetensors' cannot be read"),
    "truncated": (truncate, "are not the ones that were trained"),
    "bit-flipped": (flip_one_bit, "are not the ones that were trained"),
    "wrong shape": (train_to("Conv2d-1.bias", lambda bias: bias[:5]), "'Conv2d-1.bias' is (5,)"),
    "NaN": (train_to("Conv2d-1.bias", lambda bias: bias * torch.nan), "holds a value that is not finite"),
    "a variance below 0": (train_to("BatchNorm2d-2.running_var", lambda v: v - 100), "A variance must be at least 0."),
    "too large": (
        train_to("Conv2d-1.weight", lambda weight: torch.full_like(weight, 3e38)),
        "Every logit must be finite.",
    ),
}
OF_THE_CARD: dict[str, tuple[Damage, str]] = {
    "no folder": (shutil.rmtree, "cannot be read (No such file or directory)"),
    "nested too deeply": (nest_deeply, "It must be JSON."),
    "a recipe of no kind": (say(recipe="long"), "says 'long' for 'recipe'"),
    "epochs of no kind": (say(recipe={"epochs": "many"}), "says 'many' for 'epochs'"),
}


def visit(app: AppTest, page: str) -> None:
    app.switch_page(file_of(page)).run()
    assert not app.exception, page
    assert len(app.title) == 1, page
    assert "Choose a digit" in [each.label for each in app.button_group], "the sidebar is shown"
    links = [each["path"] for group in component(app, "page_links")["groups"] for each in group["pages"]]
    assert len(links) == len(PAGES), "the sidebar links to every page"


def refused(app: AppTest) -> list[str]:
    return [each.value for each in app.error]


@pytest.mark.slow(reason="opens every page with empty caches")
@pytest.mark.parametrize("damage", OF_THE_WEIGHTS)
def test_wrong_weights_are_an_error_on_pages_that_need_them(damage: str, shipped: Path) -> None:
    spoil, named = OF_THE_WEIGHTS[damage]
    spoil(shipped)
    app = run("overview", digit="project-8a")
    for page in PAGES if damage == "missing" else ["overview", "mistakes", "parameters"]:
        visit(app, page)
        if page in NEED_NO_WEIGHTS:
            assert refused(app) == [], page
        else:
            (sentence,) = refused(app)
            assert named in sentence
            assert "git checkout -- model/networks" in sentence
    assert "Without weights there is no prediction" in shown(app)
    assert app.query_params["digit"] == "project-8a"


@pytest.mark.slow(reason="opens every page with empty caches")
@pytest.mark.parametrize("damage", OF_THE_CARD)
def test_wrong_card_is_an_error_on_pages_that_need_it(damage: str, shipped: Path) -> None:
    spoil, named = OF_THE_CARD[damage]
    spoil(shipped)
    app = run("overview")
    for page in PAGES if damage == "no folder" else ["saliency", "parameters"]:
        visit(app, page)
        assert len(refused(app)) == (page not in NEED_NO_CARD), page
        assert all(named in sentence for sentence in refused(app)), page
    visit(app, "training")
    show(app, train_view="epochs")
    (sentence,) = refused(app)
    assert named in sentence
    visit(app, "parameters")
    assert "card of the weights does not say." in shown(app), "its table needs no card"


def test_parts_without_weights_are_errors_and_the_rest_stays(shipped: Path) -> None:
    final(shipped).unlink()
    app = run("receptive_field", row="Conv2d-7", shown="used")
    assert "final.safetensors' cannot be read" in refused(app)[0]
    assert "How it grows" in [each.value for each in app.header]
    app = run("overview", order="hardest first")
    app.session_state["source"] = "test"
    assert not app.run().exception


@pytest.mark.slow(reason="resamples 10,000 times")
def test_damaged_snapshot_is_an_error_in_its_view(shipped: Path) -> None:
    snapshot = next(shipped.glob("epoch-*.safetensors"))
    snapshot.write_bytes(b"")
    app = run("training", train_view="epochs")
    assert f"{snapshot.name}' are not the ones that were trained" in refused(app)[0]
    assert [each.value for each in app.title] == ["Training"]
    app.query_params["train_view"] = "curves"
    assert refused(app.run()) == []


def test_session_continues_once_the_weights_are_back(shipped: Path) -> None:
    final(shipped).unlink()
    app = run("feature_maps", digit="project-8a", row="Conv2d-7")
    assert refused(app)
    shutil.copy(final(weights.SHIPPED), shipped)
    app.run()
    assert not app.error
    assert app.selectbox("widget-row").value == "Conv2d-7"
    assert "The network predicts <strong>8</strong>" in shown(app)
