"""A printed table pasted on the page on parameters, compared as by the command."""

import pytest
from streamlit.testing.v1 import AppTest

from model.networks import store
from tests import own_networks
from tests.pages.conftest import run, said, shown

TABLE = """
Conv2d-1   [-1, 4, 26, 26]    41
Conv2d-2   [-1, 4, 13, 13]   148
Conv2d-3   [-1, 4, 13, 13]   148
Conv2d-4   [-1, 10, 1, 1]     50
"""


@pytest.fixture
def app(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setenv("GLASS_NETWORKS", str(tmp_path_factory.mktemp("networks")))
    return run("parameters", net=store.keep_bytes(own_networks.residual()))


def test_a_pasted_table_is_compared_figure_by_figure(app: AppTest) -> None:
    """One wrong number among eight: 4 x 1 x 3 x 3 + 4 = 40 parameters, not 41."""
    app.text_area("pasted-table").set_value(TABLE).run()
    assert "8 printed figures were compared; 1 is wrong." in said(app)
    assert "printed <del>41</del>, right is <b>40</b>" in shown(app)
    app.text_area("pasted-table").set_value(TABLE.replace("41", "40")).run()
    assert "8 printed figures were compared; none is wrong." in said(app)
    assert not app.exception
    app.text_area("pasted-table").set_value("no table <script>").run()
    assert "No figure of a table was found" in app.warning[0].value
    app.text_area("pasted-table").set_value("x" * 50_001).run()
    assert "At most 50,000 are read" in app.error[0].value


def test_nothing_of_the_assignment_is_on_the_page(app: AppTest) -> None:
    assert "printed" not in shown(app).partition("<table")[2].partition("</table>")[0]
    assert "10,066" not in shown(app) + said(app)
