"""The glossary: what each word means, and where one sees it. Pages open these words where they use them."""

from collections.abc import Mapping
from typing import NamedTuple


class Term(NamedTuple):
    """A word.

    Attributes:
        means: One or two sentences.
        page: The file of the page that shows it.
        link: What that page is asked to show.
    """

    means: str
    page: str
    link: Mapping[str, str] = {}


GLOSSARY: Mapping[str, Term] = {
    "assignment": Term(
        "The task of a course on deep learning that the first network answers, as a student wrote and trained it: "
        "read MNIST with few parameters.",
        "parameters",
    ),
    "attribution": Term("A number for each pixel: how much it supports a class, by one method.", "saliency"),
    "baseline": Term(
        "The picture that a method compares yours with, for example an all-black one. It stands for “nothing to see”.",
        "saliency",
    ),
    "batch norm": Term(
        "Subtracts a mean from each channel and divides by a standard deviation; then a learned scale and shift.",
        "batch_norm",
    ),
    "bias": Term("A learned number that is added to a sum. It is the same for every picture.", "layers"),
    "calibration": Term(
        "Whether probabilities can be trusted: of all answers that are given with 90 %, 90 % should be right.",
        "mistakes",
        {"mistakes_view": "calibration"},
    ),
    "channel": Term(
        "One of several grids of numbers that belong together: the red of a picture, or one feature map of a step.",
        "feature_maps",
    ),
    "class map": Term(
        "A map of a class over the picture: what each place adds to the logit of this class. It exists where there is "
        "no non-linearity between the last maps and the logits.",
        "head",
        {"part": "class"},
    ),
    "confusion matrix": Term("A table: how many pictures of each class got which answer.", "mistakes"),
    "dropout": Term(
        "Sets random values to 0 during training and enlarges the others. When the network is used, it does nothing.",
        "dropout",
    ),
    "entropy": Term(
        "How evenly probabilities are spread: 0 when one class has all, and largest when all classes have the same.",
        "dropout",
        {"drop_view": "mean"},
    ),
    "epoch": Term("One pass of training over all training pictures.", "training", {"train_view": "epochs"}),
    "feature map": Term("All units that one kernel gives for a picture, as a grid.", "feature_maps"),
    "gradient": Term(
        "How much a result changes when one value changes a little. Training and many saliency maps use it.", "saliency"
    ),
    "head": Term("The last steps: from the last feature maps to one number for each class.", "head"),
    "held-out images": Term(
        "Training images that are kept back to compare choices, so that the test images are used once, at the end.",
        "training",
    ),
    "infidelity": Term(
        "The mean squared difference between the change of a score under noise and the change that an attribution "
        "predicts. 0 is best.",
        "sanity_checks",
        {"doubt_test": "noise"},
    ),
    "jump": Term(
        "How many pixels lie between the receptive fields of neighbouring units. A stride multiplies it.",
        "receptive_field",
    ),
    "kernel": Term(
        "The weights that produce one feature map. They are multiplied by the values of a patch, and the products "
        "are added up; then the kernel moves on.",
        "layers",
    ),
    "log-probability": Term("The logarithm of a probability: 0 is certain, and −2.3 is one in ten.", "head"),
    "logit": Term(
        "The score of a class before softmax. It can be any number; the class with the largest one is the answer.",
        "head",
        {"part": "softmax"},
    ),
    "mask": Term("Which values a dropout sets to 0 in one pass.", "dropout"),
    "max pool": Term("Keeps the largest value of each window and discards the others.", "pooling"),
    "padding": Term("Values, mostly zeros, around a map, so that a kernel can also stand at its edge.", "layers"),
    "parameter": Term("A number that training finds: a weight or a bias.", "parameters"),
    "patch": Term("The input values that the kernel of one unit covers.", "layers"),
    "randomization": Term(
        "A test of a saliency map: the weights are replaced by random ones. A map that stays the same does not explain "
        "what was learned.",
        "sanity_checks",
    ),
    "receptive field": Term("All pixels that can change a unit.", "receptive_field"),
    "recorded": Term(
        "Read from a run of the network itself in PyTorch, so that the arithmetic beside it can be checked.", "layers"
    ),
    "ReLU": Term("Turns negative values into 0 and keeps the others.", "feature_maps"),
    "row": Term(
        "A layer with a number, as in a printed summary. Function calls have no number of their own.", "parameters"
    ),
    "saliency map": Term("A picture of an attribution: which pixels support an answer, by one method.", "saliency"),
    "softmax": Term(
        "Turns logits into probabilities: the exponential of each logit, divided by the sum of all of them.",
        "head",
        {"part": "softmax"},
    ),
    "stride": Term("How far a window moves from one unit to the next, in units of its input.", "layers"),
    "target": Term("The class that a saliency map explains.", "saliency"),
    "temperature": Term(
        "A number that divides all logits before softmax. Above 1 it makes probabilities more even; the answer stays.",
        "head",
        {"part": "softmax"},
    ),
    "unit": Term("One number of a feature map: one place in one channel.", "layers"),
    "weight": Term("A learned number that a value is multiplied by.", "layers"),
}
