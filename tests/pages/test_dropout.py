"""The dropout page in Streamlit's own simulator."""

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from model.dropout import passes
from model.dropout.records import DropoutPlan, Passes
from model.images import digits
from model.networks.assignment import weights
from model.trace import record
from tests.pages.conftest import as_read, assert_works, charts, run, said, shown

PAGE = "dropout"
ROWS = [f"Dropout-{number}" for number in (3, 6, 9, 12, 15, 18, 21)]
TRAINED = f"{passes.own_probabilities(weights.load())['Dropout-3']:.2f}"


def digest_in(app: AppTest) -> str:
    masks = re.search(r'data-digest="([0-9a-f]{64})"', shown(app))
    return masks[1] if masks else str(charts(app)["probabilities-of-many-masks"].layout.meta["digest"])


def one_alone(key: str, plan: DropoutPlan) -> str:
    """Work out with the model alone what the page computes of one mask."""
    return passes.digest_of_trace(record(weights.load(), digits.to_input(digits.find(key)), plan=plan))


def many_alone(key: str, plan: DropoutPlan, count: int) -> str:
    """Work out with the model alone what the page computes of many masks."""
    return passes.digest_of_passes(passes_of(key, plan, count))


def passes_of(key: str, plan: DropoutPlan, count: int) -> Passes:
    network, x = weights.load(), digits.to_input(digits.find(key))
    first = DropoutPlan(plan.p, plan.rows, plan.whole_channels, plan.seed // 1000 * 1000)
    off = record(network, x)
    shares = passes.probabilities(network, x, passes.draw(network, off, first, count))
    return passes.passes(off, [shares], first.seed)


def press(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label.startswith(label)).click().run()


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("drop", ["all", "one"])
@pytest.mark.parametrize("what", ["values", "channels"])
def test_every_row_and_every_way_has_its_page(row: str, drop: str, what: str) -> None:
    app = run(PAGE, row=row, drop=drop, what=what, p="0.40", seed="1234", passes="10")
    assert_works(app, "Dropout")
    assert app.selectbox("widget-dropout-row").value == row
    assert "Mask 1234 with p = 0.40 drops" in said(app)
    plan = DropoutPlan(0.4, None if drop == "all" else (row,), what == "channels", 1234)
    assert digest_in(app) == one_alone("project-3a", plan)
    app.query_params["changes"] = "few"
    for view in ("journey", "mean", "digits", "many"):
        app.query_params["drop_view"] = view
        app.run()
        assert_works(app, "Dropout")
    assert "masks 1,000 to 1,009" in said(app)
    assert digest_in(app) == many_alone("project-3a", plan, 10)


def test_by_default_it_is_as_trained() -> None:
    app = run(PAGE)
    assert_works(app, "Dropout")
    assert digest_in(app) == one_alone("project-3a", DropoutPlan())
    assert f'data-weights="{passes.digest_of_weights(weights.load())}"' in shown(app)
    assert "Batch norm keeps to its running statistics" in said(app)
    many = run(PAGE, drop_view="many", changes="none")
    assert digest_in(many) == many_alone("project-3a", DropoutPlan(), 100)
    assert "a clear digit hardly moves" in said(many)
    mean = run(PAGE, drop_view="mean")
    assert {*charts(mean)} == {"mean-over-masks"}


def test_a_new_mask_and_back_again() -> None:
    app = run(PAGE)
    first = digest_in(app)
    press(app, "New mask")
    assert app.query_params["seed"] == "1"
    assert digest_in(app) != first
    press(app, "Step back")
    assert app.query_params["seed"] == "0"
    assert digest_in(app) == first
    assert next(button for button in app.button if button.label == "Step back").disabled
    app.number_input("widget-seed").set_value(77).run()
    assert app.query_params["seed"] == "77"


def test_choices_are_kept_in_the_link() -> None:
    app = run(PAGE)
    app.select_slider("widget-p").set_value("0.50").run()
    app.button_group("widget-drop").set_value("one").run()
    app.button_group("widget-what").set_value("channels").run()
    app.selectbox("widget-channel").set_value("3").run()
    app.selectbox("widget-dropout-row").set_value("Dropout-12").run()
    assert_works(app, "Dropout")
    link = {"p": "0.50", "drop": "one", "what": "channels", "row": "Dropout-12"}
    assert {name: app.query_params[name] for name in link} == link
    assert "channel" not in app.query_params, "another row has other maps"


def test_a_link_of_another_row_shows_the_dropout_behind_it() -> None:
    for asked, row in {"Conv2d-1": "Dropout-3", "ReLU-7": "Dropout-9", "Conv2d-23": "Dropout-21"}.items():
        app = run(PAGE, row=asked)
        assert_works(app, "Dropout")
        assert app.selectbox("widget-dropout-row").value == row


def test_the_prediction_is_held_against_what_was_measured() -> None:
    app = run(PAGE, digit="project-4or9", p="0.50", drop_view="many")
    assert "Choose an answer" in said(app)
    assert not charts(app), "nothing tells before"
    app.button_group("widget-passes").set_value("30").run()
    app.button_group("widget-changes").set_value("none").run()
    found = passes_of("project-4or9", DropoutPlan(0.5), 30)
    changed = sum(int(each.argmax()) != int(found.off.argmax()) for each in found.probabilities)
    measured = "None" if not changed else "At most one in ten" if changed <= 3 else "More than one in ten"
    verdict = f"You predicted: None. Measured: {measured}." if changed else "As you predicted: None."
    assert verdict in said(app)
    assert app.query_params["passes"] == "30"
    press(app, "Show mask")
    assert re.search(r"with this mask: \d with", said(app))


def test_a_digit_between_two_is_offered() -> None:
    app = press(run(PAGE, drop_view="many", changes="few"), "Take a digit between two")
    assert digits.find(app.query_params["digit"]).label is None


def test_without_mnist_many_digits_are_the_projects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNIST_ROOT", str(tmp_path))
    app = run(PAGE, drop_view="digits")
    assert "The project's 45 labelled digits" in said(app)
    press(app, "Measure")
    assert_works(app, "Dropout")
    assert app.query_params["many"] == "yes"
    assert "The project's 45 labelled digits, each read once for each p" in said(app)
    assert [each.name for each in charts(app)["accuracy-by-p"].data] == ["as trained", "confidence", "right"]


def test_with_mnist_many_digits_are_test_images(mnist_root: Path) -> None:
    assert mnist_root.is_dir()
    assert "The first 1,000 of MNIST's test images" in said(run(PAGE, drop_view="digits"))


@pytest.mark.parametrize(("written", "p"), [("0.5", "0.50"), ("0", "0.00"), ("0.90", "0.90"), ("0.15", "0.15")])
def test_p_can_be_written_short(written: str, p: str) -> None:
    app = run(PAGE, p=written)
    assert_works(app, "Dropout")
    assert app.select_slider("widget-p").value == p


@pytest.mark.parametrize(
    ("name", "value", "default"),
    [
        ("row", "Dropout-99", "Dropout-3"),
        ("p", "0.95", TRAINED),
        ("p", "nan", TRAINED),
        ("seed", "-1", "0"),
        ("seed", "1000000", "0"),
        ("seed", "²", "0"),
        ("drop", "some", "all"),
        ("what", "<b>", "values"),
        ("passes", "999999999", "100"),
        ("channel", "8", "0"),
        ("many", "maybe", "no"),
        ("drop_view", "nothing", "mask"),
    ],
)
def test_nonsense_is_a_sentence_and_the_default(name: str, value: str, default: str) -> None:
    views = {"passes": "many", "many": "digits"}
    app = run(PAGE, **{"drop_view": views.get(name, "mask"), name: value})
    assert not app.exception
    sentence = as_read(app.warning[0].value)
    assert sentence.startswith(f"The link asks for {name} '{value}'. It can be ")
    assert sentence.endswith(f"Showing {default} instead." if default else "It is left out here.")
