"""Formulas set as mathematics: nothing is lost, and everything that the network is worked out with can be set."""

import re
from html import unescape

import pytest
import torch

from model import layers, receptive_field
from model.networks.assignment.network import AssignmentNetwork
from model.trace import record
from model.trace.records import Trace
from viz.pictures.mathematics import typeset

NETWORK = AssignmentNetwork().eval()
TRACE: Trace = record(NETWORK, torch.randn(1, 1, 28, 28, generator=torch.Generator().manual_seed(3)))


def seen(text: str) -> str:
    """Return the letters and signs that are drawn."""
    return unescape(re.sub(r"<[^>]*>", "", typeset(text)))


def formulas() -> list[str]:
    every = []
    for step, worked in zip(TRACE.steps, layers.arithmetic(TRACE).values(), strict=True):
        explained = layers.explain(TRACE, step.name, (0, 0, 0))
        every += [explained.symbols, explained.formula, worked.parameter_line]
        for line in (*worked.shape, *worked.parameters, worked.multiply_accumulates, worked.memory):
            every += [line.symbols, line.numbers]
    for growth in receptive_field.growth(NETWORK):
        every += [growth.size, growth.jump, growth.center]
    return every


def test_every_number_and_name_of_every_formula_is_drawn_in_order() -> None:
    pieces = re.compile(r"[\w.,]+|[=+−×√Σ]")
    for text in (each for each in formulas() if not re.search(r"[0-9]e[+-]", each)):
        assert pieces.findall(re.sub(r"<[^>]*>", " ", typeset(text))) == pieces.findall(text)
        assert f'aria-label="{text}"' in typeset(text)


def test_every_line_that_divides_is_a_fraction() -> None:
    divided = [text for text in formulas() if " / " in text]
    assert len(divided) > 40
    for text in divided:
        assert typeset(text).count('class="fraction"') == text.count(" / ")


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("(a − b) / √(c + ε) × d", "a − b√c + ε × d"),
        ("⌊(11 − 3) / 1⌋ + 1 = 9", "11 − 31 + 1 = 9"),
        ("1e-05 + 4.2e+09", "10−5 + 4.2 × 109"),
        ("a × (b + c)", "a × (b + c)"),
        ("((a)) / 2", "(a)2"),
        ("max(0, (−1.5)) = 0", "max(0, (−1.5)) = 0"),
        ("none: of these", "none: of these"),
        ("a / / b", "a / / b"),
        ("(a", "(a"),
        ("", ""),
        ("<b> & 2", "<b> & 2"),
    ],
)
def test_brackets_go_where_a_bar_holds_together_and_only_there(text: str, drawn: str) -> None:
    assert seen(text) == drawn


def test_what_is_no_formula_cannot_smuggle_html() -> None:
    assert "<b" not in typeset('"><b onclick="x">')
