"""Gradient SHAP: gradients at random points between the baseline and noisy inputs."""

import torch
from torch import Tensor

from model.saliency.gradients import gradients
from model.saliency.options import noise, samples
from model.saliency.records import Method
from model.saliency.scorer import Task

METHOD = Method(
    name="gradient_shap",
    title="Gradient SHAP",
    idea="Average the gradient at random points between the baseline and noisy copies of the picture.",
    formula="a = Σ (s − b) × gradient(b + t (s − b)) / n",
    where="s is x plus a little noise, b is the baseline's pixel, t is a random number from 0 to 1, and n is the "
    "number of samples",
    paper="Lundberg, Lee: A Unified Approach to Interpreting Model Predictions, 2017",
    link="https://arxiv.org/abs/1705.07874",
    cost="as many forward and backward passes as samples",
    options=(samples(64), noise(0.05)),
    adds_up=True,
    uses_baseline=True,
    is_random=True,
)


def attribute(task: Task) -> Tensor:
    """Return the mean of gradients at random points, each times the noisy input's difference, (1, C, H, W)."""
    generator = torch.Generator().manual_seed(task.seed)
    noisy = task.x + task.noise(generator)  # (samples, C, H, W)
    shares = torch.rand((len(noisy), 1, 1, 1), generator=generator).to(noisy.dtype)
    points = shares * noisy + (1 - shares) * task.baseline
    return ((noisy - task.baseline) * gradients(task.scorer, points)).mean(0, keepdim=True)
