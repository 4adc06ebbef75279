"""What ``network.json`` says, checked line by line and turned into records; no number is allocated for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from model.graph.capture import FORMAT, MAX_CLASS, MAX_CLASSES, MAX_TITLE, MAX_WARNINGS, VERSION
from model.graph.records import Graph
from model.graph.shapes.settings import number, whole
from model.networks.limits import Limits, refuse
from model.networks.nodes import Shapes, read_graph
from model.networks.records import ImageSpec
from model.networks.values import checked, read_list, read_object, read_text, said

_MAX_EPOCHS = 10_000
MAX_BRACKETS = 80_000
_KEYS = {
    *("format", "version", "title", "input", "classes", "nodes", "logits", "hidden", "buffers", "frozen"),
    *("aliases", "parameters", "unused", "warnings", "history", "witness"),
}


@dataclass(frozen=True, eq=False, slots=True)
class Described:
    """A network without its weights."""

    title: str
    graph: Graph
    input: ImageSpec
    classes: tuple[str, ...]
    warnings: tuple[str, ...]
    history: tuple[Mapping[str, float], ...]
    difference: float


def read_document(document: Any, shapes: Shapes, limits: Limits) -> Described:
    """Return what a document describes.

    Args:
        document: The JSON of a network.
        shapes: Of each tensor that comes with it.
        limits: How large it may be.

    Raises:
        NetworkError: Something in it is wrong; the sentence names it.
    """
    found = read_object(document, _KEYS, "The document")
    if found["format"] != FORMAT or type(found["version"]) is not int or found["version"] != VERSION:
        refuse(
            f"The document is of the format {said(found['format'])}, version {said(found['version'])}.",
            f"This app reads '{FORMAT}', version {VERSION}.",
            "Open it with the version of the app that it was made for, or capture the network again.",
        )
    image = _image(found["input"])
    title = read_text(found["title"], "title", MAX_TITLE)
    graph = read_graph(found, image, shapes, limits)
    outputs = graph.nodes[-1].shape
    classes = tuple(read_text(each, "class", MAX_CLASS) for each in read_list(found["classes"], "classes", MAX_CLASSES))
    if len(outputs) != 1 or len(classes) != outputs[0] or len(classes) < 2 or len({*classes}) < len(classes):
        refuse(
            f"The network gives {said(outputs)} numbers and has {len(classes)} classes.",
            "Each of 2 to 1,000 numbers has a class with a name of its own.",
        )
    witness = read_object(found["witness"], {"difference", "torch"}, "The witness")
    read_text(witness["torch"], "version of PyTorch", MAX_CLASS)
    return Described(
        title,
        graph,
        image,
        classes,
        tuple(_warning(each) for each in read_list(found["warnings"], "warnings", MAX_WARNINGS)),
        tuple(_epoch(each) for each in read_list(found["history"], "epochs", _MAX_EPOCHS)),
        checked("The witness's difference", number(0, 1), witness["difference"]),
    )


def _warning(value: Any) -> str:
    return read_text(value, "warning", 300)


def _image(value: Any) -> ImageSpec:
    found = read_object(value, {"channels", "height", "width", "mean", "std"}, "The input")
    sides = [checked(f"The input's {name}", whole(1, 512), found[name]) for name in ("channels", "height", "width")]
    ranges = {"mean": number(-1e6, 1e6), "std": number(1e-6, 1e6)}
    numbers = []
    for name, check in ranges.items():
        given = read_list(found[name], name, 512)
        numbers.append(tuple(checked(f"The input's {name}", check, each) for each in given))
        if len(given) != sides[0]:
            refuse(f"The {name} has {len(given)} numbers for {sides[0]} channels.", "It has one for each.")
    return ImageSpec(*sides, *numbers)


def _epoch(value: Any) -> dict[str, float]:
    if not isinstance(value, dict) or len(value) > 20:
        refuse(f"An epoch of the history is {said(value)}.", "It has up to 20 numbers with names.")
    return {
        read_text(name, "column of the history", MAX_CLASS): checked("The history", number(-1e30, 1e30), each)
        for name, each in value.items()
    }
