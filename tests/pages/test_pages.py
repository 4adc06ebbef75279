"""All pages in Streamlit's simulator: every source of digit, wrong values and missing data."""

import functools
import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from model import trace
from model.images import codec, digits
from model.networks.assignment import weights
from model.trace.records import LayerKind, Step, Trace
from tests.pages.conftest import FILES, assert_works, component, file_of, run, show, shown
from tests.pictures import decode
from tests.serving import ROOT
from viz.app import sidebar
from viz.app.page_queue import PAGE_QUEUE

STEPS = [
    f"{name}-{number}"
    for number, names in enumerate(
        [("Conv2d", "ReLU"), ("BatchNorm2d",), ("Dropout",)] * 3
        + [("MaxPool2d",), ("BatchNorm2d",), ("Dropout",)]
        + [("Conv2d", "ReLU"), ("BatchNorm2d",), ("Dropout",)] * 3
        + [("AvgPool2d",), ("Conv2d",)],
        start=1,
    )
    for name in names
] + ["flatten", "log-softmax"]
PAGES = {
    "start": "Glass Network",
    "about": "About Glass Network",
    "overview": "One digit through 23 rows",
    "feature_maps": "Feature maps",
    "layer_by_layer": "Conv2d-1: convolution",
    "receptive_field": "Receptive field",
    "parameters": "Parameters",
    "dropout": "Dropout",
    "batch_norm": "Batch norm",
    "pooling": "Pooling",
    "head": "The head",
    "saliency": "Saliency",
    "lie_detector": "Sanity checks",
    "mistakes": "Mistakes",
    "training": "Training",
    "open": "Open a network",
    "design": "Design lab",
    "compare": "Compare",
    "worksheet": "Worksheet",
    "lessons": "Lessons",
    "ten_questions": "Ten questions",
}
EXPLAINING = ["saliency", "lie_detector"]
SKETCH = [[(0.3, 0.2), (0.7, 0.2), (0.45, 0.8)]]
PHOTO = np.kron(digits.samples()[0].pixels, np.ones((4, 4), np.uint8))
SOURCES = {
    "sample": "project-4or9",
    "drawing": digits.from_strokes(SKETCH).key,
    "upload": digits.from_pixels(PHOTO).key,
    "test": "test-1901",
    "train": "train-7",
}


def test_every_page_file_has_an_address_and_a_title() -> None:
    assert {path.stem for path in (ROOT / "pages").glob("*.py")} == FILES.keys()
    assert {*FILES.values()} == PAGES.keys()


def assert_drawn(app: AppTest, step: Step, name: str) -> None:
    """Assert that a step's maps, one large map and the maps of other digits are shown."""
    grid = component(app, "map_grid")
    assert [decode(tile["picture"]).shape[:2] for tile in grid["tiles"]] == [each.shape for each in step.maps]
    mounted = [each.proto for each in app.get("bidi_component")]
    readable = [json.loads(each.json) for each in mounted if each.component_name == "value_map"]
    given = {each["label"]: each["values"] for each in readable}
    assert given[f"Map 0 of {name}."] == [f"{value:z.4f}".replace("-", "−") for value in step.maps[0].ravel()]
    if step.kind is LayerKind.CONVOLUTION:
        weights = given[f"The kernel of map 0 of {name}."]
        assert weights == [f"{value:z.4f}".replace("-", "−") for value in step.parameters["weight"][0].ravel()]
    assert_others(app, name, 0)


def assert_others(app: AppTest, name: str, channel: int) -> None:
    """Assert that this map of the first sample of each class is shown, by the range of its values."""
    expected = []
    for label, each in enumerate(first_of_each_digit()):
        values = each[name].maps[channel]
        ends = [f"{end:z.3f}".replace("-", "−") for end in (values.min(), values.max())]
        expected.append(f"{label}: {ends[0] if values.size == 1 else ' to '.join(ends)}")
    assert re.findall(r'<figure data-says="(\d: [^"]+)"', shown(app)) == expected


@functools.cache
def first_of_each_digit() -> list[Trace]:
    samples = digits.samples()
    chosen = [min(range(len(samples)), key=lambda n: (samples[n].label != label, n)) for label in range(10)]
    return [trace.record(weights.load(), digits.to_input(samples[n])) for n in chosen]


