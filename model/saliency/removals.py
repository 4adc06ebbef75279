"""Methods that take a part of the input away and look what becomes of the score.

On a step's activation they take the part from all maps at once: what is asked is where, and not in which map.
"""

import torch
from captum.attr import FeatureAblation, Occlusion
from torch import Tensor

from model.saliency.scorer import Task

BATCH = 32  # images in one pass: more would only hold up others


def occlusion(task: Task) -> Tensor:
    """Slide a window of the baseline over the input; a place gets the mean loss of the windows that covered it.

    A window larger than the input is as large as the input.

    Returns:
        (1, 1, H, W).
    """
    maps, *sides = task.x.shape[1:]
    window = [min(task.count("window"), side) for side in sides]
    strides = [min(task.count("stride"), side) for side in window]  # a longer one would leave gaps
    found: Tensor = Occlusion(task.scorer).attribute(
        task.x,
        baselines=task.baseline,
        target=0,
        sliding_window_shapes=(maps, *window),
        strides=(maps, *strides),
        perturbations_per_eval=BATCH,
    )
    return found[:, :1]  # the same for every map: they were covered together


def feature_ablation(task: Task) -> Tensor:
    """Put the baseline in the place of one block after another; each place of a block gets the block's loss.

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
    """Number the blocks of a picture row by row, (H, W); those at the right and lower edge may be smaller.

    >>> _blocks(2, 5, 2).tolist()
    [[0, 0, 1, 1, 2], [0, 0, 1, 1, 2]]
    """
    across = -(-width // side)
    ys, xs = torch.arange(height) // side, torch.arange(width) // side
    return ys[:, None] * across + xs
