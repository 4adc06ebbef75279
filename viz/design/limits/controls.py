"""The limits in the address, and the fields that change them."""

from functools import partial
from typing import NamedTuple

import streamlit as st

from model.design.records import Assessment, Design, Limits
from model.errors import InputError
from viz.app import address, widgets
from viz.design import cache, controls
from viz.design.limits import figures

_NONE, _OFF = "none", "no_limit"
_LONGEST = 12  # characters of a number


class _Number(NamedTuple):
    """A limit that is a number.

    Attributes:
        field: Its name in the record.
        label: On the page.
        default: What the assignment sets; None where it sets none.
        low: The smallest number.
        high: The largest number.
        step: Between two numbers.
    """

    field: str
    label: str
    default: float | None
    low: float
    high: float
    step: float


_NUMBERS = {  # by the parameter of the address
    "parameters_limit": _Number("parameters", "Fewer parameters than", 20_000, 1, 100_000_000, 500),
    "epochs_limit": _Number("epochs", "Fewer epochs than", 20, 1, 1_000, 1),
    "accuracy_limit": _Number("accuracy", "Accuracy of at least, in %", 99.4, 1, 100, 0.05),
    "work_limit": _Number("multiply_accumulates", "Fewer multiply-accumulates than", None, 1, 10_000_000_000, 100_000),
}
_SWITCHES = {  # by what the address calls them
    "linear": ("no_linear", "No fully connected layer"),
    "mean": ("mean_at_end", "A mean over the whole map at the end"),
    "norm": ("batch_norm", "Batch norm"),
    "dropout": ("dropout", "Dropout"),
}


def current() -> Limits:
    """Return the limits in the address; by default the assignment's."""
    numbers = {name: _in_address(name) for name in _NUMBERS}
    off = address.read_as(_OFF, _switches, frozenset[str](), "The assignment's limits are asked for.")
    whole = {name: None if value is None else int(value) for name, value in numbers.items()}
    least = numbers["accuracy_limit"]
    return Limits(
        parameters=whole["parameters_limit"],
        multiply_accumulates=whole["work_limit"],
        epochs=whole["epochs_limit"],
        accuracy=None if least is None else least / 100,
        no_linear="linear" not in off,
        mean_at_end="mean" not in off,
        batch_norm="norm" not in off,
        dropout="dropout" not in off,
    )


def _in_address(name: str) -> float | None:
    default = _NUMBERS[name].default
    said = _NONE if default is None else f"{default:g}"
    return address.read_as(name, partial(_number, name), default, f"The limit is {said}.")


def _number(name: str, text: str) -> float | None:
    """Read a limit.

    Raises:
        InputError: It is no number, or too small or too large.
    """
    limit = _NUMBERS[name]
    if text == _NONE:
        return None
    whole, _, rest = text.partition(".")
    is_number = text.isascii() and whole.isdecimal() and (rest.isdecimal() or not rest) and len(text) <= _LONGEST
    if is_number and limit.low <= float(text) <= limit.high and (not rest or limit.step < 1):
        return float(text)
    raise InputError(
        f"'{text[:40]}' is no such limit.",
        f"It can be a number from {limit.low:g} to {limit.high:,.0f}, or {_NONE}.",
        "Leave it out.",
    )


def _switches(text: str) -> frozenset[str]:
    """Read which limits are not asked for.

    Raises:
        InputError: One of them is not there.
    """
    names = frozenset(text.split("."))
    if names <= _SWITCHES.keys():
        return names
    raise InputError(f"'{text[:40]}' names no limit.", f"It can be {', '.join(_SWITCHES)}.", "Leave it out.")


def change() -> None:
    """Let the user change the limits; an empty field sets none."""
    for place, (name, limit) in zip(st.columns(len(_NUMBERS)), _NUMBERS.items(), strict=True):
        with place:
            _number_field(name, limit)
    off = address.read_as(_OFF, _switches, frozenset[str](), "")
    key = "limits-asked"
    st.session_state[key] = [name for name in _SWITCHES if name not in off]
    st.pills(
        "Also asked for",
        [*_SWITCHES],
        selection_mode="multi",
        format_func=lambda name: _SWITCHES[name][1],
        key=key,
        on_change=address.when_chosen(key, _ask_for),
    )


def _number_field(name: str, limit: _Number) -> None:
    key = f"limit-{name}"
    value = _in_address(name)
    whole = limit.step >= 1
    st.session_state[key] = value if value is None or not whole else int(value)
    kind = int if whole else float
    st.number_input(
        limit.label,
        kind(limit.low),
        kind(limit.high),
        value=None,  # what an empty field means; without it the smallest number
        step=kind(limit.step),
        key=key,
        placeholder="no limit",
        on_change=address.when_chosen(key, partial(_choose, name)),
    )


def _choose(name: str, value: float | None) -> None:
    default = _NUMBERS[name].default
    said = _NONE if value is None else f"{value:.10g}"
    address.write(**{name: "" if value == default else said})


def _ask_for(asked: list[str]) -> None:
    address.write(**{_OFF: ".".join(name for name in _SWITCHES if name not in asked)})


def what_if(design: Design, found: Assessment) -> None:
    """Offer the changes that would bring a design under its limit of parameters, where it is over it."""
    limit = current().parameters
    if limit is None or found.parameters < limit or not found.works:
        return

    def offer() -> None:
        changes = cache.changes(controls.link(design), limit)
        st.write(figures.say(changes, found.parameters, limit))
        if changes:
            st.html(figures.changes(changes, lambda each: address.address("design", design=controls.link(each))))

    widgets.folded(f"What would bring it under {limit:,} parameters?", offer)


ALLOWED: dict[str, address.Allowed] = {  # for the parts of the page that do not show them
    **{name: partial(_number, name) for name in _NUMBERS},
    _OFF: _switches,
}
