"""The graph of ``network.json``: each node is checked and its shape inferred from those before it."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from model.graph.capture import MAX_NODES, MAX_PATH
from model.graph.records import IMAGE, Graph, Node, Op, Unused
from model.graph.shapes.records import Given, Misfit, Value
from model.graph.shapes.rules import check_settings, infer
from model.graph.shapes.settings import whole
from model.networks.limits import Limits, refuse
from model.networks.records import ImageSpec
from model.networks.values import checked, match, read_list, read_object, read_text, said

Shapes = Mapping[str, tuple[int, ...]]
_NAME = re.compile(r"[0-9A-Za-z_]{1,80}-[0-9]{1,4}(\.[0-9]{1,4})?", re.ASCII)
_KIND = re.compile(r"\w{1,80}")
_LINE = re.compile(r"[\w. -]{1,80}:[0-9]{1,7}")
_MAX_UNUSED, _MAX_TENSORS = 10_000, 8_000
_NODE_KEYS = {"name", "op", "inputs", "settings", "tensors", "path", "kind", "line"}
_BYTES = 4  # of a float32


def read_graph(found: Mapping[str, Any], image: ImageSpec, shapes: Shapes, limits: Limits) -> Graph:
    """Return the graph that a document describes.

    Args:
        found: The document, with all its parts.
        image: What goes in.
        shapes: Of each tensor that comes with it.
        limits: How large it may be.

    Raises:
        NetworkError: Something in it is wrong; the sentence names it.
    """
    buffers = _keys(found["buffers"], "buffers", shapes)
    frozen = _keys(found["frozen"], "frozen parameters", shapes)
    used = sum(math.prod(shape) for key, shape in shapes.items() if key not in buffers)
    if used > limits.parameters:
        refuse(
            f"The network has {used:,} parameters.",
            f"At most {limits.parameters:,} are read here.",
            "Open a smaller network, or run the app on your own machine.",
        )
    written = [*read_list(found["nodes"], "nodes", MAX_NODES), *read_list(found["hidden"], "hidden nodes", MAX_NODES)]
    count = len(found["nodes"])
    nodes = _Reader(image, shapes, limits).read(written)
    _check_uses(nodes[:count], nodes[count:], found["logits"], shapes)
    parameters = read_object(found["parameters"], {"used", "owned"}, "The count of parameters")
    owned = checked("The number of parameters that are owned", whole(0, 1 << 40), parameters["owned"])
    unused = tuple(_unused(each) for each in read_list(found["unused"], "unused modules", _MAX_UNUSED))
    if parameters["used"] != used or owned - sum(each.parameters for each in unused) != used:
        refuse(
            f"The document counts {said(parameters['used'])} parameters in use and {owned:,} in all.",
            f"There are {used:,} in use, and those that are not add up to the rest.",
        )
    aliases = _aliases(found["aliases"], shapes)
    hidden = tuple(nodes[count:])
    return Graph(tuple(nodes[:count]), image.shape, hidden, buffers, frozen, aliases, used, owned, unused)


def _keys(value: Any, what: str, shapes: Shapes) -> frozenset[str]:
    keys = read_list(value, what, _MAX_TENSORS)
    if any(not isinstance(key, str) or key not in shapes for key in keys) or len({*keys}) < len(keys):
        refuse(f"The {what} are not those of the network.", "Each is the key of a tensor, named once.")
    return frozenset(keys)


def _aliases(value: Any, shapes: Shapes) -> dict[str, str]:
    if not isinstance(value, dict) or len(value) > _MAX_TENSORS:
        refuse("The aliases are no object.", "It gives other names of tensors.")
    for name, key in value.items():
        read_text(name, "name of a tensor", MAX_PATH)
        if not isinstance(key, str) or key not in shapes or name in shapes:
            refuse(f"The alias {said(name)} stands for {said(key)}.", "It stands for a tensor of the network.")
    return dict(value)


def _unused(value: Any) -> Unused:
    found = read_object(value, {"path", "kind", "parameters"}, "An unused module")
    path = read_text(found["path"], "path", MAX_PATH) if found["path"] != "" else ""
    match(_KIND, found["kind"], "kind of module")
    return Unused(path, found["kind"], checked("Its parameters", whole(0, 1 << 40), found["parameters"]))


class _Reader:
    """Read nodes one after another, each from what came before, and add up what they take."""

    def __init__(self, image: ImageSpec, shapes: Shapes, limits: Limits) -> None:
        self.values = {IMAGE: Value(1, image.shape)}
        self.shapes, self.limits = shapes, limits
        self.bytes, self.work, self.row = 0, 0, 0

    def read(self, written: Sequence[Any]) -> list[Node]:
        """Return all nodes."""
        return [self._node(read_object(each, _NODE_KEYS, "A node")) for each in written]

    def _node(self, found: Mapping[str, Any]) -> Node:
        name = found["name"]
        match(_NAME, name, "name of a node")
        if name in self.values:
            refuse(f"Two nodes have the name '{name}'.", "Each has its own.")
        if not isinstance(found["op"], str) or found["op"] not in {*Op}:
            refuse(f"The node '{name}' computes {said(found['op'])}.", "It is not in the list of operations.")
        node = Node(
            name,
            Op(found["op"]),
            self._inputs(name, found["inputs"]),
            self._settings(name, Op(found["op"]), found["settings"]),
            read_text(found["path"], "path", MAX_PATH) if found["path"] != "" else "",
            self._tensors(name, found["tensors"]),
        )
        for key, pattern in (("kind", _KIND), ("line", _LINE)):
            if found[key] != "":
                match(pattern, found[key], f"{key} of the node '{name}'")
        node = self._inferred(replace(node, kind=found["kind"], line=found["line"]))
        if node.row is not None:
            if node.row <= self.row:
                refuse(f"The row '{name}' comes after row {self.row}.", "Rows are in order.")
            self.row = node.row
        return node

    def _inputs(self, name: str, value: Any) -> tuple[str, ...]:
        inputs = read_list(value, f"inputs of the node '{name}'", 256)
        for each in inputs:
            if not isinstance(each, str) or each not in self.values:
                refuse(f"The node '{name}' takes {said(each)}.", "It takes the image, or a node that comes before it.")
        return tuple(inputs)

    def _settings(self, name: str, op: Op, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            refuse(f"The settings of the node '{name}' are {said(value)}.", "They are an object.")
        try:
            return check_settings(op, value)
        except Misfit as error:
            refuse(f"The node '{name}' is wrong. {error.args[0]}", error.args[1])

    def _tensors(self, name: str, value: Any) -> dict[str, str]:
        if not isinstance(value, dict) or len(value) > 8:
            refuse(f"The tensors of the node '{name}' are {said(value)}.", "They are an object.")
        for role, key in value.items():
            if not isinstance(key, str) or key not in self.shapes:
                refuse(f"The node '{name}' takes {said(key)} for its {said(role)}.", "It must come with the network.")
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
        refuse(f"The logits are {said(logits)}.", "They are what the last node gives, a row for each image.")
    used = {name for node in nodes for name in node.inputs} | {nodes[-1].name}
    lost = [node.name for node in nodes if node.name not in used]
    if lost or IMAGE not in used:
        refuse(f"Nothing uses {said(lost[0] if lost else IMAGE)}.", "A network has one end, its logits.")
    allowed = {nodes[-1].name, *(node.name for node in nodes), *(node.name for node in hidden)}
    if any(node.tensors or not {*node.inputs} <= allowed for node in hidden):
        refuse("A hidden node has weights, or takes the image.", "It works on the logits.")
    keys = {key for node in nodes for key in node.tensors.values()}
    if keys != shapes.keys():
        unknown = sorted(shapes.keys() - keys)
        refuse(f"The weights have {said(unknown[0])}, which nothing uses.", "Each tensor belongs to a node.")
