"""Instance norm: normalise each map to mean 0 and variance 1, with statistics of the image itself."""

import numpy as np
from torch import nn

from model.graph.records import Op
from model.layers.image_norm import ImageNorm
from model.layers.layer import Shape
from model.records import Activation
from model.trace.records import Step


class InstanceNorm(ImageNorm):
    """Mean and variance over all places of one map; a scale and a shift for each map, if it learns any.

    Source: Ulyanov, Vedaldi, Lempitsky, "Instance Normalization", 2016.
    """

    kind = "instance norm"
    modules = (nn.InstanceNorm2d,)
    ops = (Op.INSTANCE_NORM,)
    about = (
        "Subtracts the mean of each map and divides by its standard deviation, both of this image. So how strong a "
        "pattern is in all does not matter, only where it is stronger."
    )
    settings = ("eps",)

    def members(self, step: Step, position: Shape) -> Activation:
        """All values of its map."""
        return np.asarray(step.input[position[0]])

    def learned(self, step: Step, position: Shape) -> Shape:
        """That of its map."""
        return position[:1]


LAYERS = (InstanceNorm(),)
