"""A network file, read: nothing in it is run or unpickled, and all is worked out before it is allocated.

A ``.glass`` file is a zip of ``network.json`` (the graph), ``weights.safetensors`` and ``check.safetensors`` (three
inputs and the logits that the author's own code gave for them). It is a network only if it gives those logits again.
"""

import math
from pathlib import Path

import torch
from torch import Tensor

from model.errors import GlassError, NetworkError
from model.graph.capture import FILES
from model.graph.module import NetworkModule
from model.graph.records import Op
from model.kept_files import hash_of
from model.networks.archive import read_entries
from model.networks.document import MAX_BRACKETS, Described, read_document
from model.networks.limits import OWN, Limits, refuse
from model.networks.records import Network
from model.networks.strict_json import read_json
from model.networks.tensors import Place, read_header, read_tensors

TOLERANCE = 1e-4  # of the largest logit: another machine rounds differently
_MAX_TENSORS = 8_000


def read_path(path: Path, limits: Limits = OWN) -> Network:
    """Read a network from a file.

    Raises:
        NetworkError: It cannot be read, or is no network.
    """
    return read(bytes_of(path, limits), limits)


def bytes_of(path: Path, limits: Limits = OWN) -> bytes:
    """Return what a file holds, if it is not too large.

    Raises:
        NetworkError: It cannot be read, or is too large.
    """
    try:
        size = path.stat().st_size
        if size <= limits.file:
            with path.open("rb") as file:
                return file.read(limits.file + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its name is not valid"
        refuse(f"'{_shown(path)}' cannot be read ({reason}).", "It must be a network file.", "Give another path.")
    refuse(f"'{_shown(path)}' has {size:,} bytes.", f"At most {limits.file:,} are read.", "Open a smaller network.")


def _shown(path: Path) -> str:
    return ascii(str(path))[1:-1][-80:]


def read(data: bytes, limits: Limits = OWN) -> Network:
    """Read a network from the bytes of its file.

    Args:
        data: The whole file.
        limits: How large the network may be.

    Raises:
        NetworkError: It is damaged, too large, not understood, or does not give the logits of its check.
    """
    try:
        return _read(data, limits)
    except GlassError:
        raise
    except Exception as error:  # PyTorch raises many kinds of error for a network that cannot run
        raise NetworkError(
            f"The network cannot run ({type(error).__name__}).",
            "Its operations must fit one another.",
            "Capture it again with 'save' of capture.py.",
        ) from error


def _read(data: bytes, limits: Limits) -> Network:
    entries = read_entries(data, limits)
    document, weights, check = (entries[name] for name in FILES)
    written = read_json(bytes(document.read()), f"The part '{FILES[0]}'", MAX_BRACKETS)
    places = read_header(weights, _MAX_TENSORS)
    described = read_document(written, {key: place.shape for key, place in places.items()}, limits)
    expected = _check_places(read_header(check, 2), described)
    tensors = read_tensors(weights, places)
    _check_weights(described, tensors)
    module = NetworkModule(described.graph, tensors).eval()
    _check_outputs(module, read_tensors(check, expected), described)
    return Network(
        hash_of(data),
        described.title,
        described.graph,
        module,
        described.input,
        described.classes,
        described.warnings,
        described.history,
        described.difference,
    )


def _check_places(places: dict[str, Place], described: Described) -> dict[str, Place]:
    expected = {"images": (3, *described.input.shape), "logits": (3, len(described.classes))}
    found = {name: place.shape for name, place in places.items()}
    if found != expected or any(place.dtype != torch.float32 for place in places.values()):
        refuse("The check has other tensors than its images and logits.", f"It has {expected}.")
    return places


def _check_weights(described: Described, tensors: dict[str, Tensor]) -> None:
    """Refuse weights of a type or value that their role does not allow."""
    for node in described.graph.nodes:
        for role, key in node.tensors.items():
            tensor = tensors[key]
            counts = role == "num_batches_tracked"
            if node.op != Op.CONSTANT and (tensor.dtype == torch.int64) != counts:
                refuse(f"The tensor '{key}' is of {tensor.dtype}.", "Weights are float32, counters int64.")
            if (role == "running_var" or counts) and tensor.min() < 0:
                refuse(f"The tensor '{key}' holds {float(tensor.min()):.4g}.", "No variance is below 0.")
            if tensor.dtype == torch.int64 and key not in described.graph.buffers:
                refuse(f"The parameter '{key}' is of {tensor.dtype}.", "Parameters are float32.")


def _check_outputs(module: NetworkModule, check: dict[str, Tensor], described: Described) -> None:
    """Run the three inputs and compare with what the author's code gave."""
    images, logits = check["images"], check["logits"]
    if (images.flatten(1).std(1) == 0).any() or logits.max() == logits.min():
        refuse("The check has pictures of one colour, or logits that are all the same.", "It must tell something.")
    with torch.no_grad():
        found = module(images)
    largest = float(logits.abs().max())
    difference = float((found - logits).abs().max())
    if not math.isfinite(difference):
        refuse("The network gives a logit that is not finite.", "Every logit is a number.")
    if difference > TOLERANCE * largest:
        refuse(
            f"The network gives other logits than its author's code: they differ by {difference:.3g} "
            f"(largest logit {largest:.3g}).",
            f"They may differ by {TOLERANCE * largest:.1g}.",
            "The file is damaged, or was not made from this network: capture it again.",
        )
