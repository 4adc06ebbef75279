"""The ten questions: right answers by other ways than the arithmetic of the app, and answers as CSV."""

import numpy as np
import pytest
import torch
from torch import nn

from model import networks
from model.errors import InputError
from model.images import digits
from model.networks.assignment import weights
from model.receptive_field.measured import measured_box
from model.ten_questions import items, records, sheets
from model.trace import record

NETWORK = networks.by_id("assignment")
TRACE = record(NETWORK.module, digits.to_input(digits.find("project-4or9")))
ITEMS = items.ten(NETWORK, TRACE, networks.by_id("basic"))
RIGHT = {item.id: item.choices[item.right] for item in ITEMS}


def test_each_question_has_an_own_misconception_and_choices_that_differ() -> None:
    assert (
        len(ITEMS) == records.COUNT == len({item.id for item in ITEMS}) == len({item.misconception for item in ITEMS})
    )
    for item in ITEMS:
        assert len({*item.choices}) == len(item.choices) in {3, 4}
        assert 0 <= item.right < len(item.choices)
        assert item.question.endswith("?")


def test_right_counts_are_those_of_pytorch() -> None:
    same = nn.Conv2d(1, 8, 3)
    assert same(torch.zeros(1, 1, 56, 56)).shape == (1, 8, 54, 54)
    assert RIGHT["picture-size"] == str(sum(each.numel() for each in same.parameters()))
    assert RIGHT["padding"] == f"{sum(each.numel() for each in nn.Conv2d(8, 16, 3, padding=1).parameters()):,}"
    assert RIGHT["one-by-one"] == str(nn.Conv2d(16, 8, 1).weight[0].numel())
    assert RIGHT["pool-field"] == str(measured_box(weights.load(), "MaxPool2d-10", (5, 5)).height)


def test_right_answers_are_what_the_network_does() -> None:
    x = digits.to_input(digits.find("project-4or9"))
    with torch.no_grad():
        passes = {tuple(NETWORK.module(x)[0].tolist()) for _ in range(100)}
        batch = NETWORK.module(torch.cat([x, *(digits.to_input(each) for each in digits.samples()[:15])]))
        alone = NETWORK.module(x)
    assert RIGHT["dropout"] == str(len(passes))
    torch.testing.assert_close(batch[:1], alone, atol=1e-4, rtol=0)
    assert RIGHT["batch-norm"] == "They stay the same."
    before, after = (torch.softmax(each, 1).max() for each in (alone, alone + 3))
    assert float(before) == pytest.approx(float(after), abs=1e-6)
    assert RIGHT["logits"] == "It stays the same."


def test_the_window_is_one_of_the_network_and_its_maximum_is_right() -> None:
    (question,) = (item.question for item in ITEMS if item.id == "max-pool")
    window = sorted(
        float(each.strip().replace("−", "-")) for each in question.split("holds ")[1].split(". What")[0].split(",")
    )
    every = TRACE["Dropout-9"].maps.reshape(16, 11, 2, 11, 2).swapaxes(2, 3).reshape(-1, 4)
    assert (np.abs(np.sort(every, 1) - window).max(1) <= 0.005).any()
    assert float(RIGHT["max-pool"].replace("−", "-")) == max(window)


def test_the_smaller_network_is_better_in_their_cards() -> None:
    smaller, larger = (networks.by_id(id).card["test_accuracy"] for id in ("assignment", "basic"))
    assert smaller > larger
    assert RIGHT["more-parameters"] == "The smaller one."


def test_a_network_that_is_better_is_right() -> None:
    """With the networks exchanged another answer is right: the question is not settled in advance."""
    found = items._more_parameters(networks.by_id("basic"), NETWORK)
    assert found.choices[found.right] == "The larger one, by a few images."


def test_answers_can_be_read_again() -> None:
    answers = sheets.parse("ab-dab-dab")
    assert answers == (0, 1, None, 3, 0, 1, None, 3, 0, 1)
    assert sheets.write(answers) == "ab-dab-dab"


@pytest.mark.parametrize("text", ["abcd", "abcdabcdabc", "abcdeabcda", "ABCDABCDAB", ""])
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="Answers are 10 letters"):
        sheets.parse(text)


def test_sheets_are_joined() -> None:
    right = tuple(item.right for item in ITEMS)
    wrong = tuple((item.right + 1) % len(item.choices) for item in ITEMS)
    none: records.Answers = (None,) * len(ITEMS)
    text = "".join(sheets.as_csv(ITEMS, *both) for both in ((wrong, right), (right, wrong), (none, right)))
    for result, item in zip(sheets.join(ITEMS, text), ITEMS, strict=True):
        assert result == records.ClassResult(item.id, 3, before=1, after=2, fixed=2, lost=1)


@pytest.mark.parametrize("text", ["nonsense", "a,b,c,d,e,f,g", "dropout,m,1,1,1,yes,maybe", "\n\n", "x" * 2_000_001])
def test_other_sheets_are_refused(text: str) -> None:
    with pytest.raises(InputError):
        sheets.join(ITEMS, text)