def test_maps_of_other_digits_follow_step_and_map() -> None:
    app = run("feature_maps")
    for row, channel, scale in (("Conv2d-7", 3, "layer"), ("Conv2d-7", 3, "map"), ("Conv2d-7", 9, "map")):
        app.query_params.update(row=row, channel=str(channel), scale=scale)
        app.run()
        assert_others(app, row, channel)
        figures = shown(app).split('class="tiles"')[-1]
        assert ('class="scale"' in figures) == (scale == "layer")


def test_feature_maps_of_every_step() -> None:
    app = run("feature_maps", digit="project-4or9")
    recorded = trace.record(weights.load(), digits.to_input(digits.find("project-4or9")))
    assert [option.partition(" ")[0] for option in app.selectbox("widget-row").options] == STEPS
    for step in ["Conv2d-7", *{step.rpartition("-")[0]: step for step in STEPS}.values()]:  # every kind of layer
        app.query_params["row"] = step
        app.run()
        assert_works(app, "Feature maps")
        assert app.selectbox("widget-row").value == step
        assert_drawn(app, recorded[step], step)
        assert any(each.value.startswith(f"{step} (") for each in app.markdown)


# A drawing has no label, which every page must accept; the other sources differ only in how the digit is found.
SOURCES_OF_PAGES = [
    pytest.param(page, source, marks=[] if source == "drawing" or page == "overview" else [pytest.mark.exhaustive])
    for page in PAGES
    for source in SOURCES
]


@pytest.mark.parametrize(("page", "source"), SOURCES_OF_PAGES)
def test_every_page_with_every_source_of_digit(page: str, source: str, request: pytest.FixtureRequest) -> None:
    if source in {"test", "train"}:
        request.getfixturevalue("mnist_root")
    app = run(page, digit=SOURCES[source])
    assert_works(app, PAGES[page])


BLANK, FULL = (f"upload-{codec.pack(bytes([ink]) * 28 * 28)}" for ink in (0, 255))
NONSENSE = [
    "nonsense",
    "project-99z",
    "test-10000",
    "test--1",
    "drawn-",
    "drawn-x",
    "upload-eJwD",
    BLANK,
    FULL,
    digits.from_strokes(SKETCH).key[:-9],
    "\u202e",
    "a" * 9000,
]


@pytest.mark.parametrize("digit", NONSENSE, ids=lambda digit: digit[:12])
def test_unknown_digit_is_a_warning(digit: str) -> None:
    app = run("overview", digit=digit)
    assert not app.exception
    assert [each.value for each in app.title] == [PAGES["overview"]]
    (warning,) = app.warning
    assert warning.value.endswith(".")
    assert len(warning.value) < 400


@pytest.mark.parametrize(
    ("name", "value", "widget", "first", "shown"),
    [
        ("row", "Conv2d-99", "widget-row", "Conv2d-1", "Conv2d-23"),  # the nearest
        ("row", "nonsense", "widget-row", "Conv2d-1", "Conv2d-1"),
        ("channel", "8", "widget-channel", "0", "0"),
        ("channel", "-1", "widget-channel", "0", "0"),
        ("channel", "", "widget-channel", "0", "0"),
        ("channel", "1.5", "widget-channel", "0", "0"),
    ],
)
def test_unknown_choice_is_a_warning_and_the_default(
    name: str, value: str, widget: str, first: str, shown: str
) -> None:
    app = run("feature_maps", **{name: value})
    assert not app.exception
    said = app.warning[0].value
    assert said.startswith(f"The link asks for {name} '{value}'. It can be {first}")
    assert app.selectbox(widget).value == shown


@pytest.mark.parametrize("page", ["feature_maps", "parameters"])
def test_row_image_shows_the_first_step_on_other_pages(page: str) -> None:
    app = run(page, row="image", unit="27.3")
    assert not app.exception
    assert not app.warning
    assert app.selectbox("widget-row").value == "Conv2d-1"


