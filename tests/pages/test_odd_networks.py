"""Networks with little in them: no maps, no weights, fixed weights, stored numbers, few pixels."""

import pytest
from streamlit.testing.v1 import AppTest
from torch import nn

from model.networks import store
from model.networks.identity import folder
from tests import odd_networks, own_networks
from tests.pages.conftest import run, said, show


@pytest.fixture(scope="module", autouse=True)
def _kept(tmp_path_factory: pytest.TempPathFactory) -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GLASS_NETWORKS", str(tmp_path_factory.mktemp("networks")))
        yield


def opened(kind: type[nn.Module], page: str, **link: str) -> AppTest:
    """Open a page of a network, which must show no error."""
    app = run(page, net=store.keep_bytes(odd_networks.of(kind)), **link)
    assert not app.exception, app.exception[0].stack_trace[-4:]
    assert not app.error, app.error[0].value
    return app


def test_a_network_without_maps_has_no_way_of_maps_through_it() -> None:
    app = opened(odd_networks.Perceptron, "saliency", map_view="through")
    assert "No step that the score depends on has maps of more than one unit" in app.info[0].value


@pytest.mark.parametrize("page", ["layer_by_layer", "parameters", "training", "lie_detector", "pooling", "saliency"])
def test_a_network_with_fixed_weights_has_every_page(page: str) -> None:
    opened(odd_networks.FixedKernel, page)


@pytest.mark.parametrize("row", ["conv2d-0", "linear-1"])
def test_fixed_weights_can_be_asked_for(row: str) -> None:
    app = opened(odd_networks.FixedKernel, "layer_by_layer", row=row, ask="yes")
    assert not app.warning, "there is such a row"


def test_a_network_that_learned_nothing_has_sentences_instead_of_figures() -> None:
    app = opened(odd_networks.Unlearned, "parameters")
    assert "No step of this network multiplies values with learned weights." in said(app)
    app = opened(odd_networks.Unlearned, "lie_detector")
    assert "This network has no weights to randomize" in app.info[0].value


def test_learned_positions_are_not_randomized_and_the_page_says_so() -> None:
    assert "keeps its learned numbers" in said(opened(odd_networks.Positions, "lie_detector", doubt_test="weights"))


def test_a_tiny_picture_gets_a_step_for_each_pixel() -> None:
    opened(odd_networks.Tiny, "lie_detector", doubt_test="order")


def test_the_switch_stays_where_a_network_is_gone() -> None:
    gone = store.keep_bytes(own_networks.colours("Soon gone"))
    app = show(run("overview", net=gone), net="lenet")
    (folder() / f"{gone}.glass").unlink()
    app.selectbox("widget-net").set_value(gone).run()
    assert not app.exception
    assert any("is not here any more" in each.value and "Showing LeNet" in each.value for each in app.warning)
    assert app.selectbox("widget-net").value == "lenet"


def test_the_switch_reads_no_endless_numbers() -> None:
    app = run("layer_by_layer", net="lenet", row="x" * 5000, channel="9" * 5000, unit=f"{'9' * 5000}.1")
    app.selectbox("widget-net").set_value("residual").run()
    assert not app.exception
    assert max(len(each.value) for each in app.warning) < 300


def test_dropout_with_p_of_1_is_explained() -> None:
    app = opened(odd_networks.ZeroedByDropout, "dropout")
    assert "sets every value to zero" in app.info[0].value
    show(app, p="0.50")
    assert not app.info
    assert not app.exception


def test_one_of_something_is_singular() -> None:
    assert "For this picture 1 step computes 10 values." in said(opened(odd_networks.Unlearned, "overview"))
    app = opened(odd_networks.OneMap, "feature_maps")
    assert " 1 map, " in said(app)
    assert "after the one row, is" in said(opened(odd_networks.OneMap, "lie_detector", doubt_test="weights"))
