"""A network written as a file: the inverse of ``file.read``, without another capture."""

from typing import Any

import torch

from model.graph.capture import FORMAT, VERSION, Captured, to_bytes
from model.graph.module import NetworkModule
from model.graph.records import Node
from model.networks.records import Network

_IMAGES = 3  # of the check


def bytes_of_network(network: Network) -> bytes:
    """Return the file of a network. Its check holds the logits of the network itself, so the difference is 0.

    Args:
        network: Its module is only read. Steps without a path of their author's have none in the file.
    """
    graph, module = network.graph, network.module
    assert isinstance(module, NetworkModule)  # noqa: S101 (every Network has one)
    steps = zip(graph.nodes, module.steps, strict=True)
    tensors = {key: getattr(step, role).detach() for node, step in steps for role, key in node.tensors.items()}
    images = torch.randn(_IMAGES, *network.input.shape, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        logits = module(images)
    document = {
        "format": FORMAT,
        "version": VERSION,
        "title": network.title,
        "input": {
            "channels": network.input.channels,
            "height": network.input.height,
            "width": network.input.width,
            "mean": list(network.input.mean),
            "std": list(network.input.std),
        },
        "classes": list(network.classes),
        "nodes": [_node(node) for node in graph.nodes],
        "logits": graph.logits,
        "hidden": [_node(node) for node in graph.hidden],
        "buffers": sorted(graph.buffers),
        "frozen": sorted(graph.frozen),
        "aliases": dict(graph.aliases),
        "parameters": {"used": graph.used, "owned": graph.owned},
        "unused": [{"path": x.path, "kind": x.kind, "parameters": x.parameters} for x in graph.unused],
        "warnings": list(network.warnings),
        "history": [dict(row) for row in network.history],
        "witness": {"difference": network.difference, "torch": torch.__version__.partition("+")[0]},
    }
    weights = {key: tensor.clone().contiguous() for key, tensor in tensors.items()}
    return to_bytes(Captured(document, weights, {"images": images, "logits": logits}))


def _node(node: Node) -> dict[str, Any]:
    return {
        "name": node.name,
        "op": node.op,
        "inputs": list(node.inputs),
        "settings": dict(node.settings),
        "tensors": dict(node.tensors),
        "path": node.path,
        "kind": node.kind,
        "line": node.line,
    }
