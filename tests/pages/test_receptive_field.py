"""The receptive field's page in Streamlit's own simulator: every step, any unit, and nonsense in the link."""

import re
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from model.graph.module import NetworkModule
from model.networks import by_id
from model.networks.assignment import weights
from model.receptive_field import of_network
from model.receptive_field.records import ReceptiveField
from tests.pages.conftest import component, run, said, show, shown

PAGE = "receptive_field"
FIELDS = of_network(weights.load())


@pytest.fixture(scope="module")
def app() -> AppTest:
    """Return the page, opened once: each test follows its own link."""
    return run(PAGE)


def assert_opens(app: AppTest) -> None:
    assert not app.exception
    assert not app.error
    assert [each.value for each in app.title] == ["Receptive field"]


def test_page_opens_for_every_step(app: AppTest) -> None:
    show(app)
    assert [option.partition(" ")[0] for option in app.selectbox("widget-row").options] == list(FIELDS)
    sent = set()
    for name, field in FIELDS.items():
        app.query_params["row"] = name
        app.run()
        assert_opens(app)
        assert not app.warning
        assert f"of {name} is {field.size[0]} × {field.size[1]} pixels" in said(app)
        assert "dashed line: the same box" in said(app)
        assert {"formula", "gradient"} <= {*re.findall(r'<i class="(\w+)"', shown(app))}
        places = component(app, "unit_map")
        assert (tuple(places["center"]), tuple(places["jump"])) == (field.center, field.jump)
        assert len(component(app, "growth_player")["frames"]) == 24
        assert shown(app).count('class="columns cards wordy"') == 2
        (chart,) = app.get("plotly_chart")
        sent.add((chart.proto.id, chart.proto.spec))
    assert len(sent) == 1, "the chart does not depend on the row, so the browser draws it once"


@pytest.mark.parametrize(
    ("unit", "box"),
    [
        ("0.0", "rows 0 to 7, columns 0 to 7"),
        ("0.10", "rows 0 to 7, columns 20 to 27"),
        ("10.0", "rows 20 to 27, columns 0 to 7"),
        ("10.10", "rows 20 to 27, columns 20 to 27"),
    ],
)
def test_corner_unit_has_a_corner_of_the_digit(app: AppTest, unit: str, box: str) -> None:
    show(app, row="MaxPool2d-10", unit=unit)
    assert_opens(app)
    assert not app.warning
    assert box in said(app)
    assert "dashed line: the same box" in said(app)


@pytest.mark.parametrize("unit", ["11.0", "-1.2", "3", "", "a.b", "1.5.2", "9" * 50])
def test_invalid_unit_gives_a_sentence_and_the_middle_unit(app: AppTest, unit: str) -> None:
    show(app, row="MaxPool2d-10", unit=unit)
    assert_opens(app)
    (warning,) = app.warning
    assert warning.value.startswith(f"The link asks for unit '{unit[:40]}'. It can be 0.0")
    assert component(app, "unit_map")["selected"] == [5, 5]


def test_unknown_step_gives_a_sentence(app: AppTest) -> None:
    show(app, row="Conv2d-99")
    assert_opens(app)
    assert app.warning[0].value.startswith("The link asks for row 'Conv2d-99'. It can be Conv2d-1")


@pytest.mark.parametrize(
    ("row", "unit", "shown_row", "shown_unit"),
    [
        ("flatten", "0.7", "Conv2d-23", "0.0"),
        ("log-softmax", "", "Conv2d-23", "0.0"),
        ("image", "27.3", "Conv2d-1", "25.3"),
        ("image", "4.5", "Conv2d-1", "4.5"),
    ],
)
def test_step_of_another_page_leads_to_the_nearest_step(
    app: AppTest, row: str, unit: str, shown_row: str, shown_unit: str
) -> None:
    show(app, row=row, **({"unit": unit} if unit else {}))
    assert_opens(app)
    assert not app.warning
    assert app.selectbox("widget-row").value == shown_row
    assert component(app, "unit_map")["selected"] == [*map(int, shown_unit.split("."))]
    assert app.query_params["row"] == row  # the link keeps it for the other pages