@pytest.mark.parametrize(
    ("page", "widget", "first"),
    [("dropout", "widget-dropout-row", "Dropout-3"), ("batch_norm", "widget-norm", "BatchNorm2d-2")],
)
def test_page_with_some_rows_offers_only_these(page: str, widget: str, first: str) -> None:
    app = run(page, row="image")
    assert not app.warning, "rows of other pages are no error"
    assert app.selectbox(widget).value == first
    (warning,) = (each.value for each in run(page, row="Conv2d-99").warning)
    offered = warning.partition("It can be ")[2].partition(". On the page")[0]
    assert {each.partition("-")[0] for each in offered.replace("... ", "").split(", ")} == {first.partition("-")[0]}
    assert f"On the page it is “{app.selectbox(widget).label}”. Showing {first} instead." in warning


@pytest.mark.parametrize(
    ("page", "name", "value"),
    [
        ("head", "temperature", "0"),
        ("saliency", "map_scale", "both"),
        pytest.param("lie_detector", "round", "100", marks=[pytest.mark.slow(reason="computes many attributions")]),
        ("pooling", "pool_towards", "up"),
        ("batch_norm", "batch", "3"),
        ("dropout", "passes", "7"),
        ("mistakes", "mistakes_t", "0"),
        ("training", "live_rate", "2"),
    ],
)
def test_unknown_value_of_a_hidden_part_is_a_warning(page: str, name: str, value: str) -> None:
    app = run(page, **{name: value, "unit": "0.0"})
    assert not app.exception
    (warning,) = (each.value for each in app.warning)
    assert warning.startswith(f"The link asks for {name} '{value}'. It can be ")
    assert warning.endswith(" It is not shown here.")


def test_valid_choices_of_hidden_parts_are_no_warning() -> None:
    link = {"temperature": "8", "gain": "-1", "mute": "3.7", "against": "3", "pooled": "31", "without": "other"}
    app = run("head", **link)
    assert not app.warning
    assert app.query_params.keys() >= link.keys()
    (warning,) = (each.value for each in run("head", mute="16").warning)
    assert warning.startswith("The link asks for mute '16'. It can be input maps 0 to 15")


def test_unknown_scale_is_a_warning_and_the_default() -> None:
    app = run("feature_maps", scale="both")
    assert not app.exception
    assert app.warning[0].value.endswith("Showing layer instead.")
    assert app.button_group("widget-scale").value == "layer"


@pytest.mark.slow(reason="opens every page twice, and starts with empty caches")
def test_every_page_without_mnist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNIST_ROOT", str(tmp_path))
    for page, title in PAGES.items():
        app = run(page)
        assert_works(app, title)
        app = show(app, digit="test-8")
        assert not app.exception, page
        assert [each.value for each in app.title] == [title]
        assert app.warning[0].value.startswith(f"MNIST is not complete in '{tmp_path}'"), page


IMPORTS = """
import sys
from streamlit.testing.v1 import AppTest
app = AppTest.from_file("viz/Home.py", default_timeout=60).run()
for pages in sys.argv[1:]:
    for page in pages.split():
        app.switch_page(page).run()
        assert not app.exception
    print(*sorted({"captum", "torchvision", "torch"} & sys.modules.keys()))
"""


@pytest.mark.slow(reason="starts a process that opens every page")
def test_pages_import_no_heavy_package_they_do_not_need(tmp_path: Path) -> None:
    """Torchvision is imported only to read MNIST, and Captum only by the pages that explain."""
    others = [page for page in PAGES if page not in EXPLAINING]
    opened = (" ".join(map(file_of, pages)) for pages in (others, EXPLAINING))
    command = [sys.executable, "-W", "ignore", "-c", IMPORTS, *opened]
    environment = {**os.environ, "MNIST_ROOT": str(tmp_path)}
    done = subprocess.run(  # noqa: S603 (our own)
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["torch", "captum torch"]


def test_next_page_run_waits_for_this_one(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, show, early = threading.Event(), sidebar.show, list[bool]()

    def begin() -> None:
        with PAGE_QUEUE.turn():
            begun.set()

    def watched(*pages: Any, **options: Any) -> None:
        threading.Thread(target=begin, daemon=True).start()
        early.append(begun.wait(0.3))
        show(*pages, **options)

    monkeypatch.setattr(PAGE_QUEUE, "_time_limit", 600)
    monkeypatch.setattr(sidebar, "show", watched)
    assert_works(run("overview"), PAGES["overview"])
    assert early == [False]
    assert begun.wait(60)
