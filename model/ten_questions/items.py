"""The ten questions. Every right answer with a number is worked out from the network."""

from collections.abc import Sequence

import torch
from torch.nn.functional import softmax

from model import layers, receptive_field
from model.networks.records import Network
from model.receptive_field.records import ReceptiveField
from model.records import Unit
from model.ten_questions.records import Item
from model.trace.records import Trace

_RAISED = 3.0  # what is added to every logit in one question
_WINDOW = "MaxPool2d-10"


def ten(network: Network, trace: Trace, larger: Network) -> tuple[Item, ...]:
    """Return the questions about the assignment's network.

    Args:
        network: The assignment's.
        trace: Of a digit that lies between two.
        larger: One with many more parameters, trained on the same images.
    """
    return (
        _picture_size(trace),
        _pool_field(network),
        _padding(trace),
        _depth(trace),
        _dropout(network, trace),
        _batch_norm(network, trace),
        _max_pool(trace),
        _logits(trace),
        _map(),
        _more_parameters(network, larger),
    )


def _numbers(right: int, wrong: Sequence[int]) -> tuple[tuple[str, ...], int]:
    """Return choices in order of size, and the position of the right one."""
    every = sorted({right, *wrong})
    return tuple(f"{each:,}" for each in every), every.index(right)


def _picture_size(trace: Trace) -> Item:
    count, side = trace["Conv2d-1"].parameter_count, trace.image.shape[1]
    choices, right = _numbers(count, (2 * count, 4 * count, count * side))
    return Item(
        "picture-size",
        "A convolution has more parameters for a larger picture.",
        "Long, Shelhamer and Darrell 2015, Fully Convolutional Networks",
        f"The first convolution has {count} parameters for pictures of {side} × {side} pixels. How many does it have "
        f"for pictures of {2 * side} × {2 * side} pixels?",
        choices,
        right,
        f"The same {count} numbers are used at every place. A larger picture needs more multiplications, but no more "
        "parameters.",
    )


def _field(network: Network, name: str) -> int:
    field = receptive_field.of_network(network.module)[name]
    assert isinstance(field, ReceptiveField)  # noqa: S101 (the assignment's network is a chain)
    return int(field.size[0])


def _pool_field(network: Network) -> Item:
    before, after = _field(network, "Conv2d-7"), _field(network, _WINDOW)
    choices, right = _numbers(after, (before, before + 2, 2 * before))
    return Item(
        "pool-field",
        "A max pool of 2 × 2 doubles the receptive field.",
        "Araujo, Norris and Sim 2019, Computing Receptive Fields, Distill",
        f"A unit sees {before} × {before} pixels, and neighbouring units lie 1 pixel apart. A max pool of 2 × 2 with "
        "stride 2 follows. How many pixels along a side does a unit of the pool see?",
        choices,
        right,
        f"Two neighbouring units together see one pixel more than one of them: {before} + 1. The pool doubles the "
        "distance between its own units, which matters in the next layers.",
    )


def _padding(trace: Trace) -> Item:
    step = trace["Conv2d-16"]
    maps, maps_in, height, width = step.parameters["weight"].shape
    count = step.parameter_count
    wrong = (count + maps, count + 4 * maps, maps * maps_in * (height + 2) * (width + 2) + maps)
    choices, right = _numbers(count, wrong)
    return Item(
        "padding",
        "Padding adds parameters.",
        "Dumoulin and Visin 2016, A guide to convolution arithmetic",
        f"A convolution with {maps} kernels of {height} × {width} on {maps_in} maps has {count:,} parameters without "
        "padding. How many does it have with a padding of 1?",
        choices,
        right,
        "Padding puts zeros around the maps. They are not learned. The output becomes larger, the kernels do not.",
    )


def _depth(trace: Trace) -> Item:
    terms = len(layers.explain(trace, "Conv2d-13", (0, 0, 0)).terms)
    choices, right = _numbers(terms, (1, 9, 9 * terms))
    maps = len(trace["Conv2d-13"].maps)
    return Item(
        "one-by-one",
        "A 1 × 1 convolution does nothing but multiply.",
        "Lin, Chen and Yan 2014, Network In Network",
        f"A 1 × 1 convolution makes {maps} maps from {terms}. How many numbers of its input does one of its units "
        "depend on?",
        choices,
        right,
        f"It sees one place, but all {terms} maps at that place: each unit is a weighted sum of {terms} numbers.",
    )


def _dropout(network: Network, trace: Trace) -> Item:
    with torch.no_grad():
        passes = torch.cat([network.module(torch.tensor(trace.image[None])) for _ in range(4)])
    different = len(torch.unique(passes, dim=0))
    choices, right = _numbers(different, (10, 50, 100))
    return Item(
        "dropout",
        "Dropout drops values when the network is tested, too.",
        "Srivastava et al. 2014, Dropout",
        "A network that was trained with dropout is in evaluation mode. The same picture goes through it 100 times. "
        "How many different answers does it give?",
        choices,
        right,
        "In evaluation mode dropout passes every value on, so nothing is random.",
    )


