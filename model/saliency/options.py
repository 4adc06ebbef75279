"""Options and costs that several methods share."""

from model.saliency.records import MethodOption

COST_OF_A_GRADIENT = "1 forward and 1 backward pass"


def samples(default: int) -> MethodOption:
    """Return the option for the number of noisy digits."""
    about = "How many noisy digits are averaged; more give a steadier map and take longer."
    return MethodOption("samples", "Samples", default, 1, 256, 1, about)


def noise(default: float) -> MethodOption:
    """Return the option for the standard deviation of the noise."""
    about = "The standard deviation of the noise, as a share of the digit's range of ink."
    return MethodOption("noise", "Noise", default, 0.0, 1.0, 0.01, about)


def relu(default: int) -> MethodOption:
    """Return the option for a ReLU after the sum of the maps."""
    about = "On, as in the paper: negative values become 0. Off: they stay, as evidence against the class."
    return MethodOption("relu", "ReLU", default, 0, 1, 1, about)
