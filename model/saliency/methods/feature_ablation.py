"""Feature ablation: how much score is lost when one block of the input is replaced by the baseline."""

import torch
from captum.attr import FeatureAblation
from torch import Tensor

from model.saliency.gradients import BATCH
from model.saliency.records import Method, MethodOption
from model.saliency.scorer import Task

METHOD = Method(
    name="feature_ablation",
    title="Feature ablation",
    idea="Replace one pixel, or one small block, by the baseline, and note how much the score falls.",
    formula="a = score(x) − score(x without the block)",
    where="each pixel of a block gets the loss of the block",
    paper="Kokhlikyan and others: Captum, a Unified and Generic Model Interpretability Library for PyTorch, 2020",
    link="https://arxiv.org/abs/2009.07896",
    cost="1 forward pass for each block: 196 with the default options",
    options=(MethodOption("block", "Block", 2, 1, 14, 1, "The side of the block, in pixels."),),
    uses_baseline=True,
)


def attribute(task: Task) -> Tensor:
    """Replace one block after another by the baseline, in all maps at once; each place of a block gets its loss.

    Returns:
        (1, 1, H, W).
    """
    blocks = _blocks(task.x.shape[2], task.x.shape[3], task.count("block"))
    found: Tensor = FeatureAblation(task.scorer).attribute(
        task.x,
        baselines=task.baseline,
        target=0,
        feature_mask=blocks.expand(task.x.shape),
        perturbations_per_eval=BATCH,
    )
    return found[:, :1]


def _blocks(height: int, width: int, side: int) -> Tensor:
    """Number the blocks of a picture row by row, (H, W); those at the right and lower edge can be smaller.

    >>> _blocks(2, 5, 2).tolist()
    [[0, 0, 1, 1, 2], [0, 0, 1, 1, 2]]
    """
    across = -(-width // side)
    ys, xs = torch.arange(height) // side, torch.arange(width) // side
    return ys[:, None] * across + xs
