"""Gradients of a score, which many methods are made of."""

import warnings

import torch
from captum.attr import LayerAttribution, Saliency
from torch import Tensor

from model.saliency.scorer import Scorer

BATCH = 32  # images in one pass: larger batches only delay other users

# Captum warns at each call that it sets hooks and removes them. Here they are set on a private copy, and catching the
# warning around each call would change the filters of all other threads.
warnings.filterwarnings("ignore", "Setting (forward, )?backward hooks", UserWarning)


def gradients(scorer: Scorer, points: Tensor) -> Tensor:
    """Return the gradient of the score at each of many inputs, (N, C, H, W)."""
    method = Saliency(scorer)
    parts = [part.detach().clone().requires_grad_() for part in points.split(BATCH)]
    return torch.cat([method.attribute(part, target=0, abs=False) for part in parts])


def stretch(maps: Tensor, like: Tensor) -> Tensor:
    """Stretch maps (1, C, H, W) to the height and width of another tensor, by bilinear interpolation."""
    stretched: Tensor = LayerAttribution.interpolate(maps, tuple(like.shape[2:]), interpolate_mode="bilinear")
    return stretched
