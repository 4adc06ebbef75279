"""The logits of MNIST's test images, stored beside the weights: ``python -m model.mistakes.scores FOLDER``.

With them, every number about the test images can be shown without MNIST. The file is safetensors; its metadata holds
the SHA-256 of the weights and of the content. Training writes the file for a run that uses the test images.
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
    """Compute the logits of labelled images in evaluation mode.

    Args:
        network: Its mode is restored afterwards.
        images: N images.
        digest: SHA-256 of its weights file.
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
            "The folder must exist, with free space on its disk.",
            "Free some space, or choose another folder.",
        ) from error


def read(folder: Path = weights.SHIPPED) -> Scores:
    """Read the logits of the test images beside the weights in a folder, and check that they belong to these weights.

    Raises:
        WeightsError: They are missing, damaged, or belong to other weights.
    """
    path = folder / NAME
    remedy = f"Write the file again: 'python -m model.mistakes.scores {folder}'. Everything else works without it."
    try:
        data = path.read_bytes()
    except OSError as error:
        raise WeightsError(
            f"The logits of the test images, '{path}', cannot be read ({error.strerror}).",
            "The file must exist.",
            remedy,
        ) from error
    try:
        tensors, metadata = parse(data), _metadata(data)
        found = Scores(metadata["weights"], tensors["logits"], tensors["labels"])
    except (safetensors.SafetensorError, ValueError, LookupError, TypeError) as error:
        raise WeightsError(
            f"The logits of the test images, '{path}', cannot be read ({error}).",
            "It must be a complete safetensors file with logits and labels.",
            remedy,
        ) from error
    if _digest(found) != metadata.get("content") or not _is_sound(found):
        raise WeightsError(
            f"The logits of the test images, '{path}', are damaged.",
            f"The file must hold {_CLASSES} finite numbers and a label for each of {SIZES['test']:,} images.",
            remedy,
        )
    expected = weights.read_card(folder)["sha256"].get(weights.FINAL)
    if found.weights != expected:
        raise WeightsError(
            f"The logits of the test images, '{path}', belong to other weights (SHA-256 {found.weights[:12]}...).",
            f"The card beside them names {str(expected)[:12]}...",
            remedy,
        )
    return found


def _metadata(data: bytes) -> dict[str, str]:
    """Return the metadata of a safetensors file: its header is JSON, and the first eight bytes are its length."""
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
    parser.add_argument("folder", type=Path, help="the folder with final.safetensors and card.json")
    folder = parser.parse_args(arguments).folder
    try:
        network, card = weights.load(folder), weights.read_card(folder)
        torch.set_num_threads(1)  # the order of the sums is then the same on every machine
        found = of_network(network, read_images("test", "cpu"), card["sha256"][weights.FINAL])
        write(folder, found)
    except GlassError as error:
        sys.exit(f"error: {error}")
    accuracy = found.correct.mean()
    print(f"{int(found.correct.sum()):,} of {len(found):,} test images correct ({accuracy:.2%}), in '{folder / NAME}'.")
    if card.get("test_accuracy") != accuracy:
        print(f"The card says {card.get('test_accuracy')}.")


if __name__ == "__main__":
    main()
