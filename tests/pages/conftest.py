"""What every page's tests share: the app in Streamlit's own simulator, with empty caches."""

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
from streamlit.testing.v1 import AppTest

from model import saliency
from model.saliency.records import Attribution
from tests import charting
from tests.serving import HOME
from viz.saliency import cache


@pytest.fixture(autouse=True)
def _fresh_caches() -> Iterator[None]:
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


def run(page: str, **link: str) -> AppTest:
    """Open a page with what the link says."""
    app = AppTest.from_file(HOME, default_timeout=300)
    for name, value in link.items():
        app.query_params[name] = value
    return app.run() if page == "overview" else app.run().switch_page(f"../pages/{page}.py").run()


def said(app: AppTest) -> str:
    """Return all text of a page."""
    return "\n".join(str(each.value) for each in app.markdown)


def as_read(sentence: str) -> str:
    """Return a sentence as somebody reads it once Markdown is done with it: nothing of it is meant as Markdown."""
    return re.sub(r"\\(.)", r"\1", sentence).replace("\u2060", "")


def shown(app: AppTest) -> str:
    """Return all HTML of a page."""
    return "".join(each.proto.body for each in app.get("html"))


def charts(app: AppTest) -> dict[str, go.Figure]:
    """Return every chart of a page by the name of the file that it is saved as."""
    sent = [each.proto for each in app.get("plotly_chart")]
    return {json.loads(each.config)["toImageButtonOptions"]["filename"]: charting.opened(each.spec) for each in sent}


def component(app: AppTest, name: str) -> dict[str, Any]:
    """Return what one of our own components was given to show."""
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
    """Let no place of any map speak for its score, whatever weights there are: a method's last ReLU leaves nothing."""

    def attribute_against(*given: Any, options: Mapping[str, float] | None = None, **more: Any) -> Attribution:
        found = saliency.attribute(*given, options={**(options or {}), "relu": 0}, **more)
        kept = 0 if (options or {}).get("relu") else -1
        return replace(found, values=kept * np.abs(found.values), raw=kept * np.abs(found.raw))

    monkeypatch.setattr(cache, "saliency", SimpleNamespace(attribute=attribute_against))
