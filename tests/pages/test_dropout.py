"""The dropout page in Streamlit's own simulator."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import streamlit as st
import torch
from streamlit.testing.v1 import AppTest

from model import networks
from model.dropout import passes
from model.dropout.records import DropoutPlan, Passes
from model.images import digits, inputs, pictures
from model.networks import store
from model.networks.assignment import weights
from model.trace import record
from tests import own_networks
from tests.pages.conftest import as_read, assert_works, charts, component, run, said, show, shown
from viz.dropout import cache
from viz.pictures import words

PAGE, TITLE = "dropout", "Dropout"
ROWS = [f"Dropout-{number}" for number in (3, 6, 9, 12, 15, 18, 21)]
TRAINED = f"{passes.trained_probabilities(weights.load())['Dropout-3']:.2f}"
CHOICES = [("Dropout-3", "all", "values"), ("Dropout-12", "one", "channels"), ("Dropout-21", "all", "channels")]
EVERY_CHOICE = [(row, drop, what) for row in ROWS for drop in ("all", "one") for what in ("values", "channels")]


@pytest.fixture(scope="module", autouse=True)
def _fresh_caches() -> Iterator[None]:
    """Clear the caches once: no result here depends on an earlier one."""
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


@pytest.fixture(scope="module")
def opened() -> AppTest:
    """Return the open page; each test shows its own link."""
    return run(PAGE)


def digest_in(app: AppTest) -> str:
    masks = re.search(r'data-digest="([0-9a-f]{64})"', shown(app))
    return masks[1] if masks else str(charts(app)["probabilities-of-many-masks"].layout.meta["digest"])


def digest_of_mask(key: str, plan: DropoutPlan) -> str:
    """Compute with the model what the page shows of one mask."""
    return passes.digest_of_trace(record(weights.load(), digits.to_input(digits.find(key)), plan=plan))


def digest_of_many(key: str, plan: DropoutPlan, count: int) -> str:
    """Compute with the model what the page shows of many masks."""
    return passes.digest_of_passes(passes_of(key, plan, count))


def passes_of(key: str, plan: DropoutPlan, count: int) -> Passes:
    network, x = weights.load(), digits.to_input(digits.find(key))
    first = DropoutPlan(plan.p, plan.rows, plan.whole_channels, plan.seed // 1000 * 1000)
    off = record(network, x)
    shares = passes.probabilities(network, x, passes.draw_masks(network, off, first, count))
    return Passes(off.probabilities, shares, first.seed)


def press(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label.startswith(label)).click().run()


@pytest.mark.parametrize(
    ("row", "drop", "what"),
    [*CHOICES, *(pytest.param(*each, marks=pytest.mark.exhaustive) for each in EVERY_CHOICE if each not in CHOICES)],
)
def test_page_shows_every_view_of_a_row(opened: AppTest, row: str, drop: str, what: str) -> None:
    link = {"row": row, "drop": drop, "what": what, "p": "0.40", "seed": "1234", "passes": "10", "changes": "few"}
    app = show(opened, **link)
    assert_works(app, TITLE)
    assert app.selectbox("widget-dropout-row").value == row
    assert "Mask 1234 with p = 0.40 drops" in said(app)
    plan = DropoutPlan(0.4, None if drop == "all" else (row,), what == "channels", 1234)
    assert digest_in(app) == digest_of_mask("project-3a", plan)
    for view in ("journey", "mean", "digits", "many"):
        assert_works(show(opened, **link, drop_view=view), TITLE)
    assert "masks 1,000 to 1,009" in said(app)
    assert digest_in(app) == digest_of_many("project-3a", plan, 10)


def test_page_shows_dropout_as_in_training_by_default(opened: AppTest) -> None:
    app = show(opened)
    assert_works(app, TITLE)
    assert digest_in(app) == digest_of_mask("project-4or9", DropoutPlan())
    assert f'data-weights="{passes.digest_of_weights(networks.by_id("assignment").module)}"' in shown(app)
    assert "Batch norm uses its running statistics" in said(app)
    show(opened, drop_view="many", changes="none")
    assert digest_in(app) == digest_of_many("project-3a", DropoutPlan(), 100)
    assert "a clear digit hardly changes" in said(app)
    show(opened, digit="project-4or9", drop_view="many", changes="none")
    assert digest_in(app) == digest_of_many("project-4or9", DropoutPlan(), 100), "not that of the digit before"
    show(opened, drop_view="mean")
    assert {*charts(app)} == {"mean-over-masks"}


def test_without_any_choice_the_page_opens_with_a_digit_between_two_and_its_links_carry_it(opened: AppTest) -> None:
    app = show(opened)
    assert "No digit is chosen yet, so this is one between 4 and 9" in said(app)
    assert "between 4 and 9</small>" in shown(app), "the sidebar shows the digit that the page is about"
    assert "digit" not in app.query_params, "going back leaves the page"
    assert component(app, "page_links")["query"] == "?digit=project-4or9"
    press(app, "Next mask")
    assert (app.query_params["seed"], app.query_params["digit"]) == ("1", "project-4or9")
    assert "No digit is chosen yet" not in said(app)


@pytest.mark.parametrize("choice", [{"seed": "5"}, {"row": "Dropout-12"}, {"digit": "project-3a"}])
def test_a_link_with_a_choice_shows_the_digit_that_it_showed(opened: AppTest, choice: dict[str, str]) -> None:
    app = show(opened, **choice)
    plan = DropoutPlan(seed=int(choice.get("seed", "0")))
    assert digest_in(app) == digest_of_mask("project-3a", plan)
    assert "No digit is chosen yet" not in said(app)


@pytest.mark.parametrize(("net", "between"), [("basic", True), ("residual", False), ("shapes", False)])
def test_only_a_network_with_dropout_that_reads_digits_opens_with_that_digit(
    opened: AppTest, net: str, between: bool
) -> None:
    app = show(opened, net=net)
    assert_works(app, TITLE)
    assert ("between 4 and 9" in shown(app)) is between


def first_other(plan: DropoutPlan) -> int:
    """Return the first seed after the plan's whose mask changes the answer for the digit between 4 and 9."""
    network, x = weights.load(), digits.to_input(digits.find("project-4or9"))
    answer = record(network, x).prediction
    every = (replace(plan, seed=seed) for seed in range(plan.seed + 1, plan.seed + 200))
    return next(each.seed for each in every if record(network, x, plan=each).prediction != answer)


