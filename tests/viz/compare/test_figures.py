"""Two networks side by side: what the figures say is what the records hold."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from model import trace
from model.compare import comparison
from model.compare.records import Facts
from model.mistakes.confusion import shared_mistakes
from model.mistakes.records import Scores, SharedMistakes
from model.networks import by_id
from model.networks.file import read
from model.networks.records import Network
from model.trace.records import Trace
from tests.own_networks import colours, residual
from tests.pictures import decode
from viz.compare import figures

NASTY = "<b>&"


def traced(network: Network) -> Trace:
    x = torch.rand(1, *network.input.shape, generator=torch.Generator().manual_seed(0))
    return replace(trace.record(network.module, x), classes=network.classes)


@pytest.fixture(scope="module")
def both() -> tuple[Facts, Facts]:
    return comparison.facts(by_id("assignment")), comparison.facts(read(residual()))


@pytest.fixture(scope="module")
def measured() -> SharedMistakes:
    def scores(right: int) -> Scores:
        predicted = np.where(np.arange(8) < right, np.arange(8), 9)
        return Scores("", np.eye(10, dtype=np.float32)[predicted], np.arange(8, dtype=np.uint8))

    return shared_mistakes(scores(6), scores(5))


def test_accuracy_is_of_the_card_or_measured_here(both: tuple[Facts, Facts], measured: SharedMistakes) -> None:
    drawn = figures.facts(both, None)
    assert "99.53\xa0% (seed 7, median of 10, mean 99.54\xa0%)" in drawn
    assert drawn.count("not measured yet: the page Mistakes does it") == 1
    before = figures.facts([replace(each, measured=0.25) for each in both], None)
    assert "99.53\xa0% (seed 7, median of 10, mean 99.54\xa0%)" in before
    assert "25.00\xa0% (measured here)" in before
    drawn = figures.facts(both, measured)
    assert "75.00\xa0% (measured here)" in drawn
    assert "62.50\xa0% (measured here)" in drawn


def test_titles_are_text_and_two_of_one_title_stay_apart(both: tuple[Facts, Facts]) -> None:
    same = [replace(each, title=NASTY) for each in both]
    assert "<b>&" not in figures.facts(same, None)
    assert len(figures.columns(same, None)) == 3
    assert "&lt;b&gt;&amp;" in figures.answers([NASTY, "B"], [traced(read(residual()))] * 2)


def test_words_say_which_is_larger(both: tuple[Facts, Facts]) -> None:
    said = figures.say_facts(both)
    assert said.startswith("A has 26.1 times the parameters of B;")
    assert figures.say_facts(both[::-1]).startswith("B has 26.1 times the parameters of A;")
    assert figures.say_facts([both[0]] * 2).startswith("Both have as many parameters;")
    nearly = replace(both[0], parameters=10_266, multiply_accumulates=0)
    assert figures.say_facts([both[0], nearly]).startswith("B has 2.0\xa0% more parameters than A; A has all the")
    assert figures.say_protocols(both).startswith("A: Trained on all 60,000")
    assert "B:" not in figures.say_protocols(both)


def test_answers_name_the_classes() -> None:
    first, second = traced(by_id("assignment")), traced(read(colours()))
    drawn = figures.answers(["One", "Two"], [first, second])
    assert all(f"<b>{name}</b>" in drawn for name in (*"0123456789", "sun", "moon", "star", "sea", "sky"))
    assert drawn.count('class="most"') == 2
    predicted = second.classes[int(second.logits.argmax())]
    assert f"B predicts {predicted} with " in figures.say_answers(first, second)
    columns = figures.answers_csv(first, second)
    assert columns["probability, A"][:10] == [f"{share:.6g}" for share in first.probabilities]
    assert columns["probability, A"][10:] == [""] * 5


def test_steps_show_their_strongest_map() -> None:
    first, second = traced(by_id("assignment")), traced(read(residual()))
    step = second.rows[0]
    strongest = int(np.abs(step.output).mean(axis=(1, 2)).argmax())
    assert np.array_equal(figures.strongest(step), step.output[strongest])
    beside = comparison.side_by_side(*([row.output.shape for row in each.rows] for each in (first, second)))
    drawn = figures.steps(first, second, beside)
    assert drawn.count("<img") == len(first.rows) + len(second.rows)
    assert decode(drawn.split('src="')[1].split('"')[0]).shape[:2] == (26, 26)
    assert drawn.count("has no step with maps") == sum(not one or not other for one, other in beside)
    columns = figures.steps_columns(first, second, beside)
    assert [name for name in columns["step of B"] if name] == [row.name for row in second.rows]


def test_a_vector_is_a_strip() -> None:
    assert figures.strongest(traced(read(colours())).rows[-1]).shape == (1, 5)


def test_agreement_in_figures_and_words(measured: SharedMistakes) -> None:
    drawn = figures.agreement(measured)
    assert "<td>5</td><td>1</td>" in drawn
    assert "<td>0</td><td>2</td>" in drawn
    said = figures.say_agreement(measured, 0.25)
    assert "A classifies 75.00\xa0% correctly and B 62.50\xa0%" in said
    assert "would be 0.25 (McNemar's exact test). 2 images are wrong for both, 2 of them with the same class" in said
    assert "would be under 0.0001 (" in figures.say_agreement(measured, 1e-9)
    assert said.endswith("other, 0.8 would be.")
    assert figures.agreement_columns(measured) == {
        "image": ["5", "6", "7"],
        "right": ["only A", "neither", "neither"],
    }
    assert figures.images_of(measured, "neither").tolist() == [6, 7]
