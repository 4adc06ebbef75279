"""A network that is open as a design, where its graph is made of the kinds of layer that a design has."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from model.design.chain import Chain
from model.design.records import Design, Found
from model.design.text import CLASSES, MOST_LAYERS, SIDES
from model.errors import GlassError, InputError
from model.graph.module import NetworkModule
from model.graph.records import IMAGE, Node, Op
from model.networks.records import Network
from model.records import format_sizes

_PLAIN = {
    op: op.value
    for op in (Op.RELU, Op.RELU6, Op.SILU, Op.SELU, Op.MISH, Op.HARDSWISH, Op.TANH, Op.SIGMOID, Op.ADD, Op.CAT)
}
_FLATTENS = (Op.FLATTEN, Op.VIEW, Op.SQUEEZE)
_USUAL_NORM = {"eps": 1e-5, "momentum": 0.1, "batch_statistics": False}


def design_of(network: Network) -> Found:
    """Return a network as a design; its weights are not part of it.

    Raises:
        InputError: Something in it is no layer of a design; the sentence names the step.
    """
    chain, graph = Chain(), network.graph
    values, keys = {IMAGE: 0}, set[str]()
    for node in graph.nodes:
        learned = {key for key in node.tensors.values() if key not in graph.buffers}
        if learned & keys:
            raise _refusal(network, node, "it shares its weights with another step")
        keys |= learned
        if node.batch != 1 or any(name not in values for name in node.inputs):
            raise _refusal(network, node, "it works on the images of a batch together")
        try:
            values[node.name] = _add(chain, node, [values[name] for name in node.inputs], network)
        except _Obstacle as obstacle:
            raise _refusal(network, node, obstacle.args[0]) from None
        except InputError as error:
            raise _refusal(network, node, error.problem) from error
    if len(chain.layers) > MOST_LAYERS:
        raise InputError(
            f"'{network.title}' has {len(chain.layers)} layers.",
            f"A design has at most {MOST_LAYERS}.",
            "Open another.",
        )
    shape, classes = network.input.shape, len(network.classes)
    if classes not in CLASSES or not all(side in SIDES for side in shape):
        raise InputError(
            f"'{network.title}' has {classes:,} classes and images of {format_sizes(shape)}.",
            f"A design has {CLASSES[0]} to {CLASSES[-1]:,} classes, and no side of its images is over {SIDES[-1]}.",
            "Open another.",
        )
    return Found(Design(tuple(chain.layers), shape, classes), tuple(chain.notes))


class _Obstacle(Exception):  # noqa: N818 (it becomes an InputError that names the step)
    """Why a step is no layer of a design."""


def _refusal(network: Network, node: Node, why: str) -> GlassError:
    return InputError(
        f"'{network.title}' cannot be a design: at {node.name} {why.rstrip('.')}.",
        "A design is made of convolutions, norms, dropout, activations, pools, Linear, sums and concatenations.",
        "Begin with another network.",
    )


def _add(chain: Chain, node: Node, inputs: list[int], network: Network) -> int:
    """Add the layer of a node, and return its position; what changes nothing is the value before it."""
    if node.op is Op.IDENTITY:
        return inputs[0]
    if node.op in _FLATTENS:
        return _flat(chain, node, inputs, network)
    if node.op is Op.MEAN:
        return _mean(chain, node, inputs, network)
    if node.op in _PLAIN:
        return chain.add(_PLAIN[node.op], _joined(node, inputs))
    if node.op not in _SETTINGS:
        raise _Obstacle(f"'{node.op}' is no layer of a design")
    kind, settings = _SETTINGS[node.op]
    if node.op is Op.BATCH_NORM:
        other = [f"{name}={node.settings[name]}" for name, usual in _USUAL_NORM.items() if node.settings[name] != usual]
        chain.notes += [f"{node.name} has {', '.join(other)}; a design has PyTorch's usual values."] * bool(other)
    return chain.add(kind, inputs, **settings(node, network))


def _joined(node: Node, inputs: list[int]) -> list[int]:
    if node.op is Op.ADD and (len(inputs) < 2 or node.settings.get("alpha", 1) != 1):
        raise _Obstacle("a fixed number is part of a sum")
    if node.op is Op.CAT and node.settings["dim"] != 1:
        raise _Obstacle("maps are not joined as channels")
    return inputs


def _given(node: Node, network: Network) -> tuple[int, ...]:
    graph = network.graph
    return graph.input_shape if node.inputs[0] == IMAGE else graph[node.inputs[0]].shape


def _flat(chain: Chain, node: Node, inputs: list[int], network: Network) -> int:
    """A function call at the end, on maps of one unit, is what every design ends with by itself."""
    given = _given(node, network)
    if len(node.shape) != 1:
        raise _Obstacle(f"{given} becomes {node.shape}, which is no list of numbers")
    if len(given) == 1:
        return inputs[0]
    if node.name == network.graph.logits and not node.kind and given[1:] == (1, 1):
        return inputs[0]
    return chain.add("flatten", inputs)


def _mean(chain: Chain, node: Node, inputs: list[int], network: Network) -> int:
    if {*node.settings["dims"]} != {2, 3} or len(_given(node, network)) != 3:
        raise _Obstacle("a mean is not over whole maps")
    found = chain.add("gap", inputs)
    ends = node.name == network.graph.logits
    return found if node.settings["keepdim"] or ends else chain.add("flatten", [found])


def _conv(node: Node, _network: Network) -> dict[str, Any]:
    s = node.settings
    own = {"kernels": node.shape[0], "size": tuple(s["kernel"]), "bias": "bias" in node.tensors}
    return own | {name: _tuple(s[name]) for name in ("stride", "padding", "dilation", "groups")}


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list | tuple) else value


def _pool(node: Node, _network: Network) -> dict[str, Any]:
    s = node.settings
    usual: Mapping[str, Sequence[Any]] = {"dilation": [(1, 1)], "count_include_pad": [True], "divisor": [None]}
    for name, allowed in usual.items():
        if name in s and _tuple(s[name]) not in allowed and (name != "count_include_pad" or any(s["padding"])):
            raise _Obstacle(f"a pool has {name}={s[name]}")
    size, stride = tuple(s["kernel"]), tuple(s["stride"])
    return {
        "size": size,
        "stride": None if stride == size else stride,
        "padding": _tuple(s["padding"]),
        "ceil": s["ceil"],
    }


def _whole(node: Node, _network: Network) -> dict[str, Any]:
    if tuple(node.settings["size"]) != (1, 1):
        raise _Obstacle(f"an adaptive pool gives {tuple(node.settings['size'])}")
    return {}


def _norm(node: Node, _network: Network) -> dict[str, Any]:
    if "weight" not in node.tensors or "running_mean" not in node.tensors:
        raise _Obstacle("a batch norm has no weights or no running averages")
    return {}


def _linear(node: Node, network: Network) -> dict[str, Any]:
    if len(_given(node, network)) != 1:
        raise _Obstacle("a Linear works along one axis of maps")
    return {"units": node.shape[0], "bias": "bias" in node.tensors}


def _prelu(node: Node, network: Network) -> dict[str, Any]:
    assert isinstance(network.module, NetworkModule)  # noqa: S101 (every Network has one)
    if sum(weight.numel() for weight in network.module.step(node.name).parameters()) != 1:
        raise _Obstacle("a PReLU has a slope for each channel")
    return {}


def _gelu(node: Node, _network: Network) -> dict[str, Any]:
    if node.settings["approximate"] != "none":
        raise _Obstacle("a GELU is approximated")
    return {}


_SETTINGS: Mapping[Op, tuple[str, Callable[[Node, Network], dict[str, Any]]]] = {
    Op.CONV: ("conv", _conv),
    Op.BATCH_NORM: ("bn", _norm),
    Op.DROPOUT: ("dropout", lambda node, _network: {"p": node.settings["p"]}),
    Op.DROPOUT2D: ("dropout2d", lambda node, _network: {"p": node.settings["p"]}),
    Op.LEAKY_RELU: ("leaky", lambda node, _network: {"slope": node.settings["negative_slope"]}),
    Op.PRELU: ("prelu", _prelu),
    Op.GELU: ("gelu", _gelu),
    Op.MAX_POOL: ("max", _pool),
    Op.AVG_POOL: ("avg", _pool),
    Op.ADAPTIVE_AVG_POOL: ("gap", _whole),
    Op.LINEAR: ("linear", _linear),
}
