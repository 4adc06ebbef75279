"""How a map behaves when the digit changes a little: is the map stable, and does it predict the change of the score?

Both measures are Captum's. By default Captum draws noise from PyTorch's global generator; here each measure gets noise
from a generator of its own.

Source: Yeh, Hsieh, Suggala, Inouye, Ravikumar, "On the (In)fidelity and Sensitivity of Explanations", NeurIPS 2019.
"""

from collections.abc import Callable, Iterator, Sequence

import torch
from captum import metrics
from torch import Tensor, nn

from model.errors import InputError
from model.saliency.records import Attribution
from model.saliency.scorer import Scorer
from model.sanity_checks.records import Robustness
from model.sanity_checks.weight_dependence import Explain
from model.trace.private import copy_for_many

RADIUS = 0.05
NOISE = 0.05  # small: no gradient of this network predicts its scores for larger changes
TRIALS = 10
PROBES = 256
_BATCH = 64  # images in a forward pass: larger batches delay other users


def robustness(
    network: nn.Module,
    x: Tensor,
    explain: Explain,
    *,
    radius: float = RADIUS,
    noise: float = NOISE,
    trials: int = TRIALS,
    probes: int = PROBES,
    seed: int = 0,
) -> Robustness:
    """Measure sensitivity and infidelity of a map.

    Args:
        network: Not changed.
        x: The normalised image, (1, C, H, W).
        explain: Makes the map, always of the same class.
        radius: How far each pixel may move for the sensitivity, in normalised ink; one grey level is 0.0127.
        noise: The standard deviation of the noise for the infidelity, in normalised ink.
        trials: How many changed digits are explained.
        probes: How many changed digits are scored.
        seed: For the changes.

    Raises:
        InputError: The map is not of the image, or a number is out of range.
    """
    attribution = explain(network, x)
    changes = list(map_changes(network, x, explain, attribution, radius=radius, trials=trials, seed=seed))
    return from_changes(network, x, attribution, changes, radius=radius, noise=noise, probes=probes, seed=seed)


def map_changes(
    network: nn.Module,
    x: Tensor,
    explain: Explain,
    attribution: Attribution,
    *,
    radius: float = RADIUS,
    trials: int = TRIALS,
    seed: int = 0,
) -> Iterator[float]:
    """Yield for one changed digit after another how far its map is from the map of the digit.

    ``|φ(x + u) − φ(x)| / |φ(x)|``, where each pixel of u is uniform in ±radius and ``|·|`` is the root of the sum of
    squares. The largest is the sensitivity. nan if the map is blank, because its norm is 0.

    Args:
        network: Not changed.
        x: The normalised image, (1, C, H, W).
        explain: Makes the map.
        attribution: The map of the image.
        radius: In normalised ink.
        trials: The number of changed digits.
        seed: For the changes.

    Raises:
        InputError: The map is not of the image, or a number is out of range.
    """
    _check(x, attribution, radius, trials)
    generator = torch.Generator().manual_seed(seed)
    known = torch.from_numpy(attribution.values.copy())[None, None]  # (1, 1, H, W)

    def map_of(image: Tensor | tuple[Tensor, ...]) -> Tensor:
        if isinstance(image, tuple):  # the digit itself, which is already explained
            return known
        with torch.enable_grad():  # Captum switches gradients off for the metric
            return torch.from_numpy(explain(network, image).values.copy())[None, None]

    def move(image: Tensor) -> Tensor:
        return image + torch.empty_like(image).uniform_(-radius, radius, generator=generator)

    for _ in range(trials):
        change = metrics.sensitivity_max(map_of, x, perturb_func=move, n_perturb_samples=1)
        yield float("nan") if attribution.is_blank else float(change)


def from_changes(
    network: nn.Module,
    x: Tensor,
    attribution: Attribution,
    changes: Sequence[float],
    *,
    radius: float = RADIUS,
    noise: float = NOISE,
    probes: int = PROBES,
    seed: int = 0,
) -> Robustness:
    """Combine the changes that ``map_changes`` yields with the infidelity of the map.

    ``mean over I of (Σ I φ(x) − (f(x) − f(x − I)))²``: each pixel of I is Gaussian, the same in all channels, and f
    is the score that the map explains. The same rule applies to maps of contributions (which multiply by ink) and
    to gradients, so a method that gives a correct map in another unit fails it. Therefore the infidelity is also
    given for the best multiple of the map, ``β φ``, and for a blank map: their ratio is the share of the score's
    change that no multiple of the map predicts.

    Args:
        network: Not changed.
        x: The normalised image, (1, C, H, W).
        attribution: Its map.
        changes: At least one.
        radius: As given to ``map_changes``.
        noise: The standard deviation, in normalised ink.
        probes: The number of changed digits.
        seed: For the noise.

    Raises:
        InputError: The map is not of the image, or a number is out of range.
    """
    _check(x, attribution, noise, probes)
    private = copy_for_many(network)
    score = _cached(Scorer.of_network(private, attribution.output, attribution.target, attribution.against))
    phi = torch.from_numpy(attribution.values.copy()).expand(x.shape) / x.shape[1]

    def infidelity(values: Tensor, *, best_multiple: bool = False) -> float:
        generator = torch.Generator().manual_seed(seed)  # the same noise for each of the three maps

        def perturb(images: Tensor) -> tuple[Tensor, Tensor]:
            grey = torch.empty_like(images[:, :1]).normal_(0, noise, generator=generator)
            change = grey.expand(images.shape)
            return change, images - change

        return float(
            metrics.infidelity(
                score,
                perturb,
                x,
                values,
                n_perturb_samples=probes,
                max_examples_per_batch=min(_BATCH, probes),
                normalize=best_multiple,
            )
        )

    return Robustness(
        sensitivity=max(changes),
        infidelity=infidelity(phi),
        best_infidelity=infidelity(phi, best_multiple=True),
        blank_infidelity=infidelity(torch.zeros_like(phi)),
        radius=radius,
        noise=noise,
        trials=len(changes),
        probes=probes,
    )


def _cached(score: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """Score the same images only once: all three maps are measured with the same noise."""
    known: dict[bytes, Tensor] = {}

    def cached_score(images: Tensor) -> Tensor:
        key = images.numpy().tobytes()
        if key not in known:
            known[key] = score(images)
        return known[key]

    return cached_score


def _check(x: Tensor, attribution: Attribution, change: float, trials: int) -> None:
    if x.shape != (1, x.shape[1], *attribution.values.shape):
        raise InputError(
            f"A map of shape {attribution.values.shape} does not belong to an image of shape {tuple(x.shape)}.",
            "It must have one value for each pixel of one image.",
            "Explain the image itself, not the activation of a step.",
        )
    if not 0 < change < float("inf") or trials < 1:
        raise InputError(
            f"{trials} trials with a change of ink of {change} are not possible.",
            "There must be at least 1 trial, and the change must be finite and above 0.",
            f"Use {TRIALS} trials and {RADIUS}.",
        )
