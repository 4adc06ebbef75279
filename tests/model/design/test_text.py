"""A design as text and as part of a link: both are read back as the same design, and damage gets a sentence."""

import re
from dataclasses import replace
from urllib.parse import quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.design import text
from model.design.kinds import KINDS, layer
from model.design.records import Design, Layer
from model.errors import InputError
from tests.model.design.draws import any_layer

designs = st.builds(
    Design,
    st.lists(any_layer(), max_size=30).map(tuple),
    st.tuples(st.sampled_from([1, 3]), st.integers(1, 64), st.integers(1, 64)),
    st.integers(2, 100),
)


def without_references(design: Design) -> Design:
    """Return a design as it is read from code: without labels, and positions and strides only where they are needed."""
    positions, layers = dict[str, int](), list[Layer]()
    for place, each in enumerate(design.layers, 1):
        source = str(positions.get(each.source, each.source))
        needless = source == str(place - 1) and not KINDS[each.kind].joins
        usual = (
            {"stride": None} if each.settings.get("stride") == each.settings.get("size") and each.kind != "conv" else {}
        )
        own = {name: value for name, value in {**each.settings, **usual}.items() if name in each.settings}
        layers.append(replace(each, settings=own, source="" if needless else source, label=""))
        positions |= {each.label: place} if each.label else {}
    return replace(design, layers=tuple(layers))


@settings(max_examples=60, deadline=None)
@given(designs)
def test_text_and_link_are_read_back_as_the_same_design(design: Design) -> None:
    assert text.read(text.write(design)) == design
    link = text.to_link(design)
    assert text.from_link(link) == design
    assert quote_plus(link) == link


def test_every_kind_can_be_written_with_its_defaults() -> None:
    design = Design(tuple(map(layer, KINDS)))
    assert text.read(text.write(design)) == design


@pytest.mark.parametrize(
    ("given_text", "said"),
    [
        ("conv 16 3\nconvv 8 3", "Line 2: There is no layer 'convv'. Layers are conv, bn"),
        ("conv 16 3\n\nconv 0 3", "Line 3: 'conv' has kernels = 0. It is a whole number from 1 to 1,024."),
        ("conv 8 3 pading=1", "Line 1: 'pading=1' is not understood. 'conv' has the settings: kernels, size"),
        ("conv 8 1000000000", "Line 1: 'conv' has size = 1000000000x1000000000. "),
        ("max 2x2x2", "Line 1: '2x2x2' is not understood. It is a whole number such as 3, or for y and x 3x1."),
        ("dropout 2", "Line 1: 'dropout' has p = 2.0. It is a number from 0 to 0.95."),
        ("add @-1", "Line 1: '@-1' is not understood."),
        ("input 1 28", "Line 1: 'input 1 28' is not understood. After input come 3 whole numbers"),
        ("relu\n" * 61, "Line 61: it is layer 61. A design has at most 60."),
        ("x" * 8_001, "The text has 8,001 characters."),
    ],
)
def test_damaged_text_gets_a_sentence_with_its_line(given_text: str, said: str) -> None:
    with pytest.raises(InputError, match=re.escape(said)):
        text.read(given_text)


def test_a_link_with_a_sign_is_refused() -> None:
    with pytest.raises(InputError, match=re.escape("'conv--4-3' has two hyphens together. One stands for a space")):
        text.from_link("relu_conv--4-3_gap")


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_any_link_is_a_design_or_gets_a_sentence(link: str) -> None:
    try:
        design = text.from_link(link)
    except InputError:
        return
    assert text.from_link(text.to_link(design)) == design


def test_comments_commas_and_empty_lines_are_skipped() -> None:
    assert text.read("# mine\n\nconv 16, 3  # first\n") == Design((layer("conv"),))
