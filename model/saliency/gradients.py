"""Gradients of a score, which many methods are made of."""

import warnings
from collections.abc import Collection, Iterator
from contextlib import contextmanager

import torch
from captum.attr import LayerAttribution, Saliency
from torch import Tensor, nn

from model.saliency.scorer import Scorer

BATCH = 32  # images in one pass: larger batches only delay other users

# Captum warns at each call that it sets hooks and removes them. Here they are set on a private copy, and catching the
# warning around each call would change the filters of all other threads.
warnings.filterwarnings("ignore", "Setting (forward, )?backward hooks", UserWarning)


@contextmanager
def own_inputs(scorer: Scorer, kinds: Collection[type[nn.Module]]) -> Iterator[None]:
    """Give each step of some kinds a copy of its input, so that a rule of Captum's changes what passes it alone.

    Captum sets the hook of a rule on the tensor that goes into a step. Where that tensor goes elsewhere too, the hook
    also changes the gradients of the other ways; where another step with a rule puts it out, that step reads the
    gradient before the hook has changed it.
    """
    steps = [step for step in scorer.leaves() if type(step) in kinds]
    handles = [step.register_forward_pre_hook(_copied) for step in steps]  # run before Captum's own
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _copied(_step: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return tuple(each.clone() for each in inputs)


def gradients(scorer: Scorer, points: Tensor) -> Tensor:
    """Return the gradient of the score at each of many inputs, (N, C, H, W)."""
    method = Saliency(scorer)
    parts = [part.detach().clone().requires_grad_() for part in points.split(BATCH)]
    return torch.cat([method.attribute(part, target=0, abs=False) for part in parts])


def stretch(maps: Tensor, like: Tensor) -> Tensor:
    """Stretch maps (1, C, H, W) to the height and width of another tensor, by bilinear interpolation."""
    stretched: Tensor = LayerAttribution.interpolate(maps, tuple(like.shape[2:]), interpolate_mode="bilinear")
    return stretched
