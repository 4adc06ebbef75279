"""The assignment's network: 23 rows, 10,066 parameters, one module for every visible step."""

import copy
from collections import OrderedDict
from typing import Any, TypeVar

from torch import Tensor, nn

M = TypeVar("M", bound=nn.Module)

DROPOUT = 0.10
PARAMETERS = 10_066
IMAGE_SHAPE = (1, 28, 28)


class AssignmentNetwork(nn.Sequential):
    """Compute ten logits for a normalised digit.

    Every step is its own module and works out of place, so every step can have a hook and every
    activation is kept. The printed table leaves out the ReLUs; here they are modules too, each
    named after the convolution before it.

    Args:
        dropout: Probability that a dropout row drops a value, in [0, 1).

    Shape:
        (N, 1, 28, 28) -> (N, 10), logits.

    >>> sum(parameter.numel() for parameter in AssignmentNetwork().parameters())
    10066
    """

    def __init__(self, dropout: float = DROPOUT) -> None:
        steps = OrderedDict[str, nn.Module]()  # the comments give the activation's shape (C, H, W)

        steps["Conv2d-1"] = nn.Conv2d(1, 8, kernel_size=3)  # (8, 26, 26)
        steps["ReLU-1"] = nn.ReLU()
        steps["BatchNorm2d-2"] = nn.BatchNorm2d(8)
        steps["Dropout-3"] = nn.Dropout(dropout)

        steps["Conv2d-4"] = nn.Conv2d(8, 16, kernel_size=3)  # (16, 24, 24)
        steps["ReLU-4"] = nn.ReLU()
        steps["BatchNorm2d-5"] = nn.BatchNorm2d(16)
        steps["Dropout-6"] = nn.Dropout(dropout)

        steps["Conv2d-7"] = nn.Conv2d(16, 16, kernel_size=3)  # (16, 22, 22)
        steps["ReLU-7"] = nn.ReLU()
        steps["BatchNorm2d-8"] = nn.BatchNorm2d(16)
        steps["Dropout-9"] = nn.Dropout(dropout)

        steps["MaxPool2d-10"] = nn.MaxPool2d(2)  # (16, 11, 11)
        steps["BatchNorm2d-11"] = nn.BatchNorm2d(16)
        steps["Dropout-12"] = nn.Dropout(dropout)

        steps["Conv2d-13"] = nn.Conv2d(16, 8, kernel_size=1)  # (8, 11, 11)
        steps["ReLU-13"] = nn.ReLU()
        steps["BatchNorm2d-14"] = nn.BatchNorm2d(8)
        steps["Dropout-15"] = nn.Dropout(dropout)

        steps["Conv2d-16"] = nn.Conv2d(8, 16, kernel_size=3)  # (16, 9, 9)
        steps["ReLU-16"] = nn.ReLU()
        steps["BatchNorm2d-17"] = nn.BatchNorm2d(16)
        steps["Dropout-18"] = nn.Dropout(dropout)

        steps["Conv2d-19"] = nn.Conv2d(16, 32, kernel_size=3)  # (32, 7, 7)
        steps["ReLU-19"] = nn.ReLU()
        steps["BatchNorm2d-20"] = nn.BatchNorm2d(32)
        steps["Dropout-21"] = nn.Dropout(dropout)

        steps["AvgPool2d-22"] = nn.AvgPool2d(7)  # (32, 1, 1)
        steps["Conv2d-23"] = nn.Conv2d(32, 10, kernel_size=1)  # (10, 1, 1)
        super().__init__(steps)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (N, 10) for normalised images (N, 1, 28, 28)."""
        for step in self:
            x = step(x)
        # Not nn.Flatten: Captum's layer-wise relevance propagation raises on that module.
        return x.flatten(1)

    def __deepcopy__(self, memo: dict[int, Any]) -> "AssignmentNetwork":
        """Copy the network faster than PyTorch does."""
        memo[id(self)] = private = _copy_module(self, memo)
        return private


def _copy_module(module: M, memo: dict[int, Any]) -> M:
    """Copy a module and its submodules: tensors are cloned, dictionaries are copied."""
    copied = module.__new__(type(module))
    for name, value in vars(module).items():
        copied.__dict__[name] = value.copy() if isinstance(value, dict) else copy.deepcopy(value, memo)
    for name, parameter in module._parameters.items():
        if parameter is not None:
            copied._parameters[name] = nn.Parameter(parameter.detach().clone(), parameter.requires_grad)
    for name, buffer in module._buffers.items():
        copied._buffers[name] = None if buffer is None else buffer.clone()
    for name, submodule in module._modules.items():
        copied._modules[name] = None if submodule is None else _copy_module(submodule, memo)
    return copied
