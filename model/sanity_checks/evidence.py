"""What could discredit a map: a network that forgets row by row, and plain edges that need no network.

Everything here takes the way in which a map is made as a function of a network and an image. So the methods need not
be known here, and each map is one piece: between two of them whoever waits can be shown progress, or can leave.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from torch import Tensor, nn

from model.errors import InputError
from model.images import digits
from model.images.records import Digit
from model.records import Pixels
from model.saliency.records import Attribution, Collapse, EdgeControl, Reaction
from model.sanity_checks.randomization import cascade, learned_rows
from model.sanity_checks.similarity import edges, rank_correlation, sizes, structural_similarity

Explain = Callable[[nn.Sequential, Tensor], Attribution]
FLOOR, CEILING = 0.1**0.5, 0.5**0.5  # where a tenth, or half, of the variance of the ranks is that of the first map


def stages(network: nn.Sequential, x: Tensor, explain: Explain, seed: int) -> Iterator[Attribution]:
    """Explain an image while the network forgets: as it is, then after each row that is made random, the last first.

    Args:
        network: Only read.
        x: The normalised image, (1, 1, H, W).
        explain: Makes the map, always of the same class.
        seed: Of the random weights.

    Raises:
        InputError: A module cannot be made random.
    """
    yield explain(network, x)
    for _, forgetful in cascade(network, seed):
        yield explain(forgetful, x)


def collapse(network: nn.Sequential, x: Tensor, explain: Explain, seed: int) -> Collapse:
    """Measure how a map falls apart while the network forgets: all of ``stages`` at once."""
    return collapsed(learned_rows(network), list(stages(network, x, explain, seed)))


def collapsed(rows: Sequence[str], attributions: Sequence[Attribution]) -> Collapse:
    """Hold the maps that ``stages`` has yielded so far against the first.

    Args:
        rows: All that are made random, from ``untrained.learned_rows``.
        attributions: The first map at least.
    """
    first, *others = attributions
    return Collapse(
        rows=tuple(rows[: len(others)]),
        attributions=tuple(attributions),
        rank_correlations=tuple(rank_correlation(sizes(first.settled), sizes(each.settled)) for each in attributions),
        signed_rank_correlations=tuple(rank_correlation(first.settled, each.settled) for each in attributions),
        similarities=tuple(structural_similarity(sizes(first.settled), sizes(each.settled)) for each in attributions),
    )


def other_digits(digit: Digit) -> tuple[Digit, ...]:
    """Return one of the project's digits for each class that this one was not meant to be."""
    first: dict[int, Digit] = {}
    for each in digits.samples():
        if each.label is not None and each.label != digit.label:
            first.setdefault(each.label, each)
    return tuple(first[label] for label in sorted(first))


def reaction(found: Collapse, others: Sequence[Attribution]) -> Reaction:
    """Hold what forgetting did to a map against what another digit does to it.

    Once the last row is random the network's answer is too, so a map that explains the answer is another one from
    the first stage on. How much another? The sizes of any two maps have ranks in common, since ink lies in the
    middle and corners count for little. So the measure is the map of another digit, by the same method, of the same
    class and network: a map reacts when its signed ranks, over all stages in the mean, stay less like the first than
    those of the most similar other digit. Two cases need no other digit. A map that is the same for all of them would
    pass any such measure: so where half of the variance of the ranks is still that of the first map, it has not
    reacted. And where all maps differ much, chance alone may pass the limit: where less than a tenth is left, it has.

    Args:
        found: A whole collapse. A map that went blank counts as a correlation of 0; a first map that was, as nan.
        others: The maps of other digits, of the class of the first, by the trained network.

    Raises:
        InputError: There is no stage, or no other map.

    Source: this limit is our own; Adebayo et al. (2018) set none.
    """
    if not found.rows or not others:
        raise InputError(
            f"{len(found.rows)} random rows and {len(others)} maps of other digits say nothing.",
            "At least one of each is needed.",
            "Wait for both.",
        )
    first, ranks = found.attributions[0], np.array(found.signed_rank_correlations[1:])
    forgotten = float(np.nan_to_num(ranks).mean()) if np.ptp(first.values) else float("nan")
    correlations = np.array([rank_correlation(first.settled, each.settled) for each in others])
    return Reaction(forgotten, tuple(np.nan_to_num(correlations).tolist()), FLOOR, CEILING)


def edge_control(attribution: Attribution, pixels: Pixels) -> EdgeControl:
    """Compare the sizes of a map with the edges of its digit.

    A map that looks like them may tell what the picture is like rather than what the network makes of it.

    Args:
        attribution: Of the image itself.
        pixels: The digit, (H, W) in 0..255.

    Raises:
        InputError: The map is not of this image.
    """
    if attribution.values.shape != pixels.shape:
        raise InputError(
            f"A map of {attribution.values.shape} is not one of a picture of {pixels.shape}.",
            "Both must have the same shape.",
            "Explain the image itself, not the activation of a step.",
        )
    found, control = sizes(attribution.settled), edges(pixels)
    return EdgeControl(control, rank_correlation(found, control), structural_similarity(found, sizes(control)))