def _batch_norm(network: Network, trace: Trace) -> Item:
    alone = torch.tensor(trace.image[None])
    others = torch.rand((15, *alone.shape[1:]), generator=torch.Generator().manual_seed(0)) * 3
    with torch.no_grad():
        same = torch.allclose(network.module(alone)[0], network.module(torch.cat([alone, others]))[0], atol=1e-4)
    choices = ("They stay the same.", "They change a little.", "They change completely.")
    return Item(
        "batch-norm",
        "Batch norm uses the batch when the network is tested.",
        "Ioffe and Szegedy 2015, Batch Normalization",
        "A network with batch norm is in evaluation mode. A picture is tested alone, and then in one batch with 15 "
        "others. What happens to its logits?",
        choices,
        0 if same else 1,
        "In evaluation mode batch norm uses the mean and variance that were stored in training, not those of the "
        "batch.",
    )


def _window_of(trace: Trace) -> tuple[Unit, list[float]]:
    """Return a unit of the pool whose window has four different positive and negative numbers, and these."""
    maps = trace[_WINDOW].maps
    for unit in ((int(c), int(y), int(x)) for c, y, x in zip(*(maps > 1).nonzero(), strict=True)):
        values = [term.value for term in layers.explain(trace, _WINDOW, unit).terms]
        if len({round(value, 1) for value in values}) == len(values) and min(values) < -0.1:
            return unit, values
    raise LookupError(_WINDOW)


def _max_pool(trace: Trace) -> Item:
    unit, values = _window_of(trace)
    largest = float(trace[_WINDOW].maps[unit])
    every = sorted({largest, sum(values) / len(values), sum(values), min(values)})
    shown = ", ".join(_decimal(value) for value in values)
    return Item(
        "max-pool",
        "A max pool takes a kind of mean.",
        "Scherer, Müller and Behnke 2010, Evaluation of Pooling Operations",
        f"A window of a max pool holds {shown}. What does the pool put out?",
        tuple(_decimal(value) for value in every),
        every.index(largest),
        "The largest of the four. The other three have no effect at all.",
    )


def _decimal(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")


def _logits(trace: Trace) -> Item:
    logits = torch.tensor(trace.logits)
    before, after = (float(softmax(each, -1).max()) for each in (logits, logits + _RAISED))
    same = abs(before - after) < 1e-5
    said = f"{before:.1%}".replace("%", "\xa0%")
    return Item(
        "logits",
        "Logits are probabilities, or their size alone says how sure a network is.",
        "Guo et al. 2017, On Calibration of Modern Neural Networks",
        f"A network gives its most likely class a probability of {said}. Now {_RAISED:.0f} is added to every logit. "
        "What happens to this probability?",
        (
            "It becomes smaller.",
            "It stays the same.",
            f"It becomes larger by {_RAISED:.0f} points.",
            "It becomes larger.",
        ),
        1 if same else 3,
        "Softmax depends on differences between logits alone. Logits are scores; they can be negative and add up to "
        "anything.",
    )


def _map() -> Item:
    return Item(
        "saliency",
        "A saliency map shows what the network sees.",
        "Adebayo et al. 2018, Sanity Checks for Saliency Maps",
        "A method draws a clear map of the strokes that decide. Now all weights are replaced with random numbers, and "
        "the map stays nearly the same. What does this map show?",
        (
            "What the network looked at.",
            "That random weights are good weights.",
            "Mostly the picture itself, and hardly anything of the network.",
            "That the network is robust.",
        ),
        2,
        "What the network knew is gone, and the map has not noticed. So it is no evidence for what it knew.",
    )


def _more_parameters(network: Network, larger: Network) -> Item:
    shares = [float(each.card["test_accuracy"]) for each in (network, larger)]
    right = 2 if shares[0] > shares[1] else 1 if shares[1] - shares[0] < 0.01 else 0
    return Item(
        "more-parameters",
        "More parameters mean a better network.",
        "Iandola et al. 2016, SqueezeNet",
        f"Two networks read handwritten digits, one with {network.graph.used:,} parameters, one with "
        f"{larger.graph.used:,}. Which of them gets more of the 10,000 test images right?",
        ("The larger one, by more than 100 images.", "The larger one, by a few images.", "The smaller one."),
        right,
        f"The smaller one gets {shares[0]:.2%} right, the larger one {shares[1]:.2%}. Where the parameters are, and "
        "how a network is trained, counts for more than their number.".replace("%", "\xa0%"),
    )
