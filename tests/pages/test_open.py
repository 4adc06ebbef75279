"""Open a network: files that are good, bad and missing, what was understood, and links to what is gone."""

import html
import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from model.graph.capture import FILES
from model.kept_files import hash_of
from model.networks import store
from model.networks.limits import OPEN, OWN
from tests.own_networks import colours, residual
from tests.pages.conftest import as_read, file_of, run, show, shown
from tests.serving import ROOT
from viz.app import current
from viz.open import controls

ID = hash_of(residual())
OTHER = hash_of(colours())


@pytest.fixture(autouse=True)
def _store(tmp_path: Path) -> Iterator[None]:
    """Keep opened networks in a folder of the test; the caches stay, for an id is always the same network."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GLASS_NETWORKS", str(tmp_path))
        yield
    store._MEMORY.clear()


def give(app: AppTest, content: bytes) -> AppTest:
    """Give a file to the page."""
    return app.file_uploader(key="network-file").upload("net.glass", content, "application/octet-stream").run()


def headers(app: AppTest) -> list[str]:
    return [each.value for each in app.header]


def bomb() -> bytes:
    """Return a zip whose parts are much larger than the file."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in FILES:
            archive.writestr(name, b"\0" * 10_000_000)
    return file.getvalue()


def foreign() -> bytes:
    """Return a zip with a file of another kind in it."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("[click](http://example.org)", "x")
    return file.getvalue()


BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "The file (0 bytes) is not a zip."),
    "text": (lambda: b"a list of things to buy", "is not a zip."),
    "truncated": (lambda: residual()[:-100], "The zip's end is cut off"),
    "bomb": (bomb, "would grow from"),
    "foreign": (foreign, "The zip has 1 entries."),
}


def test_those_that_come_along_are_cards() -> None:
    app = run("open")
    assert not app.exception
    assert "10,066" in shown(app)
    assert shown(app).count('aria-current="true"') == 1
    assert headers(app)[0] == "Included networks"
    assert "Opened" not in headers(app)


def test_what_was_understood_of_one_that_comes_along_is_shown_when_it_is_chosen() -> None:
    app = run("open", net="lenet")
    assert not app.exception
    assert headers(app)[1] == "Included networks"
    assert "its author's code: the" in html.unescape(shown(app))


def test_a_file_is_opened_and_what_was_understood_is_shown() -> None:
    app = give(run("open", digit="project-7a"), residual())
    assert not app.exception
    assert not app.error
    assert app.query_params["net"] == ID
    assert app.query_params["digit"] == "project-7a"
    assert headers(app)[:2] == ["A residual network", "Opened"]
    drawn = shown(app)
    assert "The same outputs as your code: the largest difference is 0." in drawn
    assert "Never called: never (12)." in drawn
    assert "A ReLU acts on the class scores" in drawn
    assert f"layer_by_layer?digit=project-7a&amp;net={ID}&amp;row=Conv2d-2" in drawn
    assert f"open?digit=project-7a&amp;net={ID}" in drawn, "its card is a link"
    assert app.sidebar.selectbox(key="widget-net").value == ID


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_a_sentence_and_the_network_stays(name: str) -> None:
    content, sentence = BAD[name]
    app = give(run("open"), residual())
    app = give(app, content())
    assert not app.exception
    (said,) = (as_read(each.value) for each in app.error)
    assert sentence in said
    assert said.endswith("The network before it stays.")
    assert app.query_params["net"] == ID
    assert "A residual network" in headers(app)


def test_the_sentence_about_a_bad_file_goes_with_a_good_one() -> None:
    app = give(run("open"), b"")
    assert app.error
    app = give(app, colours())
    assert not app.error
    assert app.query_params["net"] == OTHER
    app = give(app, b"")
    assert app.file_uploader(key="network-file").set_value(None).run().error == []


def test_a_file_is_read_once() -> None:
    app = give(run("open"), residual())
    app.sidebar.selectbox(key="widget-net").select("assignment").run()
    assert app.query_params["net"] == "assignment"
    assert not app.exception
    assert "Opened" in headers(app), "it can be chosen again"


def test_a_link_to_what_is_gone_says_which_and_takes_the_file_again() -> None:
    chosen = {"net": ID, "digit": "project-7a", "channel": "2"}
    app = run("pooling", **chosen)
    (said,) = (as_read(each.value) for each in app.warning)
    assert f"The network {ID} is not here any more." in said
    assert "Open its file again" in [each.proto.label for each in app.get("page_link")]
    app = show(app.switch_page(file_of("open")), **chosen)
    (said,) = (each.value for each in app.info)
    assert ID in said
    app = give(app, residual())
    assert not app.warning
    assert not app.info
    assert {name: app.query_params[name] for name in chosen} == chosen
    assert headers(app)[0] == "A residual network"


def test_another_file_than_the_link_names_is_said() -> None:
    app = give(run("open", net=ID), colours())
    assert app.query_params["net"] == OTHER
    assert any("The link named another network" in as_read(each.value) for each in app.warning)


def test_how_to_make_a_file_is_said() -> None:
    app = run("open")
    assert [each.value for each in app.code] == [controls.command(), controls.NOTEBOOK]
    assert ROOT / "model" / "graph" / "capture.py" == controls._CAPTURE
    compile(controls.NOTEBOOK, "notebook", "exec")


def test_the_command_has_its_path_on_ones_own_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert controls.command().startswith(".venv/bin/glass capture net.py:Net"), "a server open to others says no path"
    monkeypatch.setattr(controls, "limits", lambda: OWN)
    installed = tmp_path / "my files" / "glass"
    monkeypatch.setattr(controls, "_GLASS", installed)
    assert controls.command().startswith(".venv/bin/glass ")
    installed.parent.mkdir()
    installed.touch()
    assert controls.command().startswith(f"'{installed}' capture net.py:Net --weights net.pt --mean ")


def test_on_a_server_whose_browser_is_unknown_the_lower_limits_hold() -> None:
    assert controls.limits() is OPEN
    assert OPEN.parameters < OWN.parameters


def test_two_people_with_two_networks_stay_apart() -> None:
    one, other = give(run("open"), residual()), give(run("open"), colours())
    one, other = one.run(), other.run()
    assert headers(one)[0] == "A residual network"
    assert headers(other)[0] == "Colours"
    assert OTHER not in shown(one), "what another person opened is not in the list"
    assert not one.exception
    assert not other.exception


def test_a_server_that_was_started_with_a_file_shows_it_where_the_link_says_nothing() -> None:
    id = store.keep_bytes(residual())
    current.start_with(id)
    try:
        bare, old = run("overview"), run("overview", digit="project-7a")
        assert bare.query_params["net"] == id
        assert "net" not in old.query_params
        assert old.sidebar.selectbox(key="widget-net").value == "assignment"
        bare.sidebar.selectbox(key="widget-net").select("assignment").run()
        assert bare.query_params["net"] == "assignment"
    finally:
        current._started_with.clear()


def paste(app: AppTest, text: str) -> AppTest:
    return app.text_input(key="network-link").set_value(text).run()


@pytest.mark.parametrize(
    "text",
    [ID, f"  {ID} ", f"http://127.0.0.1:8501/layer_by_layer?digit=project-7a&net={ID}&row=Conv2d-2", f"open?net={ID}"],
)
def test_a_known_network_is_opened_by_its_link_or_its_id(text: str) -> None:
    store.keep_bytes(residual())
    app = paste(run("open", digit="project-1a"), text)
    assert not app.exception
    assert not app.error
    assert app.query_params["net"] == ID
    assert app.query_params["digit"] == "project-1a", "only the network is taken from the link"
    assert headers(app)[0] == "A residual network"
    assert app.text_input(key="network-link").value == ""


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (ID, "is not here any more. Opened networks are kept for a while. Open its file again."),
        ("http://127.0.0.1:8501/head?digit=project-3a", "This link names no network."),
        ("../../etc/passwd", "is no network that is known here."),
        ("http://[::1/?net=lenet", "is no network that is known here."),
        ("?net=<script>", "'<script>' is no network that is known here."),
    ],
)
def test_a_link_that_is_not_known_is_a_sentence_and_the_network_stays(text: str, sentence: str) -> None:
    app = paste(run("open", net="lenet"), text)
    assert not app.exception
    (said,) = (as_read(each.value) for each in app.error)
    assert sentence in said
    assert said.endswith("The network before it stays.")
    assert app.query_params["net"] == "lenet"
    assert not paste(app, "residual").error
    assert app.query_params["net"] == "residual"
