"""Group norm: normalise groups of maps to mean 0 and variance 1, with statistics of the image itself."""

from types import MappingProxyType

from torch import nn

from model.graph.records import Op
from model.layers.image_norm import ImageNorm
from model.layers.layer import Shape
from model.records import Activation
from model.trace.records import Step


class GroupNorm(ImageNorm):
    """Mean and variance over all places of the maps of a group; a scale and a shift for each map.

    Source: Wu, He, "Group Normalization", ECCV 2018.
    """

    kind = "group norm"
    modules = (nn.GroupNorm,)
    ops = (Op.GROUP_NORM,)
    names = MappingProxyType({"groups": "num_groups"})
    about = (
        "Subtracts the mean of a group of maps and divides by its standard deviation, both of this image; then scales "
        "and shifts each map by two learned numbers. It does the same in training and afterwards."
    )
    settings = ("num_groups", "eps")

    def members(self, step: Step, position: Shape) -> Activation:
        """All values of the maps of its group."""
        size = len(step.input) // step.settings["num_groups"]
        first = position[0] // size * size
        return step.input[first : first + size]

    def learned(self, step: Step, position: Shape) -> Shape:
        """That of its map."""
        return position[:1]


LAYERS = (GroupNorm(),)
