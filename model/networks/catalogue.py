"""The networks that come along, by id: what each takes, and what it teaches. Reading this takes no PyTorch."""

from dataclasses import dataclass

from model.images.records import MEAN, SHAPES, STD
from model.networks.records import ImageSpec

_DIGIT = ImageSpec(1, 28, 28, (MEAN,), (STD,))
_COLOUR = ImageSpec(3, 32, 32, (0.5, 0.5, 0.5), (0.25, 0.25, 0.25))
_DIGITS = tuple(map(str, range(10)))


@dataclass(frozen=True, slots=True)
class Entry:
    """A network that comes along.

    Args:
        title: What pages call it.
        teaches: What one sees in it, in a line.
        input: What it takes.
        classes: K names.
    """

    title: str
    teaches: str
    input: ImageSpec = _DIGIT
    classes: tuple[str, ...] = _DIGITS


ASSIGNMENT = "assignment"
CATALOGUE = {
    ASSIGNMENT: Entry(
        "The assignment's network",
        "How a digit becomes ten numbers in 23 rows, without padding and with a mean in place of a dense layer.",
    ),
    "padded": Entry(
        "Padded network",
        "How padding keeps the size of maps; batch norm before ReLU, which folds into the convolution before it.",
    ),
    "residual": Entry(
        "Residual network",
        "Two ways to the same unit: a sum of two branches, whose receptive field is the union of both fields.",
    ),
    "separable": Entry(
        "Separable network",
        "What a 3x3 convolution costs and need not cost; how dilation widens the receptive field.",
    ),
    "compact": Entry(
        "Compact network",
        "How few parameters are enough: 7,834, found on the page Design lab, and no bias where a batch norm follows.",
    ),
    "lenet": Entry(
        "LeNet-5 for 28x28 pixels",
        "Where 44,426 parameters sit: 94 of 100 in three linear layers; a head that is not a mean.",
    ),
    "basic": Entry(
        "PyTorch's MNIST example",
        "1,199,882 parameters, nearly 120 times those of the assignment: for how much accuracy?",
    ),
    "shapes": Entry(
        "Coloured shapes",
        "Colour: three input channels, classes with names, and pictures without ink and paper.",
        _COLOUR,
        SHAPES,
    ),
}
BUILT_IN = tuple(CATALOGUE)
