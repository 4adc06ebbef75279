"""Missing, partial or damaged MNIST, and a failing download, in Streamlit's simulator."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests import mirror
from tests.pages.conftest import FILES, file_of, run, shown

PAGES = sorted(FILES.values())
DAMAGED = "files of MNIST in '{}' are damaged. They should hold"
NEED_MNIST = [  # views that read MNIST because of the address
    ("dropout", {"drop_view": "digits", "many": "yes"}),
    ("pooling", {"pool_view": "average", "pool_test": "mnist"}),
    ("mistakes", {}),
    ("mistakes", {"mistakes_view": "all"}),
]


@pytest.fixture
def raw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the empty folder for MNIST's four files."""
    monkeypatch.setenv("MNIST_ROOT", str(tmp_path / "data"))
    raw = tmp_path / "data" / "MNIST" / "raw"
    raw.mkdir(parents=True)
    return raw


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[mirror.Mirror]:
    """Return a mirror that is torchvision's only one."""
    with mirror.serving({name: name.encode() for name in mirror.NAMES}) as server:
        mirror.stand_in(server, monkeypatch)
        yield server


def choose_mnist(app: AppTest) -> AppTest:
    app.session_state["source"] = "test"
    return app.run()


def sentences(app: AppTest) -> list[str]:
    assert not app.exception
    assert len(app.title) == 1
    return [each.value for each in app.error]


def offered(app: AppTest) -> bool:
    return "Download MNIST" in [each.label for each in app.sidebar.button]


def goes_on(app: AppTest, page: str) -> bool:
    """Whether the page shows what comes after the sentence; of the pooling page the sentence is the last part."""
    if page == "pooling":
        return any(column.error for column in app.columns)
    after = {"dropout": "This is not training mode", "mistakes": "One network (n = 1)"}
    return any(after[page] in each.value for each in [*app.markdown, *app.caption])


def write_short(raw: Path) -> None:
    for name in mirror.NAMES:
        (raw / name).write_bytes(mirror.idx((7, 28, 28) if "images" in name else (7,)))


@pytest.mark.slow(reason="opens every page with empty caches")
def test_three_of_four_files_offer_the_download_and_every_page_works(raw: Path) -> None:
    write_short(raw)
    (raw / mirror.NAMES[3]).unlink()
    app = choose_mnist(run("overview", digit="project-8a"))
    assert offered(app)
    for page in PAGES:
        assert sentences(app.switch_page(file_of(page)).run()) == []
    assert "The network predicts <strong>8</strong>" in shown(app)


@pytest.mark.slow(reason="opens every page with empty caches")
def test_damaged_files_are_an_error_where_they_are_used(raw: Path) -> None:
    write_short(raw)
    app = choose_mnist(run("overview", digit="project-8a"))
    sentence = DAMAGED.format(raw.parents[1])
    assert [sentence in each for each in sentences(app)] == [True], "in the sidebar"
    assert [each.label for each in app.button_group][:1] == ["Choose a digit"], "another source can be chosen"
    app.session_state["source"] = "project"
    for page, link in NEED_MNIST:
        for name in ("drop_view", "many", "pool_view", "pool_test", "mistakes_view"):
            app.query_params.pop(name, None)
        app.query_params.update(link)
        app.switch_page(file_of(page)).run()
        assert [sentence in each for each in sentences(app)] == [True], page
        assert goes_on(app, page), page
    app.query_params["digit"] = "test-5"
    app.switch_page(file_of("overview")).run()
    assert sentences(app) == []
    assert sentence in app.warning[0].value
    assert app.warning[0].value.endswith("Showing a 3 instead.")


FAILURES = {
    mirror.not_found: "Not Found",
    mirror.cut_off: "the file arrived damaged",
    mirror.other_content: "the file arrived damaged",
    mirror.web_page: "the file arrived damaged",
    mirror.no_http: "what do you mean?",
}


def test_failed_download_is_an_error_and_can_be_repeated(raw: Path, served: mirror.Mirror) -> None:
    app = choose_mnist(run("feature_maps", digit="project-8a", row="Conv2d-7"))
    for answer, reason in FAILURES.items():
        served.answer = answer
        app.button("download-sidebar").click().run()
        (sentence,) = sentences(app)
        assert reason in sentence
        assert "Check the connection and try again. The samples work without MNIST." in sentence
        assert not app.get("progress"), "no bar is left behind"
        assert "Cancel" not in [each.label for each in app.button]
        assert offered(app)
        assert [file.name for file in raw.iterdir()] == mirror.NAMES[:1], "what came whole stays, nothing else"
        assert app.selectbox("widget-row").value == "Conv2d-7"
    served.answer = mirror.well
    app.button("download-sidebar").click().run()
    assert not offered(app), "it is there now"


@pytest.mark.usefixtures("served")
@pytest.mark.parametrize("why", ["full", "read-only"])
def test_unwritable_disk_is_an_error(why: str, raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk is a device that is always full; even root cannot write a file in the place of a folder."""
    if why == "full":
        if not Path("/dev/full").exists():
            pytest.skip("This system has no device that is always full.")
        (raw / f"{mirror.NAMES[0]}.part").symlink_to("/dev/full")
        named = "No space left on device"
    else:
        raw.rmdir()
        raw.parent.rmdir()
        raw.parent.write_text("a file, where a folder should be")
        named = "could not be saved in"
    app = choose_mnist(run("overview", digit="project-8a"))
    app.button("download-sidebar").click().run()
    (sentence,) = sentences(app)
    assert named in sentence
    assert "Free some space, or set MNIST_ROOT to another folder, and try again." in sentence
    assert "The network predicts <strong>8</strong>" in shown(app)
    assert offered(app)
