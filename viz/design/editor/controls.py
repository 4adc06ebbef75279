"""The editor on the page: what it is given, and what becomes of an edit."""

from collections.abc import Mapping, Sequence
from functools import cache, partial
from typing import Any

import streamlit as st

from model.design import text
from model.design.kinds import KINDS, Kind, Setting, layer
from model.design.records import Assessment, Design, Layer
from model.design.worked import worked
from model.errors import InputError
from model.parameters.records import Limit
from model.trace.records import LayerKind
from viz import theme
from viz.app import components, projector, shared, sidebar, tables, widgets
from viz.app.markdown import escape_markdown
from viz.design import controls
from viz.design.editor import figures
from viz.pictures import raster

_REFUSAL = "why the last edit was refused"
_NEAR = 9  # rows that a projector shows around the selected one
_COMMON = ("conv", "bn", "relu", "dropout", "max", "gap", "flatten", "linear")  # a button each; others are in a list
_BLOCK = (layer("conv", kernels=16), layer("relu"), layer("bn"), layer("dropout", p=0.1))
_COLOURED_AS = {  # by group, or by kind where its group has several
    "Convolution": LayerKind.CONVOLUTION,
    "bn": LayerKind.BATCH_NORM,
    "Norm and dropout": LayerKind.DROPOUT,
    "Activation": LayerKind.RELU,
    "max": LayerKind.MAX_POOL,
    "Pool": LayerKind.AVERAGE_POOL,
    "linear": LayerKind.LINEAR,
    "Head": LayerKind.FLATTEN,
    "Join": theme.JOIN,
}


def show(design: Design, found: Assessment, limits: Sequence[Limit]) -> None:
    """Show the layers to edit, with what each costs and sees, their sums, and which limits hold."""
    if refusal := st.session_state.pop(_REFUSAL, ""):
        st.error(escape_markdown(f"{refusal} The design before it stays."))
    said = figures.say(found, design.input_shape[1:])
    data = _data(design, found, limits, said)
    widgets.figure(
        lambda: components.design_editor(data, _edit),
        said,
        tables.CsvFile("Download the layers as CSV", partial(figures.table_csv, found), "design.csv"),
    )


def _edit(edited: str) -> None:
    try:
        controls.write(text.read(edited))
    except InputError as error:
        st.session_state[_REFUSAL] = str(error)


def _data(design: Design, found: Assessment, limits: Sequence[Limit], said: str) -> dict[str, Any]:
    problem = found.problem
    return {
        **_table(),
        "head": text.write(Design((), design.input_shape, design.classes)).splitlines(),
        "layers": [_layer(each, row.inputs) for each, row in zip(design.layers, found.rows, strict=True)],
        "rows": figures.rows(found, worked(design, found)),
        "totals": figures.totals(found),
        "most": figures.most(found),
        "problem": {"sentence": problem.sentence, "fits": problem.fits} if problem else None,
        "limits": figures.limits(limits),
        "says": said,
        "picture": raster.image(shared.fitted_pixels(sidebar.current_digit().pixels)),
        "image": design.input_shape[1:],
        "near": _NEAR if projector.is_on() else 0,
    }


@cache
def _table() -> Mapping[str, Any]:
    """Return what can be added, and the fields of each kind."""
    return {"kinds": [*map(_kind, KINDS.values())], "common": _COMMON, "block": [*map(_layer, _BLOCK)]}


def _layer(given: Layer, inputs: Sequence[int] = ()) -> dict[str, Any]:
    """Return a layer with its values as text, and the position of the earlier layer that it names."""
    values = {each.name: text.write_value(given.settings[each.name]) for each in KINDS[given.kind].settings}
    source = inputs[-1] if given.source and inputs else None
    return {"kind": given.kind, "values": values, "source": source, "label": given.label}


def _kind(kind: Kind) -> dict[str, Any]:
    colour = theme.KIND_COLOURS[_COLOURED_AS.get(kind.name) or _COLOURED_AS[kind.group]]
    return {
        "name": kind.name,
        "title": kind.title,
        "group": kind.group,
        "joins": kind.joins,
        "plain": not kind.settings,
        "colour": colour,
        "settings": [*map(_setting, kind.settings)],
    }


def _setting(setting: Setting) -> dict[str, Any]:
    """Return a setting as the editor's field needs it; ``optional`` are words that it can have in place of a number."""
    return {
        "name": setting.name,
        "label": setting.label,
        "form": setting.form,
        "value": text.write_value(setting.default),
        "low": setting.low,
        "high": setting.high,
        "step": setting.step,
        "bare": setting.bare,
        "optional": {"padding": ["same"], "stride": [""]}.get(setting.form, []),
    }