@pytest.mark.parametrize(("view", "seed"), [("mask", 0), ("journey", 98)])
def test_a_mask_that_changes_the_answer_is_found_in_order(opened: AppTest, view: str, seed: int) -> None:
    app = show(opened, digit="project-4or9", drop_view=view, p="0.10", seed=str(seed))
    found = first_other(DropoutPlan(0.1, seed=seed))
    press(app, "Find a mask")
    assert_works(app, TITLE)
    assert app.query_params["seed"] == str(found)
    tried = "1 mask" if found == seed + 1 else f"{found - seed} masks"
    assert f"Tried {tried}: mask {found} is the first after mask {seed} that changes it." in [
        each.value for each in app.caption
    ]
    assert f"Mask {found} changes the answer." in as_read(said(app))
    press(app, "Next mask")
    assert not [each.value for each in app.caption if each.value.startswith("Tried")], "it was about the other mask"


def test_a_search_is_bounded_and_says_that_it_found_none(opened: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_PARTS_OF_SEARCH", 1)
    app = press(show(opened, digit="project-1a", seed="7"), "Find a mask")
    assert_works(app, TITLE)
    assert app.query_params["seed"] == "7"
    assert [each.value for each in app.caption if each.value.startswith("Tried")] == [
        "Tried 100 masks, masks 8 to 107: none changes the answer. A larger p changes more."
    ]


def test_mask_buttons_change_the_seed(opened: AppTest) -> None:
    app = show(opened)
    first = digest_in(app)
    press(app, "Next mask")
    assert app.query_params["seed"] == "1"
    assert digest_in(app) != first
    press(app, "Previous mask")
    assert app.query_params["seed"] == "0"
    assert digest_in(app) == first
    assert next(button for button in app.button if button.label == "Previous mask").disabled
    app.number_input("widget-seed").set_value(77).run()
    assert app.query_params["seed"] == "77"


def test_choices_are_kept_in_the_address(opened: AppTest) -> None:
    app = show(opened)
    app.select_slider("widget-p").set_value("0.50").run()
    app.button_group("widget-drop").set_value("one").run()
    app.button_group("widget-what").set_value("channels").run()
    app.selectbox("widget-channel").set_value("3").run()
    app.selectbox("widget-dropout-row").set_value("Dropout-12").run()
    assert_works(app, TITLE)
    link = {"p": "0.50", "drop": "one", "what": "channels", "row": "Dropout-12"}
    assert {name: app.query_params[name] for name in link} == link
    assert "channel" not in app.query_params, "another row has other maps"


@pytest.mark.parametrize(
    ("asked", "row"), [("Conv2d-1", "Dropout-3"), ("ReLU-7", "Dropout-9"), ("Conv2d-23", "Dropout-21")]
)
def test_link_to_another_row_shows_the_next_dropout_row(opened: AppTest, asked: str, row: str) -> None:
    app = show(opened, row=asked)
    assert_works(app, TITLE)
    assert app.selectbox("widget-dropout-row").value == row


def test_prediction_is_compared_with_the_measurement(opened: AppTest) -> None:
    app = show(opened, digit="project-4or9", p="0.50", drop_view="many")
    assert "No answer is chosen yet" in said(app)
    assert not charts(app), "no result before the prediction"
    assert "data-digest" not in shown(app)
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


def test_ambiguous_digit_is_offered(opened: AppTest) -> None:
    app = press(show(opened, drop_view="many", changes="few", passes="10"), "Choose an ambiguous digit")
    assert digits.find(app.query_params["digit"]).label is None


def test_accuracy_without_mnist_is_measured_on_the_samples(
    opened: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_ROOT", str(tmp_path))
    app = show(opened, drop_view="digits")
    assert "The project's 45 labelled digits" in said(app)
    press(app, "Measure")
    assert_works(app, TITLE)
    assert app.query_params["many"] == "yes"
    assert "The project's 45 labelled digits, each classified once for each p" in said(app)
    assert [each.name for each in charts(app)["accuracy-by-p"].data] == ["as trained", "confidence", "accuracy"]


def test_accuracy_with_mnist_is_measured_on_test_images(opened: AppTest, mnist_root: Path) -> None:
    assert mnist_root.is_dir()
    assert "The first 1,000 of MNIST's test images" in said(show(opened, drop_view="digits"))


@pytest.mark.parametrize(("written", "p"), [("0.5", "0.50"), ("0", "0.00"), ("0.90", "0.90"), ("0.15", "0.15")])
def test_p_can_be_written_short(opened: AppTest, written: str, p: str) -> None:
    app = show(opened, p=written)
    assert_works(app, TITLE)
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
def test_nonsense_in_the_link_shows_a_sentence_and_the_default(
    opened: AppTest, name: str, value: str, default: str
) -> None:
    views = {"passes": "many", "many": "digits"}
    app = show(opened, **{"drop_view": views.get(name, "mask"), name: value})
    assert not app.exception
    sentence = as_read(app.warning[0].value)
    assert sentence.startswith(f"The link asks for {name} '{value}'. It can be ")
    assert sentence.endswith(f"Showing {default} instead." if default else "It is left out here.")


def test_dropout_of_maps_and_of_a_vector_draws_the_masks_of_the_authors_module(
    opened: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLASS_NETWORKS", str(tmp_path))
    net = store.keep_bytes(own_networks.varied())
    image, author, names = store.by_id(net).input, own_networks.varied_author(), own_networks.VARIED_CLASSES
    x = inputs.to_input(pictures.fitted(pictures.samples(image)[0], image, names).pixels, image)
    seen: dict[str, torch.Tensor] = {}
    for name in ("maps", "values"):
        author.get_submodule(name).train().register_forward_hook(
            lambda _module, _inputs, output, name=name: seen.__setitem__(name, output[0])
        )
    torch.manual_seed(6)
    with torch.no_grad():
        shares = author(x)[0].softmax(0)
    dropped = int((seen["maps"].flatten(1) == 0).all(1).sum())
    assert dropped == 2
    app = show(opened, net=net, row="Dropout2d-4", seed="6")
    assert_works(app, TITLE)
    assert "p = 0.25 drops" in said(app)
    assert f"It drops whole maps: {dropped} of 4." in said(app)
    assert "Dropout2d-4 drops whole maps." in [each.value for each in app.caption]
    app = show(opened, net=net, row="Dropout-8", seed="6")
    assert_works(app, TITLE)
    zeros = int((seen["values"] == 0).sum())
    assert f"Mask 6 with p = 0.50 drops {zeros} of 24 values" in said(app)
    assert "in map" not in said(app)
    app = show(opened, net=net, seed="6", drop_view="journey")
    assert_works(app, TITLE)
    found = f"with this mask: {names[int(shares.argmax())]} with {words.percent(float(shares.max()))}."
    assert found in said(app)
    app = show(opened, net=net, drop_view="many", passes="10", changes="few")
    assert_works(app, TITLE)
    assert "10 passes with the p of each row" in said(app)
    assert "Of the 12 classes the 10 most likely with dropout off are drawn." in said(app)
    assert len(charts(app)["probabilities-of-many-masks"].layout.xaxis.ticktext) == 10
    for view in ("mean", "digits"):
        assert_works(show(opened, net=net, drop_view=view), TITLE)


def test_network_without_dropout_gets_a_sentence_and_a_link(
    opened: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLASS_NETWORKS", str(tmp_path))
    app = show(opened, net=store.keep_bytes(own_networks.residual()))
    assert_works(app, TITLE)
    assert app.info[0].value.startswith("This network has no dropout")
    assert "Show dropout in the assignment's network" in [each.proto.label for each in app.get("page_link")]
