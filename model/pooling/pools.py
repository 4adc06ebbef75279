"""Which steps of a network are pools: those that its author wrote as such, and means or maxima of whole maps."""

from model.graph.records import IMAGE, Graph, Node, Op

_RESHAPES = {Op.FLATTEN, Op.VIEW}


def max_pools(graph: Graph) -> tuple[Node, ...]:
    """Return the max pools of a graph, in the order they run."""
    return graph.all(Op.MAX_POOL, Op.ADAPTIVE_MAX_POOL)


def average_pools(graph: Graph) -> tuple[Node, ...]:
    """Return the average pools of a graph, in the order they run; ``x.mean((2, 3))`` is one too."""
    pools = {Op.AVG_POOL, Op.ADAPTIVE_AVG_POOL}
    return tuple(node for node in graph.nodes if node.op in pools or _is_of_whole_maps(graph, node, Op.MEAN))


def global_maxima(graph: Graph) -> tuple[Node, ...]:
    """Return the steps of a graph that keep the largest value of each map, as ``x.amax((2, 3))`` does."""
    return tuple(node for node in graph.nodes if _is_of_whole_maps(graph, node, Op.AMAX))


def is_global(graph: Graph, node: Node) -> bool:
    """Tell whether the window of a pool is the whole map."""
    if node.op in (Op.MEAN, Op.AMAX):
        return True
    if node.op in (Op.ADAPTIVE_AVG_POOL, Op.ADAPTIVE_MAX_POOL):
        return tuple(node.settings["size"]) == (1, 1)
    return tuple(node.settings["kernel"]) == _shape(graph, node.inputs[0])[1:]


def _is_of_whole_maps(graph: Graph, node: Node, op: Op) -> bool:
    """Tell whether a step reduces each map (C, H, W) to one value, also where its places are one axis (C, H * W)."""
    if node.op is not op:
        return False
    (name,), shape = node.inputs, _shape(graph, node.inputs[0])
    if len(shape) == 2 and name in {each.name for each in graph.all(*_RESHAPES)}:
        maps = _shape(graph, graph[name].inputs[0])
        return len(maps) == 3 and maps[0] == shape[0] and set(node.settings["dims"]) == {2}
    return len(shape) == 3 and set(node.settings["dims"]) == {2, 3}


def _shape(graph: Graph, name: str) -> tuple[int, ...]:
    return tuple(graph.input_shape) if name == IMAGE else graph[name].shape