def test_unit_stays_on_the_map_when_the_step_changes(app: AppTest) -> None:
    show(app, row="Dropout-9", unit="21.3")
    next(button for button in app.button if button.label == "Next").click()
    app.run()
    assert_opens(app)
    assert not app.warning
    assert app.selectbox("widget-row").value == "MaxPool2d-10"
    assert component(app, "unit_map")["selected"] == [10, 3]


def test_effective_field_can_be_shown(app: AppTest) -> None:
    show(app, row="Conv2d-7", shown="used")
    assert_opens(app)
    assert not app.warning
    assert "is in the inner half of the box" in said(app)
    assert 'alt="Mean absolute gradient of each pixel' in shown(app)
    assert re.search(r'class="sight-scale"><span class="scale">0\.000<i .*</i>[\d.]+</span>', shown(app))
    assert "Download this map as CSV" in [each.proto.label for each in app.get("download_button")]


def test_page_shows_the_rule_that_gives_every_printed_figure(app: AppTest) -> None:
    drawn = shown(show(app)).partition('class="recurrences')[2].partition("</table>")[0]
    for arithmetic, size in (("7 × 2", 14), ("14 + 0", 14), ("14 + (3 − 1) × 1", 16), ("16 + (3 − 1) × 1", 18)):
        assert f"{arithmetic} = <b>{size}</b>" in drawn
    assert "18 + (3 − 1) × 2 = <b>22</b>" in drawn
    assert drawn.partition("The first difference.")[0].count("<tr") == 5, "a head, three rows alike, and the pool"
    assert "They first differ at MaxPool2d-10: 14 instead of 8" in said(app)


def on_stage(node: Any, *, inside: bool = False) -> str:
    """Return the HTML and the names of the components on the stage of a page."""
    found = ""
    for each in node.children.values() if hasattr(node, "children") else ():
        held = inside or getattr(each.proto, "id", "").endswith("-stage")
        found += (getattr(each.proto, "body", "") + getattr(each.proto, "component_name", "")) * held
        found += on_stage(each, inside=held)
    return found


PARTS = {"window": 'class="sight"', "growth": "growth_player", "rule": 'class="recurrences'}


@pytest.mark.parametrize("view", PARTS)
def test_a_projector_shows_the_chosen_part_alone(app: AppTest, view: str) -> None:
    show(app, projector="yes", field_view=view)
    assert_opens(app)
    assert not app.warning
    assert app.segmented_control("widget-field_view").value == view
    assert [name for name, part in PARTS.items() if part in on_stage(app._tree)] == [view]


@pytest.mark.parametrize("net", ["assignment", "residual"])
def test_the_size_of_a_field_is_its_title(app: AppTest, net: str) -> None:
    module = by_id(net).module
    assert isinstance(module, NetworkModule)
    fields = of_network(module)
    for step in (module.graph.last_maps(), module.graph.nodes[0]):
        assert step is not None
        field, (_, height, width) = fields[step.name], step.shape
        assert isinstance(field, ReceptiveField)
        drawn = shown(show(app, net=net, row=step.name))
        assert f"Receptive field: <b>{field.size[0]} × {field.size[1]} pixel" in drawn
        assert f"A map of {step.name}: {height} × {width} units" in drawn
        assert '<i class="grid"></i>' in drawn


def test_a_map_of_one_value_is_one_unit(app: AppTest) -> None:
    assert "A map of AvgPool2d-22: one unit" in shown(show(app, row="AvgPool2d-22"))


def test_page_of_another_network_warns_of_the_rule(app: AppTest) -> None:
    drawn = shown(show(app, net="lenet"))
    assert "5 × 2 = <b>10</b>" in drawn
    assert "By chance the number is right." in drawn
    assert "The notebook" not in said(app) + str([each.value for each in app.header])
