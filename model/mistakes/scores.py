"""The logits of MNIST's test images, of any network that reads digits, computed in parts.

Those of the assignment are stored beside the weights: ``python -m model.mistakes.scores FOLDER``. With them, every
number about the test images can be shown without MNIST. The file is safetensors; its metadata holds the SHA-256 of the
weights and of the content. Training writes the file for a run that uses the test images.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import safetensors
import torch
from safetensors.numpy import load as parse
from safetensors.numpy import save as serialise
from torch import Tensor, nn

from model.errors import GlassError, InputError, WeightsError
from model.images import digits
from model.images.inputs import reads_digits, to_inputs
from model.images.mnist import SIZES
from model.mistakes.records import Scores
from model.networks.assignment import weights
from model.networks.records import Network
from model.trace.private import private_copy
from model.training.images import Images, read_images, score

NAME = "test-logits.safetensors"
_CLASSES = 10
_PART = 500  # images in one pass
_LISTED = 3  # classes that a sentence names


def of_network(network: nn.Module, images: Images, digest: str) -> Scores:
    """Compute the logits of labelled images in evaluation mode.

    Args:
        network: Its mode is restored afterwards.
        images: N images.
        digest: SHA-256 of its weights file.
    """
    logits = score(network, images).float().cpu().numpy()
    return Scores(digest, logits, images.y.cpu().numpy().astype(np.uint8))


def parts(count: int = SIZES["test"]) -> list[slice]:
    """Return the parts in which images are classified, so that a page can show progress between them."""
    return [slice(start, min(start + _PART, count)) for start in range(0, count, _PART)]


def of_part(network: Network, part: slice) -> Scores:
    """Compute the logits of a part of MNIST's test images in evaluation mode; pictures are fitted to the network.

    Args:
        network: Any that reads digits; not changed.
        part: One of ``parts``.

    Raises:
        InputError: The network does not read digits, so MNIST's labels are not its classes.
        DataError: MNIST's test images are missing or damaged.
    """
    if not reads_digits(network.input, network.classes):
        raise InputError(
            f"'{network.title}' cannot be tested on MNIST.",
            f"MNIST holds grey digits of the classes 0 to 9; this network takes {network.input.channels} channels and "
            f"tells {', '.join(network.classes[:_LISTED])}{'...' if len(network.classes) > _LISTED else ''} apart.",
            "Choose a network that reads digits.",
        )
    test = digits.mnist("test")
    labels = np.asarray(test.labels[part], np.uint8)
    with torch.no_grad():
        logits: Tensor = private_copy(network.module)(to_inputs(test.images[part], network.input))
    return Scores(network.id, logits.float().numpy().copy(), labels)


def joined(found: Sequence[Scores]) -> Scores:
    """Put the scores of parts together, in this order.

    Raises:
        InputError: There is none, or they belong to different networks.
    """
    names = {each.weights for each in found}
    if len(names) != 1:
        raise InputError(
            f"Scores of {len(names)} networks cannot be put together.",
            "They must all be of one network.",
            "Compute them again.",
        )
    labels = np.concatenate([each.labels for each in found])
    return Scores(found[0].weights, np.concatenate([each.logits for each in found]), labels)


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
