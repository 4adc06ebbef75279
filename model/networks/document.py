"""What ``network.json`` says, checked line by line and turned into records; no number is allocated for it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from model.graph.capture import (
    FORMAT,
    MAX_CLASS,
    MAX_CLASSES,
    MAX_NODES,
    MAX_PATH,
    MAX_TITLE,
    MAX_WARNINGS,
    VERSION,
    text_problem,
)
from model.graph.records import IMAGE, Graph, Node, Op, Unused
from model.graph.shapes.records import Given, Misfit, Value
from model.graph.shapes.rules import check_settings, infer
from model.graph.shapes.settings import number, whole
from model.networks.limits import Limits, refuse
from model.networks.records import ImageSpec

Shapes = Mapping[str, tuple[int, ...]]
_NAME = re.compile(r"[0-9A-Za-z_]{1,80}-[0-9]{1,4}(\.[0-9]{1,4})?", re.ASCII)
_KIND = re.compile(r"\w{1,80}")
_LINE = re.compile(r"[\w. -]{1,80}:[0-9]{1,7}")
_MAX_UNUSED, _MAX_EPOCHS, _MAX_TENSORS = 10_000, 10_000, 8_000
MAX_BRACKETS = 80_000
_KEYS = {
    *("format", "version", "title", "input", "classes", "nodes", "logits", "hidden", "buffers", "frozen"),
    *("aliases", "parameters", "unused", "warnings", "history", "witness"),
}
_NODE_KEYS = {"name", "op", "inputs", "settings", "tensors", "path", "kind", "line"}
_BYTES = 4  # of a float32


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
    found = _object(document, _KEYS, "The document")
    if found["format"] != FORMAT or type(found["version"]) is not int or found["version"] != VERSION:
        refuse(
            f"The document is of the format {_said(found['format'])}, version {_said(found['version'])}.",
            f"This app reads '{FORMAT}', version {VERSION}.",
            "Open it with the version of the app that it was made for, or capture the network again.",
        )
    image = _image(found["input"])
    title = _text(found["title"], "title", MAX_TITLE)
    graph = _graph(found, image, shapes, limits)
    outputs = graph.nodes[-1].shape
    classes = tuple(_text(each, "class", MAX_CLASS) for each in _list(found["classes"], "classes", MAX_CLASSES))
    if len(outputs) != 1 or len(classes) != outputs[0] or len(classes) < 2 or len({*classes}) < len(classes):
        refuse(
            f"The network gives {_said(outputs)} numbers and has {len(classes)} classes.",
            "Each of 2 to 1,000 numbers has a class with a name of its own.",
        )
    witness = _object(found["witness"], {"difference", "torch"}, "The witness")
    _text(witness["torch"], "version of PyTorch", MAX_CLASS)
    return Described(
        title,
        graph,
        image,
        classes,
        tuple(_warning(each) for each in _list(found["warnings"], "warnings", MAX_WARNINGS)),
        tuple(_epoch(each) for each in _list(found["history"], "epochs", _MAX_EPOCHS)),
        _checked("The witness's difference", number(0, 1), witness["difference"]),
    )


# Plain values


def _said(value: Any) -> str:
    text = ascii(value if isinstance(value, str | int | float | tuple | None) else type(value).__name__)
    return text if len(text) <= 40 else f"{text[:40]}..."


def _object(value: Any, keys: set[str], what: str) -> dict[str, Any]:
    if not isinstance(value, dict) or value.keys() != keys:
        found = value.keys() if isinstance(value, dict) else set[str]()
        missing, unknown = (_said(", ".join(sorted(each))) if each else "" for each in (keys - found, found - keys))
        lacks, has = f"lacks {missing}" if missing else "", f"has {unknown} too much" if unknown else ""
        refuse(f"{what} {' and '.join(filter(None, (lacks, has)))}.", "It has exactly the parts of its version.")
    return value


def _list(value: Any, what: str, most: int) -> list[Any]:
    if not isinstance(value, list) or len(value) > most:
        count = f"count {len(value):,}" if isinstance(value, list) else "are no list"
        refuse(f"The {what} {count}.", f"They are a list of up to {most:,}.")
    return value


def _text(value: Any, what: str, longest: int) -> str:
    problem = text_problem(value, longest) if isinstance(value, str) else "is no text"
    if problem:
        refuse(
            f"The {what} {_said(value)} {problem}.",
            f"It has 1 to {longest} visible characters and no markup.",
        )
    return str(value)


def _warning(value: Any) -> str:
    return _text(value, "warning", 300)


def _checked(what: str, check: Any, value: Any) -> Any:
    try:
        return check(value)
    except Misfit as error:
        refuse(f"{what} {error.args[0]}", error.args[1])


def _image(value: Any) -> ImageSpec:
    found = _object(value, {"channels", "height", "width", "mean", "std"}, "The input")
    sides = [_checked(f"The input's {name}", whole(1, 512), found[name]) for name in ("channels", "height", "width")]
    ranges = {"mean": number(-1e6, 1e6), "std": number(1e-6, 1e6)}
    numbers = []
    for name, check in ranges.items():
        given = _list(found[name], name, 512)
        numbers.append(tuple(_checked(f"The input's {name}", check, each) for each in given))
        if len(given) != sides[0]:
            refuse(f"The {name} has {len(given)} numbers for {sides[0]} channels.", "It has one for each.")
    return ImageSpec(*sides, *numbers)


def _epoch(value: Any) -> dict[str, float]:
    if not isinstance(value, dict) or len(value) > 20:
        refuse(f"An epoch of the history is {_said(value)}.", "It has up to 20 numbers with names.")
    return {
        _text(name, "column of the history", MAX_CLASS): _checked("The history", number(-1e30, 1e30), each)
        for name, each in value.items()
    }


# The graph


def _graph(found: Mapping[str, Any], image: ImageSpec, shapes: Shapes, limits: Limits) -> Graph:
    buffers = _keys(found["buffers"], "buffers", shapes)
    frozen = _keys(found["frozen"], "frozen parameters", shapes)
    used = sum(_count(shape) for key, shape in shapes.items() if key not in buffers)
    if used > limits.parameters:
        refuse(
            f"The network has {used:,} parameters.",
            f"At most {limits.parameters:,} are read here.",
            "Open a smaller network, or run the app on your own machine.",
        )
    written = [*_list(found["nodes"], "nodes", MAX_NODES), *_list(found["hidden"], "hidden nodes", MAX_NODES)]
    count = len(found["nodes"])
    nodes = _Reader(image, shapes, limits).read(written)
    _check_uses(nodes[:count], nodes[count:], found["logits"], shapes)
    parameters = _object(found["parameters"], {"used", "owned"}, "The count of parameters")
    owned = _checked("The number of parameters that are owned", whole(0, 1 << 40), parameters["owned"])
    unused = tuple(_unused(each) for each in _list(found["unused"], "unused modules", _MAX_UNUSED))
    if parameters["used"] != used or owned - sum(each.parameters for each in unused) != used:
        refuse(
            f"The document counts {_said(parameters['used'])} parameters in use and {owned:,} in all.",
            f"There are {used:,} in use, and those that are not add up to the rest.",
        )
    aliases = _aliases(found["aliases"], shapes)
    hidden = tuple(nodes[count:])
    return Graph(tuple(nodes[:count]), image.shape, hidden, buffers, frozen, aliases, used, owned, unused)


def _count(shape: Sequence[int]) -> int:
    count = 1
    for side in shape:
        count *= side
    return count


def _keys(value: Any, what: str, shapes: Shapes) -> frozenset[str]:
    keys = _list(value, what, _MAX_TENSORS)
    if any(not isinstance(key, str) or key not in shapes for key in keys) or len({*keys}) < len(keys):
        refuse(f"The {what} are not those of the network.", "Each is the key of a tensor, named once.")
    return frozenset(keys)


def _aliases(value: Any, shapes: Shapes) -> dict[str, str]:
    if not isinstance(value, dict) or len(value) > _MAX_TENSORS:
        refuse("The aliases are no object.", "It gives other names of tensors.")
    for name, key in value.items():
        _text(name, "name of a tensor", MAX_PATH)
        if not isinstance(key, str) or key not in shapes or name in shapes:
            refuse(f"The alias {_said(name)} stands for {_said(key)}.", "It stands for a tensor of the network.")
    return dict(value)


def _unused(value: Any) -> Unused:
    found = _object(value, {"path", "kind", "parameters"}, "An unused module")
    path = _text(found["path"], "path", MAX_PATH) if found["path"] != "" else ""
    _match(_KIND, found["kind"], "kind of module")
    return Unused(path, found["kind"], _checked("Its parameters", whole(0, 1 << 40), found["parameters"]))


def _match(pattern: re.Pattern[str], value: Any, what: str) -> None:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        refuse(f"The {what} {_said(value)} is not of the right form.", "It is as 'save' writes it.")


class _Reader:
    """Read nodes one after another, each from what came before, and add up what they take."""

    def __init__(self, image: ImageSpec, shapes: Shapes, limits: Limits) -> None:
        self.values = {IMAGE: Value(1, image.shape)}
        self.shapes, self.limits = shapes, limits
        self.bytes, self.work, self.row = 0, 0, 0

    def read(self, written: Sequence[Any]) -> list[Node]:
        """Return all nodes."""
        return [self._node(_object(each, _NODE_KEYS, "A node")) for each in written]

    def _node(self, found: Mapping[str, Any]) -> Node:
        name = found["name"]
        _match(_NAME, name, "name of a node")
        if name in self.values:
            refuse(f"Two nodes have the name '{name}'.", "Each has its own.")
        if not isinstance(found["op"], str) or found["op"] not in {*Op}:
            refuse(f"The node '{name}' computes {_said(found['op'])}.", "It is not in the list of operations.")
        node = Node(
            name,
            Op(found["op"]),
            self._inputs(name, found["inputs"]),
            self._settings(name, Op(found["op"]), found["settings"]),
            _text(found["path"], "path", MAX_PATH) if found["path"] != "" else "",
            self._tensors(name, found["tensors"]),
        )
        for key, pattern in (("kind", _KIND), ("line", _LINE)):
            if found[key] != "":
                _match(pattern, found[key], f"{key} of the node '{name}'")
        node = self._inferred(replace(node, kind=found["kind"], line=found["line"]))
        if node.row is not None:
            if node.row <= self.row:
                refuse(f"The row '{name}' comes after row {self.row}.", "Rows are in order.")
            self.row = node.row
        return node

    def _inputs(self, name: str, value: Any) -> tuple[str, ...]:
        inputs = _list(value, f"inputs of the node '{name}'", 256)
        for each in inputs:
            if not isinstance(each, str) or each not in self.values:
                refuse(f"The node '{name}' takes {_said(each)}.", "It takes the image, or a node that comes before it.")
        return tuple(inputs)

    def _settings(self, name: str, op: Op, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            refuse(f"The settings of the node '{name}' are {_said(value)}.", "They are an object.")
        try:
            return check_settings(op, value)
        except Misfit as error:
            refuse(f"The node '{name}' is wrong. {error.args[0]}", error.args[1])

    def _tensors(self, name: str, value: Any) -> dict[str, str]:
        if not isinstance(value, dict) or len(value) > 8:
            refuse(f"The tensors of the node '{name}' are {_said(value)}.", "They are an object.")
        for role, key in value.items():
            if not isinstance(key, str) or key not in self.shapes:
                refuse(f"The node '{name}' takes {_said(key)} for its {_said(role)}.", "It must come with the network.")
        return dict(value)

    def _inferred(self, node: Node) -> Node:
        shapes = {role: self.shapes[key] for role, key in node.tensors.items()}
        try:
            found = infer(node.op, Given([self.values[name] for name in node.inputs], node.settings, shapes))
        except Misfit as error:
            refuse(f"The node '{node.name}' is wrong. {error.args[0]}", error.args[1])
        self.bytes += _BYTES * found.value.size
        self.work += found.multiply_accumulates + found.comparisons
        most = self.limits.activations
        if max(self.bytes, _BYTES * found.working) > most:
            refuse(
                f"At the node '{node.name}' the activations of one image take more than {most:,} bytes.",
                f"At most {most:,} are allowed here.",
                "Open a smaller network, or give a smaller input shape.",
            )
        if self.work > self.limits.multiply_accumulates:
            refuse(
                f"At the node '{node.name}' one image takes {self.work:,} multiply-accumulates and comparisons.",
                f"At most {self.limits.multiply_accumulates:,} are allowed here.",
                "Open a smaller network, or give a smaller input shape.",
            )
        self.values[node.name] = found.value
        cost = found.multiply_accumulates
        return replace(node, batch=found.value.batch, shape=found.value.shape, multiply_accumulates=cost)


def _check_uses(nodes: Sequence[Node], hidden: Sequence[Node], logits: Any, shapes: Shapes) -> None:
    """Refuse a graph with two ends, or with tensors that nothing uses."""
    if not nodes or logits != nodes[-1].name or nodes[-1].batch != 1:
        refuse(f"The logits are {_said(logits)}.", "They are what the last node gives, a row for each image.")
    used = {name for node in nodes for name in node.inputs} | {nodes[-1].name}
    lost = [node.name for node in nodes if node.name not in used]
    if lost or IMAGE not in used:
        refuse(f"Nothing uses {_said(lost[0] if lost else IMAGE)}.", "A network has one end, its logits.")
    allowed = {nodes[-1].name, *(node.name for node in nodes), *(node.name for node in hidden)}
    if any(node.tensors or not {*node.inputs} <= allowed for node in hidden):
        refuse("A hidden node has weights, or takes the image.", "It works on the logits.")
    keys = {key for node in nodes for key in node.tensors.values()}
    if keys != shapes.keys():
        unknown = sorted(shapes.keys() - keys)
        refuse(f"The weights have {_said(unknown[0])}, which nothing uses.", "Each tensor belongs to a node.")
