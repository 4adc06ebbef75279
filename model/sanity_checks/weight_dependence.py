"""Does a map depend on the weights? The network is randomized row by row, and the map is compared with the first.

Each function takes the method as a function of a network and an image, so it needs no knowledge of the methods. A map
is the smallest piece of work: between two maps a page can show progress, or stop.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from torch import Tensor, nn

from model.errors import InputError
from model.images import digits
from model.images.records import Digit
from model.saliency.records import Attribution
from model.sanity_checks.randomization import cascade, learned_rows
from model.sanity_checks.records import Randomization, WeightDependence
from model.sanity_checks.similarity import magnitudes, rank_correlation, structural_similarity

Explain = Callable[[nn.Module, Tensor], Attribution]
FLOOR, CEILING = 0.1**0.5, 0.5**0.5  # correlations at which a tenth, or half, of the variance of the ranks is shared


def maps_of_stages(network: nn.Module, x: Tensor, explain: Explain, seed: int) -> Iterator[Attribution]:
    """Explain an image by the trained network, then after each row that is randomized, the last row first.

    Args:
        network: Not changed.
        x: The normalised image, (1, C, H, W).
        explain: Makes the map, always of the same class.
        seed: For the random weights.

    Raises:
        InputError: A module cannot be randomized.
    """
    yield explain(network, x)
    for _, randomized in cascade(network, seed):
        yield explain(randomized, x)


def randomization(network: nn.Module, x: Tensor, explain: Explain, seed: int) -> Randomization:
    """Compare the maps of all stages with the first: ``maps_of_stages`` and ``compare`` in one call."""
    return compare(learned_rows(network), list(maps_of_stages(network, x, explain, seed)))


def compare(rows: Sequence[str], attributions: Sequence[Attribution]) -> Randomization:
    """Compare the maps that ``maps_of_stages`` has yielded so far with the first.

    Args:
        rows: All rows that are randomized, from ``randomization.learned_rows``.
        attributions: At least the first map.
    """
    signed = [each.significant for each in attributions]
    absolute = [magnitudes(each) for each in signed]
    return Randomization(
        rows=tuple(rows[: len(attributions) - 1]),
        attributions=tuple(attributions),
        rank_correlations=tuple(rank_correlation(absolute[0], each) for each in absolute),
        signed_rank_correlations=tuple(rank_correlation(signed[0], each) for each in signed),
        similarities=tuple(structural_similarity(absolute[0], each) for each in absolute),
    )


def other_digits(digit: Digit) -> tuple[Digit, ...]:
    """Return one of the project's digits for each class except the label of this digit.

    For a network that reads digits. Of others ``weight_dependence`` takes the maps of any other pictures, at best one
    for each class.
    """
    first: dict[int, Digit] = {}
    for each in digits.samples():
        if each.label is not None and each.label != digit.label:
            first.setdefault(each.label, each)
    return tuple(first[label] for label in sorted(first))


def weight_dependence(found: Randomization, others: Sequence[Attribution]) -> WeightDependence:
    """Compare the effect of randomized weights on a map with the effect of another digit.

    Once the last row is randomized the prediction is random too, so a map that explains the prediction changes from
    the first stage on. How much must it change? The absolute values of any two maps have ranks in common, because ink
    lies in the middle and corners have small values. So the yardstick is the map of another digit, by the same method,
    of the same class and network: a map depends on the weights if the mean correlation of its signed ranks over all
    stages stays below the correlation with the most similar other digit. Two cases need no other digit. A map that is
    the same for all digits would pass any such limit: so if half of the variance of the ranks is still that of the
    first map, it does not depend on the weights. And if all maps differ much, chance alone can exceed the limit: so if
    less than a tenth is left, it does.

    Args:
        found: All stages. A map that became blank counts as a correlation of 0; a blank first map as nan.
        others: The maps of other digits, or other pictures, of the class of the first map, by the trained network.

    Raises:
        InputError: There is no stage, or no other map.

    Source: this limit is our own; Adebayo et al. (2018) set none.
    """
    if not found.rows or not others:
        raise InputError(
            f"{len(found.rows)} randomized rows and {len(others)} maps of other pictures are too few to compare.",
            "At least one of each is needed.",
            "Wait for both.",
        )
    first, ranks = found.attributions[0], np.array(found.signed_rank_correlations[1:])
    correlation = float(np.nan_to_num(ranks).mean()) if np.ptp(first.values) else float("nan")
    correlations = np.array([rank_correlation(first.significant, each.significant) for each in others])
    return WeightDependence(correlation, tuple(np.nan_to_num(correlations).tolist()), FLOOR, CEILING)
