"""A network before its training: a private copy with PyTorch's initial weights, and whether it can be trained here."""

import copy
import time
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from model.errors import InputError
from model.graph.module import NetworkModule
from model.networks.records import Network
from model.sanity_checks.randomization import kept_rows, randomize
from model.training.live.pictures import kind_of
from model.training.masks import MASK_METHODS, BatchShare, SeededDropout, SeededMapDropout

MOST_PARAMETERS = 4_000_000
MOST_SECONDS = 180  # that the usual number of steps may take, on one core
_USUAL_STEPS, USUAL_BATCH = 300, 32
_TRIED = 8  # pictures in a step that is measured
_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)
_NOT_TRAINABLE = (RuntimeError, NotImplementedError, ValueError, TypeError, IndexError)


@dataclass(frozen=True, slots=True)
class Suited:
    """What a small training of a network is like.

    Attributes:
        kind: The pictures that it trains on, a name of ``pictures.KINDS``.
        has_dropout: Whether a step drops values.
        has_norms: Whether there is a batch norm, which makes high learning rates possible.
        seconds: What one step of 32 pictures takes on one core.
    """

    kind: str
    has_dropout: bool
    has_norms: bool
    seconds: float


class _OwnDropout(SeededDropout):
    """Dropout that knows the size of its batch from the batch itself."""

    def forward(self, x: Tensor) -> Tensor:
        self.share.total, self.share.rows = len(x), slice(0, len(x))
        return super().forward(x)


def own_copy(network: Network) -> NetworkModule:
    """Return a copy of a network's module with numbers of its own."""
    module = copy.deepcopy(network.module)
    assert isinstance(module, NetworkModule)  # noqa: S101 (for the type checker)
    return module


def untrained(network: Network, generator: torch.Generator, dropout: float | None = None) -> NetworkModule:
    """Return a private copy of a network with PyTorch's initial weights, drawn step by step in the order they run.

    Weights that their author froze keep their values.

    Args:
        network: Not changed.
        generator: For the weights, and later for the values that are dropped.
        dropout: The p of every dropout; by default each keeps its own.

    Raises:
        InputError: It has learned numbers for which PyTorch has no initial values.
    """
    _check_learned(network)
    module = own_copy(network)
    for place, step in enumerate(module.steps):
        own = [*step.parameters()]
        if any(weight.requires_grad for weight in own) or (not own and isinstance(step, _NORMS)):
            randomize(step, generator)  # a norm without parameters forgets its running averages
        if isinstance(step, _NORMS) and not step.momentum:  # which was None: the mean over all batches
            step.momentum, step.num_batches_tracked = None, torch.tensor(0)
        p = dropout if dropout is not None else getattr(step, "p", 0.0)
        if type(step) is nn.Dropout:
            module.steps[place] = _OwnDropout(p, MASK_METHODS["gaps"], generator, BatchShare())
        elif type(step) is nn.Dropout2d:
            module.steps[place] = SeededMapDropout(p, generator)
    return module


def learned(module: nn.Module) -> list[nn.Parameter]:
    """Return the parameters that training changes."""
    return [weight for weight in module.parameters() if weight.requires_grad]


def _check_learned(network: Network) -> None:
    kept = kept_rows(network.module)
    if kept:
        raise InputError(
            f"The learned numbers of {', '.join(kept[:3])} have no initial values that PyTorch would draw.",
            "Convolutions, linear layers, norms and PReLU have.",
            "Train it with your own code.",
        )


def suited(network: Network) -> Suited:
    """Try a small training of a network, and measure one step.

    Raises:
        InputError: It reads neither digits nor shapes, cannot be trained, or is too large or too slow.
    """
    kind = kind_of(network)
    if kind is None:
        raise InputError(
            f"'{network.title}' cannot be trained here.",
            "The small training has pictures of digits and of coloured shapes; this network has other classes.",
            "Train it with your own code.",
        )
    if network.graph.used > MOST_PARAMETERS:
        raise InputError(
            f"'{network.title}' has {network.graph.used:,} parameters, too many to keep after several steps.",
            f"A small training is for at most {MOST_PARAMETERS:,}.",
            "Train it with your own code.",
        )
    seconds = _measured(network)
    whole = seconds * _USUAL_STEPS
    if whole > MOST_SECONDS:
        raise InputError(
            f"'{network.title}' is too slow for a small training: one step of {USUAL_BATCH} pictures takes "
            f"{seconds:.1f} s of a core here, so {_USUAL_STEPS} steps take {whole / 60:.0f} minutes.",
            f"They may take {MOST_SECONDS // 60} minutes.",
            "Train it with your own code.",
        )
    steps = [*network.module.modules()]
    return Suited(
        kind,
        any(isinstance(step, (nn.Dropout, nn.Dropout2d)) for step in steps),
        any(isinstance(step, _NORMS) for step in steps),
        seconds,
    )


def _measured(network: Network) -> float:
    """Return the seconds of a step, by two small steps of which the first one warms up."""
    generator = torch.Generator().manual_seed(0)
    module = untrained(network, generator).train()
    x = torch.randn(_TRIED, *network.input.shape, generator=generator)
    y = torch.arange(_TRIED) % len(network.classes)
    seconds = []
    for _ in range(2):
        began = time.thread_time()  # what other people's work takes is not counted
        try:
            nn.functional.cross_entropy(module(x), y).backward()
        except _NOT_TRAINABLE as error:
            raise _without_gradient(network, "a step of it has no gradient") from error
        seconds.append(time.thread_time() - began)
    names = [name for name, weight in _by_step(module) if weight.requires_grad and weight.grad is None]
    if names or not learned(module):
        raise _without_gradient(network, f"no gradient reaches {', '.join(names[:3]) or 'any weight'}")
    return seconds[-1] * USUAL_BATCH / _TRIED


def _by_step(module: NetworkModule) -> list[tuple[str, nn.Parameter]]:
    steps = zip(module.graph.nodes, module.steps, strict=True)
    return [(node.name, weight) for node, step in steps for weight in step.parameters()]


def _without_gradient(network: Network, why: str) -> InputError:
    return InputError(
        f"'{network.title}' cannot be trained here: {why}.",
        "Every weight needs a gradient from the loss.",
        "Train it with your own code.",
    )
