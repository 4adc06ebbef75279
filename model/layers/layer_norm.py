"""Layer norm: normalise the values along the last axes to mean 0 and variance 1, with statistics of the image."""

from types import MappingProxyType

import numpy as np
from torch import nn

from model.graph.records import Op
from model.layers.image_norm import ImageNorm
from model.layers.layer import Shape
from model.records import Activation
from model.trace.records import Step


class LayerNorm(ImageNorm):
    """Mean and variance over the last axes; a scale and a shift for each place in them.

    Source: Ba, Kiros, Hinton, "Layer Normalization", 2016.
    """

    kind = "layer norm"
    modules = (nn.LayerNorm,)
    ops = (Op.LAYER_NORM,)
    names = MappingProxyType({"shape": "normalized_shape"})
    about = (
        "Subtracts the mean of all values along the last axes and divides by their standard deviation, both of this "
        "image; then scales and shifts each place by two learned numbers."
    )
    settings = ("normalized_shape", "eps")

    def members(self, step: Step, position: Shape) -> Activation:
        """All values that differ from it in the last axes alone."""
        first = step.input.ndim - len(step.settings["normalized_shape"])
        return np.asarray(step.input[position[:first]])

    def learned(self, step: Step, position: Shape) -> Shape:
        """That of its place in the last axes."""
        return position[step.input.ndim - len(step.settings["normalized_shape"]) :]


LAYERS = (LayerNorm(),)
