"""Changes of a design, one after another, as the arrows and switches of the editor make them."""

import random
from dataclasses import replace
from typing import Any

from model.design.assess import assess
from model.design.kinds import check, kind_of
from model.design.records import Design, Layer
from model.design.text import to_link
from model.errors import InputError


def links(begin: Design, chance: random.Random, count: int) -> list[str]:
    """Return the links of so many designs: each is the one before, the first ``begin``, with one setting changed."""
    found = []
    for _ in range(count):
        begin = edited(begin, chance)
        found.append(to_link(begin))
    return found


def edited(design: Design, chance: random.Random) -> Design:
    """Return a network that differs from a design in one setting of one layer, by one step."""
    while True:
        place = chance.randrange(len(design.layers))
        before = design.layers[place]
        layer = _stepped(before, chance)
        found = replace(design, layers=(*design.layers[:place], layer, *design.layers[place + 1 :]))
        if layer != before and assess(found).works:
            return found


def _stepped(layer: Layer, chance: random.Random) -> Layer:
    """Return a layer with one setting a step higher or lower; the same layer where that is not possible."""
    settings = kind_of(layer.kind).settings
    if not settings:
        return layer
    setting = chance.choice(settings)
    step = chance.choice((-setting.step, setting.step))
    value: Any = layer.settings[setting.name]
    if isinstance(value, bool):
        value = not value
    elif isinstance(value, tuple):
        value = tuple(side + step for side in value)
    elif isinstance(value, int | float):
        value = round(value + step, 2)
    try:
        return replace(layer, settings={**layer.settings, setting.name: check(layer.kind, setting, value)})
    except InputError:
        return layer
