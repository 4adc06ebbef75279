"""What can be asked, and the sentence for what cannot."""

import math
from collections.abc import Mapping
from typing import get_args

import torch
from torch import Tensor, nn

from model.errors import InputError
from model.networks.assignment.network import IMAGE_SHAPE
from model.saliency.methods import METHODS
from model.saliency.records import Method, MethodOption, Output

_WITH_MAPS = (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d, nn.Dropout)


def image(x: Tensor) -> None:
    """Refuse what is not one normalised digit (1, 1, 28, 28) of finite values."""
    if tuple(x.shape) != (1, *IMAGE_SHAPE) or not torch.isfinite(x).all():
        kind = (
            f"of shape {tuple(x.shape)}" if tuple(x.shape) != (1, *IMAGE_SHAPE) else "with values that are not finite"
        )
        raise InputError(
            f"An image {kind} cannot be explained.",
            f"It must be one digit {(1, *IMAGE_SHAPE)} of finite values.",
            "Take one from model.images.digits.to_input.",
        )


def method(name: str) -> Method:
    """Return what is known of a method, or refuse its name."""
    if name not in METHODS:
        raise InputError(f"There is no method '{name}'.", f"There are {', '.join(METHODS)}.", "Choose one of them.")
    return METHODS[name]


def output(chosen: Method, name: str) -> None:
    """Refuse an output that there is not, or that the method cannot explain."""
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
    """Return every option of a method, the defaults where nothing is given; refuse what is out of range."""
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
                f"Choose another; {known[name].default} is usual.",
            )
    return {name: given.get(name, option.default) for name, option in known.items()}


def classes(count: int, target: int, name: str, against: int | None) -> int | None:
    """Return the class that the target is held against, where it is; refuse classes that there are not."""
    against = against if name == "difference" else None
    for each in (target, against):
        if each is not None and each not in range(count):
            raise InputError(f"There is no class {each}.", f"There are 0 to {count - 1}.", "Choose one of them.")
    if name == "difference" and against in {None, target}:
        raise InputError(
            f"A difference of class {target} and {'no other' if against is None else 'itself'} says nothing.",
            f"It needs another class, 0 to {count - 1}, in against.",
            "Choose one.",
        )
    return against


def layer(steps: Mapping[str, nn.Module], name: str) -> str:
    """Return the name of a step whose maps can be looked at, or refuse it."""
    known = [each for each, step in steps.items() if isinstance(step, _WITH_MAPS)]
    if name not in known:
        raise InputError(
            f"Grad-CAM cannot look at '{name}'.",
            f"It can look at a convolution, a pool or a dropout: {', '.join(known)}.",
            "Choose one of these.",
        )
    return name


def step(steps: Mapping[str, nn.Module], name: str) -> str:
    """Return the name of a step, or refuse it."""
    if name not in steps:
        raise InputError(f"There is no step '{name}'.", f"There are {', '.join(steps)}.", "Choose one of them.")
    return name


def _is_whole(option: MethodOption) -> bool:
    return float(option.step).is_integer()


def _allows(option: MethodOption, value: float) -> bool:
    fits = math.isfinite(value) and option.least <= value <= option.most
    return fits and (float(value).is_integer() or not _is_whole(option))


def _kind(option: MethodOption) -> str:
    return "whole number" if _is_whole(option) else "number"


def _words(name: str) -> str:
    return {"log_probability": "log-probability", "difference": "difference of logits"}.get(name, name)
