"""Random layers and designs for hypothesis."""

from typing import Any

from hypothesis import strategies as st

from model.design.kinds import KINDS, Setting, layer
from model.design.records import Layer

_LABELS = st.sampled_from(["", "", "", "a", "skip", "b2"])


def any_layer() -> st.SearchStrategy[Layer]:
    """Draw a layer of any kind with any settings; it may fit nowhere."""
    return st.sampled_from(sorted(KINDS)).flatmap(_of_kind)


def _of_kind(kind: str) -> st.SearchStrategy[Layer]:
    settings = {setting.name: _value(setting) for setting in KINDS[kind].settings}
    sources = st.one_of(st.just(""), st.integers(0, 60).map(str), st.just("skip"))
    return st.fixed_dictionaries(settings).flatmap(
        lambda drawn: st.builds(lambda source, label: layer(kind, source, label, **drawn), sources, _LABELS)
    )


def _value(setting: Setting) -> st.SearchStrategy[Any]:
    whole = st.integers(int(setting.low), int(setting.high))
    both = st.one_of(whole, st.tuples(whole, whole))
    return {
        "flag": st.booleans(),
        "number": st.integers(int(setting.low * 100), int(setting.high * 100)).map(lambda each: each / 100),
        "whole": whole,
        "pair": both,
        "padding": st.one_of(both, st.just("same")),
        "stride": st.one_of(both, st.none()),
    }[setting.form]
