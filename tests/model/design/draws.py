"""Random layers and designs for hypothesis."""

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from model.design.assess import assess
from model.design.kinds import KINDS, Setting, layer
from model.design.records import Design, Layer

LARGE = 1_000_000
_LABELS = st.sampled_from(["", "", "", "a", "skip", "b2"])
_ANY_SOURCE = st.one_of(st.just(""), st.integers(0, 60).map(str), st.just("skip"))
_ACTIVATIONS = [name for name, kind in KINDS.items() if kind.group == "Activation"]
_CHAIN = ("conv", "conv", "conv", "bn", "dropout", "dropout2d", "max", "avg", *_ACTIVATIONS)


def any_layer(
    most: int = LARGE, sources: st.SearchStrategy[str] = _ANY_SOURCE, kinds: Sequence[str] = tuple(KINDS)
) -> st.SearchStrategy[Layer]:
    """Draw a layer of some kinds with any settings, whose numbers are at most ``most``; it may fit nowhere."""
    return st.sampled_from(kinds).flatmap(lambda kind: _of_kind(kind, most, sources))


def _of_kind(kind: str, most: int, sources: st.SearchStrategy[str]) -> st.SearchStrategy[Layer]:
    settings = {setting.name: _value(setting, most) for setting in KINDS[kind].settings}
    return st.fixed_dictionaries(settings).flatmap(
        lambda drawn: st.builds(lambda source, label: layer(kind, source, label, **drawn), sources, _LABELS)
    )


@st.composite
def networks(draw: st.DrawFn, layers: int = 24, kinds: Sequence[str] = _CHAIN) -> Design:
    """Draw a design that is a network, with branches: layers that do not fit are left out."""
    side = draw(st.integers(9, 28))
    design = Design((), (draw(st.sampled_from([1, 3])), side, draw(st.integers(9, 28))))
    for _ in range(draw(st.integers(1, layers))):
        one = draw(any_layer(6, st.just(""), kinds))
        for added in draw(st.sampled_from([[one], [one], _branch(draw, design)])):
            longer = Design((*design.layers, added), design.input_shape)
            design = longer if assess(longer).rows[-1].works else design
    ends = [[layer("conv", kernels=10, size=1), layer("gap")], [layer("gap"), layer("flatten"), layer("linear")]]
    return Design((*design.layers, *draw(st.sampled_from(ends))), design.input_shape)


def _branch(draw: st.DrawFn, design: Design) -> list[Layer]:
    """Draw a 1 × 1 convolution of an earlier layer, which is joined with the last one; maps must have one size."""
    rows = assess(design).rows
    fitting = [place for place, row in enumerate(rows, 1) if row.shape[1:] == rows[-1].shape[1:]]
    if not fitting:
        return []
    kind, source = draw(st.sampled_from(["add", "cat"])), str(draw(st.sampled_from(fitting)))
    kernels = rows[-1].shape[0] if kind == "add" else draw(st.integers(1, 4))
    return [layer("conv", source, kernels=kernels, size=1), layer(kind, str(len(rows)))]


def _value(setting: Setting, most: int) -> st.SearchStrategy[Any]:
    whole = st.integers(int(setting.low), min(most, int(setting.high)))
    both = st.one_of(whole, st.tuples(whole, whole))
    return {
        "flag": st.booleans(),
        "number": st.integers(int(setting.low * 100), int(setting.high * 100)).map(lambda each: each / 100),
        "whole": whole,
        "pair": both,
        "padding": st.one_of(both, st.just("same")),
        "stride": st.one_of(both, st.none()),
    }[setting.form]
