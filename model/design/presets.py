"""Designs to begin with: networks that come along, read from their graphs, and an empty one."""

from model import networks
from model.design.from_network import design_of
from model.design.records import Design
from model.errors import InputError
from model.networks.catalogue import CATALOGUE

EMPTY = "empty"
PRESETS = {id: CATALOGUE[id].title for id in ("assignment", "padded", "residual", "lenet")} | {EMPTY: "An empty design"}


def preset(name: str) -> Design:
    """Return a design to begin with.

    Raises:
        InputError: There is none of that name.

    >>> from model.design.assess import assess
    >>> assess(preset("assignment")).parameters, assess(preset("lenet")).parameters
    (10066, 44426)
    """
    if name == EMPTY:
        return Design()
    if name not in PRESETS:
        raise InputError(
            f"There is no preset '{ascii(name)[1:-1][:40]}'.", f"There are {', '.join(PRESETS)}.", "Choose one."
        )
    return design_of(networks.by_id(name)).design
