"""What the page of the parameters hands out: the table in Markdown, and the code."""

import pytest
from streamlit.testing.v1 import AppTest

from model.graph.code.write import code_of
from model.networks import by_id
from model.networks.authors import author_code
from model.networks.summary.table import of_network
from model.networks.summary.text import as_markdown
from tests.pages.conftest import run, show


@pytest.fixture(scope="module")
def app() -> AppTest:
    return run("parameters")


def code(app: AppTest) -> list[str]:
    return [each.value for each in app.code]


def opened(app: AppTest, key: str, **link: str) -> AppTest:
    """Show the page with one expander open."""
    app.session_state[key] = True
    return show(app, **link)


def test_nothing_is_computed_while_it_is_folded(app: AppTest) -> None:
    show(app)
    assert code(app) == []


def test_the_table_has_totals_fields_and_jumps(app: AppTest) -> None:
    opened(app, "readme-table", net="residual")
    (table,) = code(app)
    assert table == as_markdown(of_network(by_id("residual")))
    assert "| Conv2d-7 | block2.conv1 | 3 | 2 | 1 | [-1, 16, 14, 14] | 1,152 | 9 | 2 |" in table
    assert "Parameters: 10,082." in table
    app.session_state["readme-table"] = False


def test_the_code_is_the_authors_or_written_from_the_graph(app: AppTest) -> None:
    opened(app, "network-code", net="residual")
    assert code(app) == [author_code("residual").strip()]
    opened(app, "network-code", net="residual", code="graph")
    text, load = code(app)
    assert text == code_of(by_id("residual").module, "Residual network").strip()  # type: ignore[arg-type]
    assert "weights.safetensors" in load
