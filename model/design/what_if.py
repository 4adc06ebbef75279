"""What would bring a design under a limit of parameters: changes of one kind each, worked out one by one."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from model.design.assess import assess, problem_of
from model.design.kinds import layer
from model.design.nodes import steps_of
from model.design.records import Assessment, Design, Layer, WhatIf
from model.design.text import write

_MOST = 8  # changes that are given


def what_if(design: Design, limit: int) -> tuple[WhatIf, ...]:
    r"""Return the cheapest changes that bring a design under a limit, or as near to it as each can.

    Those that are enough come first, and of them the one that takes the fewest parameters away.

    Args:
        design: A network.
        limit: It must have fewer parameters.

    Returns:
        Nothing where the design is no network, or is under the limit.

    >>> from model.design.text import read
    >>> [each.change for each in what_if(read("conv 16 3\nrelu\nconv 10 26"), 65_000)][:1]
    ['Layer 1: 9 kernels in place of 16.']
    """
    now = assess(design)
    if not now.works or now.parameters < limit:
        return ()
    found = [_tried(change, changed, limit) for change, changed in _changes(design, now, limit)]
    useful = {write(each.design): each for each in found if each is not None and each.parameters < now.parameters}
    ranked = sorted(
        useful.values(), key=lambda each: (not each.under, -each.parameters if each.under else each.parameters)
    )
    return tuple(ranked[:_MOST])


def _tried(change: str, changed: Design, limit: int) -> WhatIf | None:
    """Work out a change, without receptive fields, which nothing here asks for."""
    steps = steps_of(changed)
    if not all(step.node for step in steps) or problem_of(changed, steps):
        return None
    parameters = sum(step.parameters for step in steps)
    products = sum(step.node.multiply_accumulates for step in steps if step.node)
    return WhatIf(change, changed, parameters, products, parameters < limit)


def _changes(design: Design, now: Assessment, limit: int) -> Iterator[tuple[str, Design]]:
    yield from _all_thinner(design, limit)
    yield from _no_biases(design)
    yield from _mean_for_linear(design, now)
    for place, each in enumerate(design.layers):
        if each.kind == "conv":
            yield from _thinner(design, place, limit)
            yield from _one_by_one(design, place)
            yield from _separable(design, place, now)
        elif each.kind == "linear" and place < len(design.layers) - 1:
            yield from _thinner(design, place, limit)


def _with(design: Design, place: int, **settings: Any) -> Design:
    changed = replace(design.layers[place], settings={**design.layers[place].settings, **settings})
    return replace(design, layers=(*design.layers[:place], changed, *design.layers[place + 1 :]))


def _most_under(build: Callable[[int], Design], below: int, limit: int) -> int:
    """Return the largest number from 1 below some number whose design is under the limit, else 1."""
    low, high = 1, below
    while high - low > 1:
        middle = (low + high) // 2
        steps = steps_of(build(middle))
        fits = all(step.node for step in steps) and sum(step.parameters for step in steps) < limit
        low, high = (middle, high) if fits else (low, middle)
    return low


def _thinner(design: Design, place: int, limit: int) -> Iterator[tuple[str, Design]]:
    """Fewer kernels, or units, in one layer."""
    name, what = ("kernels", "kernels") if design.layers[place].kind == "conv" else ("units", "units")
    now = design.layers[place].settings[name]
    fewer = _most_under(lambda count: _with(design, place, **{name: count}), now, limit)
    if 1 < fewer < now:  # with a single one the limit may not be reached, and nothing is left to learn
        yield f"Layer {place + 1}: {fewer} {what} in place of {now}.", _with(design, place, **{name: fewer})


def _all_thinner(design: Design, limit: int) -> Iterator[tuple[str, Design]]:
    """The same share of kernels fewer in every layer; those that give the classes stay."""

    def build(share: int) -> Design:
        return replace(design, layers=tuple(_scaled(each, share / 100, design.classes) for each in design.layers))

    share = _most_under(build, 100, limit)
    yield f"Every convolution: {share} % of its kernels.", build(share)


def _scaled(each: Layer, share: float, classes: int) -> Layer:
    kernels = each.settings.get("kernels", 1)
    if kernels in {1, classes}:
        return each
    return replace(each, settings={**each.settings, "kernels": max(1, round(kernels * share))})


def _no_biases(design: Design) -> Iterator[tuple[str, Design]]:
    """A batch norm after a convolution subtracts the mean, and with it any bias."""
    pairs = zip(design.layers, (*design.layers[1:], Layer("")), strict=True)
    bare = tuple(
        replace(each, settings={**each.settings, "bias": False})
        if each.kind == "conv" and after.kind == "bn" and not after.source
        else each
        for each, after in pairs
    )
    if bare != design.layers:
        yield "No bias before a batch norm, which adds its own.", replace(design, layers=bare)


def _mean_for_linear(design: Design, now: Assessment) -> Iterator[tuple[str, Design]]:
    """A 1 × 1 convolution to the classes and a mean over the whole map, in place of all from the last flatten on."""
    flats = [place for place, each in enumerate(design.layers) if each.kind == "flatten"]
    if not flats or not any(each.kind == "linear" for each in design.layers):
        return
    place = flats[-1]
    ending = (layer("conv", kernels=design.classes, size=1), layer("gap"))
    said = f"Layers {place + 1} to {len(design.layers)}: conv {design.classes} 1 and a mean, in place of Linear."
    yield said, replace(design, layers=(*design.layers[:place], *ending))
    if now.rows[place].inputs == (place,) and design.layers[place - 1].kind != "gap":
        meant = (*design.layers[:place], layer("gap"), *design.layers[place:])
        yield f"Layer {place + 1}: a mean over the whole map before flatten.", replace(design, layers=meant)


def _one_by_one(design: Design, place: int) -> Iterator[tuple[str, Design]]:
    """A 1 × 1 kernel in place of a larger one; padding that kept the size of the maps goes with it."""
    size = design.layers[place].settings["size"]
    if size != (1, 1):
        said = f"Layer {place + 1}: a 1 × 1 kernel in place of {size[0]} × {size[1]}."
        yield said, _with(design, place, size=(1, 1), padding=(0, 0), dilation=(1, 1))


def _separable(design: Design, place: int, now: Assessment) -> Iterator[tuple[str, Design]]:
    """A kernel for each channel alone, and a 1 × 1 convolution that mixes the channels."""
    each, source = design.layers[place], now.rows[place].inputs[0]
    channels = now.rows[source - 1].shape[0] if source else design.input_shape[0]
    s = each.settings
    if s["size"] == (1, 1) or s["groups"] > 1 or channels == 1:
        return
    alone = replace(each, settings={**s, "kernels": channels, "groups": channels, "bias": False}, label="")
    mixing = layer("conv", label=each.label, kernels=s["kernels"], size=1, bias=s["bias"])
    later = tuple(_moved(other, place + 1) for other in design.layers[place + 1 :])
    said = f"Layer {place + 1}: a kernel for each channel alone, then conv {s['kernels']} 1."
    yield said, replace(design, layers=(*design.layers[:place], alone, mixing, *later))


def _moved(each: Layer, after: int) -> Layer:
    """Return a layer whose references by position count one layer more from a position on."""
    if not each.source.isdigit() or int(each.source) < after:
        return each
    return replace(each, source=str(int(each.source) + 1))
