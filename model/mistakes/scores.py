"""The logits of labelled pictures, of any network that has their classes, computed in parts.

Those of MNIST's test images of the assignment's network are stored beside the weights: ``python -m
model.mistakes.scores FOLDER``. With them, every number about the test images can be shown without MNIST. The file is
safetensors; its metadata holds the SHA-256 of the weights and of the content. Training writes the file for a run that
uses the test images.
"""

import argparse
import hashlib
import json
import math
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import safetensors
import torch
from safetensors.numpy import load as parse
from safetensors.numpy import save as serialise
from torch import Tensor, nn

from model.errors import GlassError, InputError, WeightsError
from model.images.inputs import fit, fit_all, normalise
from model.images.mnist import SIZES
from model.mistakes.labelled import LabelledPictures
from model.mistakes.records import MNIST, Scores
from model.networks.assignment import weights
from model.networks.records import ImageSpec, Network
from model.records import Pixels
from model.trace.private import copy_for_many
from model.training.images import Images, read_images, score

NAME = "test-logits.safetensors"
_CLASSES = 10
_VALUES = 20_000_000  # that all steps put out in one pass
_BATCH = 64  # pictures in a forward pass: what a larger one puts out does not fit into the CPU's cache
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


def parts(count: int, size: int) -> list[range]:
    """Return the parts in which pictures are classified, so that a page can show progress between them.

    >>> parts(7, 3)
    [range(0, 3), range(3, 6), range(6, 7)]
    """
    return [range(start, min(start + size, count)) for start in range(0, count, size)]


def at_once(network: Network, pictures: LabelledPictures) -> int:
    """Return how many pictures make a part: fewer for a large network, because everybody waits while a part runs."""
    values = sum(math.prod(node.shape) for node in network.graph.nodes)
    return max(1, min(pictures.at_once, _VALUES // values))


def of_part(network: Network, pictures: LabelledPictures, part: range) -> Scores:
    """Compute the logits of some labelled pictures in evaluation mode; the pictures are fitted to the network.

    Args:
        network: It has the classes of the pictures; it is not changed.
        pictures: Those that cannot be read are left out.
        part: The places of the pictures.

    Raises:
        InputError: A label is no class of the network.
        DataError: MNIST's test images are missing or damaged.
    """
    read = [*pictures.read(part)]
    unknown = sorted({each.class_name for each in read} - {*network.classes})
    if unknown or (pictures.name == MNIST and network.input.channels != 1):
        some = ", ".join(network.classes[:_LISTED])
        raise InputError(
            f"'{network.title}' cannot be tested on these pictures.",
            f"They have the classes {', '.join(unknown[:_LISTED]) or '0 to 9'} and so on; this network takes "
            f"{network.input.channels} channels and tells {some} and so on apart.",
            "Choose a network that has these classes.",
        )
    labels = np.array([network.classes.index(each.class_name) for each in read], np.int64)
    places = np.array([each.place for each in read], np.intp)
    logits = np.empty((0, len(network.classes)), np.float32)
    if read:
        x = normalise(_fitted([each.pixels for each in read], network.input), network.input)
        logits = _logits(network, x).float().numpy().copy()
    return Scores(network.id, logits, labels, pictures.name, network.classes, places)


def _logits(network: Network, x: Tensor) -> Tensor:
    """Return the logits (N, K) of images (N, C, H, W); a network that normalises by its batch gets all at once."""
    private = copy_for_many(network.module)
    by_batch = any(node.settings.get("batch_statistics") for node in network.graph.nodes)
    with torch.no_grad():
        return torch.cat([private(part) for part in x.split(len(x) if by_batch else _BATCH)])


def _fitted(every: Sequence[Pixels], image: ImageSpec) -> Pixels:
    """Return pictures as a network takes them, (N, H, W) or (N, H, W, 3); those of one size are fitted at once."""
    if len({each.shape for each in every}) == 1:
        return fit_all(np.stack(every), image)
    return np.stack([fit(each, image) for each in every])


def joined(found: Sequence[Scores]) -> Scores:
    """Put the scores of parts together, in this order.

    Raises:
        InputError: There is none, or they belong to different networks or sets of pictures.
    """
    names = {(each.weights, each.pictures) for each in found}
    if len(names) != 1:
        raise InputError(
            f"Scores of {len(names)} networks or sets of pictures cannot be put together.",
            "They must all be of one network and one set.",
            "Compute them again.",
        )
    logits, labels, places = (
        np.concatenate(each) for each in zip(*((s.logits, s.labels, s.places) for s in found), strict=True)
    )
    return replace(found[0], logits=logits, labels=labels, known_places=places)


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
