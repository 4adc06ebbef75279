"""A small network that takes coloured pictures, for tests of what goes in: three channels, classes with names."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

from model.graph.capture import save
from model.images.records import SHAPES

SIDE = 24
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
CLASSES = (*SHAPES, "cat", "dog", "bird")  # more than ten


def write(path: Path, classes: Sequence[str] = CLASSES, side: int = SIDE, channels: int = 3) -> Path:
    """Write the file of a network with random weights, the same at each call."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        author = nn.Sequential(
            nn.Conv2d(channels, 6, 3, padding=1),
            nn.BatchNorm2d(6),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(6, 8, 3),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(8, len(classes)),
        )
        numbers = {"mean": MEAN[:channels], "std": STD[:channels]}
        save(author.eval(), path, (channels, side, side), title="Small and coloured", classes=classes, **numbers)
    return path
