"""Check the arguments of ``attribute``; each error says what is allowed."""

import math
from collections.abc import Mapping
from typing import get_args

import torch
from torch import Tensor, nn

from model.errors import InputError
from model.graph.module import NetworkModule
from model.networks.assignment.network import IMAGE_SHAPE
from model.saliency.parts import Parts
from model.saliency.records import Method, MethodOption, Output
from model.saliency.registry import METHODS, obstacle

_WITH_MAPS = (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d, nn.Dropout)


def image(network: nn.Module, x: Tensor) -> None:
    """Refuse anything that is not one normalised image of the network's shape, of finite values."""
    graph = isinstance(network, NetworkModule)
    shape = (1, *network.graph.input_shape) if isinstance(network, NetworkModule) else (1, *IMAGE_SHAPE)
    if tuple(x.shape) != shape or not torch.isfinite(x).all():
        kind = f"of shape {tuple(x.shape)}" if tuple(x.shape) != shape else "with values that are not finite"
        raise InputError(
            f"An image {kind} cannot be explained.",
            f"It must be one {'image' if graph else 'digit'} {shape} of finite values.",
            "Give the image that the network takes." if graph else "Take one from model.images.digits.to_input.",
        )


def applies(chosen: Method, network: Parts) -> None:
    """Refuse a method that does not apply to the network."""
    why = obstacle(chosen.name, network)
    if why:
        raise InputError(
            f"{chosen.title} does not apply to this network.", why, "Choose a method of gradients, or one that covers."
        )


def method(name: str) -> Method:
    """Return the description of a method, or refuse its name."""
    if name not in METHODS:
        raise InputError(f"There is no method '{name}'.", f"There are {', '.join(METHODS)}.", "Choose one of them.")
    return METHODS[name]


def output(chosen: Method, name: str) -> None:
    """Refuse an output that does not exist, or that the method cannot explain."""
    if name not in get_args(Output):
        raise InputError(
            f"There is no output '{name}'.", f"There are {', '.join(get_args(Output))}.", "Choose one of them."
        )
    if name not in chosen.outputs:
        raise InputError(
            f"{chosen.title} cannot explain a {_words(name)}.",
            f"It explains a {' or a '.join(map(_words, chosen.outputs))}.",
            "Choose one of these, or another method.",
        )


def options(chosen: Method, given: Mapping[str, float]) -> dict[str, float]:
    """Return all options of a method, with the defaults for those not given; refuse a value out of range."""
    known = {option.name: option for option in chosen.options}
    for name, value in given.items():
        if name not in known:
            raise InputError(
                f"{chosen.title} has no option '{name}'.",
                f"Its options are {', '.join(known) or 'none'}.",
                "Leave it out.",
            )
        if not _allows(known[name], value):
            raise InputError(
                f"{chosen.title} cannot take {name} = {value}.",
                f"It is a {_kind(known[name])} from {known[name].least} to {known[name].most}.",
                f"Choose another value; the default is {known[name].default}.",
            )
    return {name: given.get(name, option.default) for name, option in known.items()}


def classes(count: int, target: int, name: str, against: int | None) -> int | None:
    """Return the other class of a difference, None for other outputs; refuse classes that do not exist."""
    against = against if name == "difference" else None
    for each in (target, against):
        if each is not None and each not in range(count):
            raise InputError(f"There is no class {each}.", f"There are 0 to {count - 1}.", "Choose one of them.")
    if name == "difference" and against in {None, target}:
        raise InputError(
            f"A difference of class {target} and {'no other class' if against is None else 'itself'} says nothing.",
            f"It needs another class, 0 to {count - 1}, in against.",
            "Choose one.",
        )
    return against


def layer(network: Parts, name: str) -> str:
    """Return the name of a step whose maps Grad-CAM can use, or refuse it."""
    windows = [each for each, step in network.steps.items() if isinstance(step, _WITH_MAPS)]
    known = windows if network.sites is None else network.sites
    if name not in known:
        kinds = "a convolution, a pool or a dropout" if network.sites is None else "a step with maps"
        raise InputError(
            f"Grad-CAM cannot use the maps of '{name}'.",
            f"It can use those of {kinds}: {', '.join(known)}.",
            "Choose one of these.",
        )
    return name


def step(network: Parts, name: str) -> str:
    """Return the name of a step whose activation can be explained, or refuse it."""
    known = network.steps if network.sites is None else network.sites
    if name not in known:
        raise InputError(f"There is no step '{name}'.", f"There are {', '.join(known)}.", "Choose one of them.")
    return name


def _is_whole(option: MethodOption) -> bool:
    return float(option.step).is_integer()


def _allows(option: MethodOption, value: float) -> bool:
    in_range = math.isfinite(value) and option.least <= value <= option.most
    return in_range and (float(value).is_integer() or not _is_whole(option))


def _kind(option: MethodOption) -> str:
    return "whole number" if _is_whole(option) else "number"


def _words(name: str) -> str:
    return {"log_probability": "log-probability", "difference": "difference of logits"}.get(name, name)
