"""How a map fares when the digit changes a little: does the map stay, and does it foretell what the score does?

Both measures are Captum's. What it draws by default comes from PyTorch's global generator; here each measure is handed
noise from a generator of its own.

Source: Yeh, Hsieh, Suggala, Inouye, Ravikumar, "On the (In)fidelity and Sensitivity of Explanations", NeurIPS 2019.
"""

import copy
from collections.abc import Callable, Iterator, Sequence

import torch
from captum import metrics
from torch import Tensor, nn

from model.errors import InputError
from model.saliency.records import Attribution, Robustness
from model.saliency.scorer import Scorer
from model.sanity_checks.evidence import Explain

RADIUS = 0.05
NOISE = 0.05  # small: farther out no slope of this network foretells its scores
TRIALS = 10
PROBES = 256
_BATCH = 64  # images in a forward pass, so that nobody else waits long


def robustness(
    network: nn.Sequential,
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
        network: Only read.
        x: The normalised image, (1, 1, H, W).
        explain: Makes the map, always of the same class.
        radius: How far each pixel may move for the sensitivity, in normalised ink; one grey level is 0.0127.
        noise: The deviation of the noise for the infidelity, in normalised ink.
        trials: How many changed digits are explained.
        probes: How many changed digits are scored.
        seed: Of the changes.

    Raises:
        InputError: The map is not of the image, or a number makes no sense.
    """
    attribution = explain(network, x)
    changes = list(changed_maps(network, x, explain, attribution, radius=radius, trials=trials, seed=seed))
    return measured(network, x, attribution, changes, radius=radius, noise=noise, probes=probes, seed=seed)


def changed_maps(
    network: nn.Sequential,
    x: Tensor,
    explain: Explain,
    attribution: Attribution,
    *,
    radius: float = RADIUS,
    trials: int = TRIALS,
    seed: int = 0,
) -> Iterator[float]:
    """Say for one changed digit after another how far its map is from the map of the digit.

    ``|φ(x + u) − φ(x)| / |φ(x)|``, where every pixel of u is uniform in ±radius and ``|·|`` is the root of the sum of
    squares. The largest is the sensitivity. nan where the map is blank, since nothing can be a share of nothing.

    Args:
        network: Only read.
        x: The normalised image, (1, 1, H, W).
        explain: Makes the map.
        attribution: What it made of the image.
        radius: In normalised ink.
        trials: How many.
        seed: Of the changes.

    Raises:
        InputError: The map is not of the image, or a number makes no sense.
    """
    _check(x, attribution, radius, trials)
    generator = torch.Generator().manual_seed(seed)
    known = torch.from_numpy(attribution.values.copy()).reshape(x.shape)

    def map_of(image: Tensor | tuple[Tensor, ...]) -> Tensor:
        if isinstance(image, tuple):  # the digit itself, which was explained already
            return known
        with torch.enable_grad():  # the metric is worked out without
            return torch.from_numpy(explain(network, image).values.copy()).reshape(x.shape)

    def move(image: Tensor) -> Tensor:
        return image + torch.empty_like(image).uniform_(-radius, radius, generator=generator)

    for _ in range(trials):
        change = metrics.sensitivity_max(map_of, x, perturb_func=move, n_perturb_samples=1)
        yield float("nan") if attribution.is_blank else float(change)


def measured(
    network: nn.Sequential,
    x: Tensor,
    attribution: Attribution,
    changes: Sequence[float],
    *,
    radius: float = RADIUS,
    noise: float = NOISE,
    probes: int = PROBES,
    seed: int = 0,
) -> Robustness:
    """Put what ``changed_maps`` yielded beside the infidelity of the map.

    ``mean over I of (Σ I φ(x) − (f(x) − f(x − I)))²``: every pixel of I is Gaussian, and f is the score that the map
    explains. A map of contributions (one that multiplies by ink) is held to the same rule as one of slopes, and a
    method that gives a right map in a unit of its own fails it. So it is said as well how the map fares in the unit
    that suits it best, ``β φ``, and how a blank map would: the ratio is the share of what the score does that no
    unit can make the map foretell.

    Args:
        network: Only read.
        x: The normalised image, (1, 1, H, W).
        attribution: Its map.
        changes: At least one.
        radius: As given to ``changed_maps``.
        noise: The deviation, in normalised ink.
        probes: How many changed digits.
        seed: Of the noise.

    Raises:
        InputError: The map is not of the image, or a number makes no sense.
    """
    _check(x, attribution, noise, probes)
    private = dict(copy.deepcopy(network).eval().named_children())
    score = _remembering(Scorer(private, attribution.output, attribution.target, attribution.against))
    phi = torch.from_numpy(attribution.values.copy()).reshape(x.shape)

    def infidelity(values: Tensor, *, any_unit: bool = False) -> float:
        generator = torch.Generator().manual_seed(seed)  # the same noise for each question

        def shake(images: Tensor) -> tuple[Tensor, Tensor]:
            moved = torch.empty_like(images).normal_(0, noise, generator=generator)
            return moved, images - moved

        return float(
            metrics.infidelity(
                score,
                shake,
                x,
                values,
                n_perturb_samples=probes,
                max_examples_per_batch=min(_BATCH, probes),
                normalize=any_unit,
            )
        )

    return Robustness(
        sensitivity=max(changes),
        infidelity=infidelity(phi),
        best_infidelity=infidelity(phi, any_unit=True),
        blank_infidelity=infidelity(torch.zeros_like(phi)),
        radius=radius,
        noise=noise,
        trials=len(changes),
        probes=probes,
    )


def _remembering(score: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """Score the same images once: each question is asked with the same noise."""
    known: dict[bytes, Tensor] = {}

    def remembered(images: Tensor) -> Tensor:
        key = images.numpy().tobytes()
        if key not in known:
            known[key] = score(images)
        return known[key]

    return remembered


def _check(x: Tensor, attribution: Attribution, change: float, trials: int) -> None:
    if x.shape != (1, 1, *attribution.values.shape):
        raise InputError(
            f"A map of {attribution.values.shape} is not one of an image of {tuple(x.shape)}.",
            "It must have one value for each pixel of one grey image.",
            "Explain the image itself, not the activation of a step.",
        )
    if not 0 < change < float("inf") or trials < 1:
        raise InputError(
            f"{trials} trials that change the ink by {change} measure nothing.",
            "There is at least 1 trial, and the ink changes by more than 0.",
            f"Take {TRIALS} trials and {RADIUS}.",
        )
