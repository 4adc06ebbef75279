"""Shared by the tests of all pages: the app in Streamlit's simulator."""

import functools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.scriptrunner.script_cache import ScriptCache
from streamlit.testing.v1 import AppTest, app_test, local_script_runner
from streamlit.testing.v1.local_script_runner import LocalScriptRunner
from streamlit.util import calc_hash

from model import saliency
from model.networks import store
from model.saliency.records import Attribution
from tests import charting
from tests.serving import HOME
from viz.app import address, page_list
from viz.saliency import cache

FILES = {name: page_list.path(name) for name in page_list.PAGES}  # the address of each page by its file


@pytest.fixture(scope="session", autouse=True)
def _start_once() -> Iterator[None]:
    """Keep compiled scripts, and what is known of installed packages, as a server does and the simulator does not.

    The simulator also asks a thousand times a second whether a run has ended; a run that computes has to wait for that.
    """
    scripts, packages = ScriptCache(), functools.cache(manifest_scanner.scan_component_manifests)
    check = local_script_runner.require_widgets_deltas

    def wait(runner: LocalScriptRunner, timeout: float = 3) -> None:
        if runner._script_thread:
            runner._script_thread.join(timeout)
        check(runner, 0.1)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(local_script_runner, "ScriptCache", lambda: scripts)
        patch.setattr(app_test, "ScriptCache", lambda: scripts)
        patch.setattr(manifest_scanner, "scan_component_manifests", packages)
        patch.setattr(local_script_runner, "require_widgets_deltas", wait)
        yield


@pytest.fixture(autouse=True)
def _fresh_caches(request: pytest.FixtureRequest) -> Iterator[None]:
    """Clear the caches around a test that patches something; all other tests share them."""
    patches = "monkeypatch" in request.fixturenames
    if patches:
        forget()
    yield
    if patches:
        forget()


def forget() -> None:
    """Clear every cache of pages, and the networks that were read."""
    st.cache_resource.clear()
    store._built_in.cache_clear()


def run(page: str, **link: str) -> AppTest:
    """Open a page by its address and parameters."""
    app = AppTest.from_file(HOME, default_timeout=300)
    for name, value in link.items():
        app.query_params[name] = value
    app._page_hash = calc_hash(page)  # as the browser does; switch_page would run another page first
    return app.run()


def show(app: AppTest, **link: str) -> AppTest:
    """Show the open page with other parameters in the address, which the browser sent after every earlier click."""
    if address._UNSEEN in app.session_state:
        del app.session_state[address._UNSEEN]
    app.query_params.clear()
    app.query_params.update(link)
    return app.run()


def file_of(page: str) -> str:
    """Return the file of the page with this address, relative to the entry file."""
    (name,) = (name for name, address in FILES.items() if address == page)
    return f"../pages/{name}.py"


def said(app: AppTest) -> str:
    """Return all text of a page."""
    return "\n".join(str(each.value) for each in app.markdown)


def as_read(sentence: str) -> str:
    """Return an escaped sentence as Markdown shows it."""
    return re.sub(r"\\(.)", r"\1", sentence).replace("\u2060", "")


def shown(app: AppTest) -> str:
    """Return all HTML of a page."""
    return "".join(each.proto.body for each in app.get("html"))


def charts(app: AppTest) -> dict[str, go.Figure]:
    """Return every chart of a page by the name of the file that it is saved as."""
    sent = [each.proto for each in app.get("plotly_chart")]
    return {json.loads(each.config)["toImageButtonOptions"]["filename"]: charting.opened(each.spec) for each in sent}


def component(app: AppTest, name: str) -> dict[str, Any]:
    """Return the data of one of our own components."""
    (found,) = (each.proto for each in app.get("bidi_component") if each.proto.component_name == name)
    given: dict[str, Any] = json.loads(found.json)
    return given


def assert_works(app: AppTest, title: str) -> None:
    assert not app.exception
    assert not app.error
    assert not app.warning
    assert [each.value for each in app.title] == [title]


@pytest.fixture
def speaking_against(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every attribution negative, so that the last ReLU of a method leaves nothing."""

    def attribute_against(*given: Any, options: Mapping[str, float] | None = None, **more: Any) -> Attribution:
        found = saliency.attribute(*given, options={**(options or {}), "relu": 0}, **more)
        kept = 0 if (options or {}).get("relu") else -1
        return replace(found, values=kept * np.abs(found.values), raw=kept * np.abs(found.raw))

    monkeypatch.setattr(cache, "saliency", SimpleNamespace(attribute=attribute_against, METHODS=saliency.METHODS))
