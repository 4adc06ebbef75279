"""The weights that PyTorch gives a new convolution or linear layer."""

import math

import torch
from torch import Tensor, nn


def draw_weights(module: nn.Module, generator: torch.Generator) -> None:
    """Draw weights and biases again, in place: uniform within ``±1 / √(fan in)``.

    The fan in is the number of inputs of one unit; PyTorch takes the same shape of a transposed convolution's weights.

    Args:
        module: With a weight, and perhaps a bias; a bias that is not learned is left.
        generator: For the random weights, on the device of the module.
    """
    weight, bias = module.get_parameter("weight"), module._parameters.get("bias")
    nn.init.kaiming_uniform_(weight, a=math.sqrt(5), generator=generator)
    if isinstance(bias, Tensor):
        bound = 1 / math.sqrt(weight[0].numel())
        nn.init.uniform_(bias, -bound, bound, generator=generator)
