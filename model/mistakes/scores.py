"""The logits of MNIST's test images, stored beside the weights: ``python -m model.mistakes.scores FOLDER``.

So every number about the test images can be shown where MNIST is not. The file is safetensors; its metadata names the
weights by their SHA-256, and the content by its own. Training writes it for a run that looks at the test images.
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import safetensors
import torch
from safetensors.numpy import load as parse
from safetensors.numpy import save as serialise
from torch import nn

from model.errors import GlassError, WeightsError
from model.images.mnist import SIZES
from model.mistakes.records import Scores
from model.networks.assignment import weights
from model.training.images import Images, read_images, score

NAME = "test-logits.safetensors"
_CLASSES = 10


def of_network(network: nn.Module, images: Images, digest: str) -> Scores:
    """Read labelled images in evaluation mode.

    Args:
        network: Its mode is put back.
        images: N of them.
        digest: SHA-256 of the file of its weights.
    """
    logits = score(network, images).float().cpu().numpy()
    return Scores(digest, logits, images.y.cpu().numpy().astype(np.uint8))


def write(folder: Path, scores: Scores) -> None:
    """Write logits and labels beside the weights in a folder.

    Raises:
        WeightsError: The folder cannot be written.
    """
    metadata = {"weights": scores.weights, "content": _digest(scores)}
    data = serialise({"logits": scores.logits, "labels": scores.labels}, metadata)
    unfinished = folder / f"{NAME}.part"
    try:
        unfinished.write_bytes(data)
        unfinished.replace(folder / NAME)
    except OSError as error:
        raise WeightsError(
            f"'{folder / NAME}' cannot be written ({error.strerror}).",
            "It must be in a folder on a disk with room.",
            "Make room, or give another folder.",
        ) from error


def read(folder: Path = weights.SHIPPED) -> Scores:
    """Read the logits of the test images beside the weights in a folder, and check that they are these weights'.

    Raises:
        WeightsError: They are missing, damaged, or of other weights.
    """
    path = folder / NAME
    remedy = f"Write it anew: 'python -m model.mistakes.scores {folder}'. Everything else works without it."
    try:
        data = path.read_bytes()
    except OSError as error:
        raise WeightsError(
            f"The logits of the test images, '{path}', cannot be read ({error.strerror}).",
            "They must be there.",
            remedy,
        ) from error
    try:
        tensors, metadata = parse(data), _metadata(data)
        found = Scores(metadata["weights"], tensors["logits"], tensors["labels"])
    except (safetensors.SafetensorError, ValueError, LookupError, TypeError) as error:
        raise WeightsError(
            f"The logits of the test images, '{path}', cannot be read ({error}).",
            "They must be a whole safetensors file of logits and labels.",
            remedy,
        ) from error
    if _digest(found) != metadata.get("content") or not _is_sound(found):
        raise WeightsError(
            f"The logits of the test images, '{path}', are damaged.",
            f"There must be {_CLASSES} finite numbers and a label for each of {SIZES['test']:,} images, as written.",
            remedy,
        )
    expected = weights.read_card(folder)["sha256"].get(weights.FINAL)
    if found.weights != expected:
        raise WeightsError(
            f"The logits of the test images, '{path}', belong to other weights (SHA-256 {found.weights[:12]}...).",
            f"The card beside them promises {str(expected)[:12]}...",
            remedy,
        )
    return found


def _metadata(data: bytes) -> dict[str, str]:
    """Return what a safetensors file says of itself; its header is JSON, its length the first eight bytes."""
    length = int.from_bytes(data[:8], "little")
    found: dict[str, str] = json.loads(data[8 : 8 + length])["__metadata__"]
    return found


def _digest(scores: Scores) -> str:
    return hashlib.sha256(scores.logits.tobytes() + scores.labels.tobytes()).hexdigest()


def _is_sound(scores: Scores) -> bool:
    images = SIZES["test"]
    return (
        scores.logits.shape == (images, _CLASSES)
        and scores.labels.shape == (images,)
        and [scores.logits.dtype, scores.labels.dtype] == [np.dtype(np.float32), np.dtype(np.uint8)]
        and bool(np.isfinite(scores.logits).all())
        and bool((scores.labels < _CLASSES).all())
    )


def main(arguments: list[str] | None = None) -> None:
    """Write the logits of MNIST's test images beside a folder's weights."""
    parser = argparse.ArgumentParser(prog="python -m model.mistakes.scores", description=main.__doc__)
    parser.add_argument("folder", type=Path, help="that holds final.safetensors and card.json")
    folder = parser.parse_args(arguments).folder
    try:
        network, card = weights.load(folder), weights.read_card(folder)
        torch.set_num_threads(1)  # sums are then taken in the same order wherever this runs
        found = of_network(network, read_images("test", "cpu"), card["sha256"][weights.FINAL])
        write(folder, found)
    except GlassError as error:
        sys.exit(f"error: {error}")
    accuracy = found.right.mean()
    print(f"{int(found.right.sum()):,} of {len(found):,} test images right ({accuracy:.2%}), in '{folder / NAME}'.")
    if card.get("test_accuracy") != accuracy:
        print(f"The card says {card.get('test_accuracy')}.")


if __name__ == "__main__":
    main()
