"""Occlusion: how much score is lost when a window of the baseline covers a part of the input."""

from captum.attr import Occlusion
from torch import Tensor

from model.saliency.gradients import BATCH
from model.saliency.records import Method, MethodOption
from model.saliency.scorer import Task

METHOD = Method(
    name="occlusion",
    title="Occlusion",
    idea="Cover a small window with the baseline, note how much the score falls, and move the window on.",
    formula="a = score(x) − score(x without the window)",
    where="a pixel that several windows cover gets the mean of their losses",
    paper="Zeiler, Fergus: Visualizing and Understanding Convolutional Networks, 2013",
    link="https://arxiv.org/abs/1311.2901",
    cost="1 forward pass for each window: 169 with the default options",
    options=(
        MethodOption("window", "Window", 4, 1, 14, 1, "The side of the window, in pixels."),
        MethodOption("stride", "Stride", 2, 1, 14, 1, "How far the window moves; at most its own width."),
    ),
    uses_baseline=True,
)


def attribute(task: Task) -> Tensor:
    """Slide a window of the baseline over the input; a place gets the mean loss of the windows that cover it.

    A window covers all maps at once, because the question is where, not in which map. A window that is larger than the
    input is as large as the input.

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
    return found[:, :1]  # the same for every map
