"""Where the steps of a network stand in its picture: columns of a chain, lanes where it branches, folded modules."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from model.graph.records import Graph
from model.records import IMAGE
from model.trace.records import LayerKind, Step, Trace

MAX_SHOWN = 40  # steps; a network with more is folded by its author's modules
_STARTS = {LayerKind.CONVOLUTION, "transposed convolution", LayerKind.MAX_POOL, LayerKind.AVERAGE_POOL}
_STARTS |= {LayerKind.LINEAR, "mean"}  # each starts a column


@dataclass(frozen=True, slots=True)
class Item:
    """A step in the picture, or an author's module with all its steps folded into one.

    Attributes:
        step: The step, or the last step of the module.
        inputs: The steps drawn whose outputs go into it, or ``image``.
        module: The path of the folded module; empty for a step.
        count: How many steps it stands for.
    """

    step: Step
    inputs: tuple[str, ...]
    module: str = ""
    count: int = 1

    @property
    def name(self) -> str:
        """What the picture calls it."""
        return self.module or self.step.name

    @property
    def starts_column(self) -> bool:
        """Whether a chain goes on in a new column here."""
        return bool(self.module) or self.step.kind in _STARTS or len(self.inputs) > 1


Lanes = list[list[Item]]


def modules(graph: Graph, trace: Trace) -> dict[str, tuple[str, ...]]:
    """Return the author's modules to fold, by path, each with the names of its steps; none in a small network.

    The deepest level of modules is folded that leaves few enough items: ``layer1.0`` rather than ``layer1``.
    """
    drawn = {step.name for step in trace.main_steps}
    paths = {node.name: node.path for node in graph.nodes if node.name in drawn}
    if len(drawn) <= MAX_SHOWN:
        return {}
    deepest = max(path.count(".") + 1 for path in paths.values())
    found = dict[str, tuple[str, ...]]()
    for depth in range(deepest, 0, -1):
        found = _at_depth(paths, depth)
        folded = sum(len(names) for names in found.values())
        if len(paths) - folded + len(found) <= MAX_SHOWN:
            break
    return found


def _at_depth(paths: Mapping[str, str], depth: int) -> dict[str, tuple[str, ...]]:
    """Return the modules at a depth with several steps that run one right after another."""
    found, last = dict[str, list[str]](), ""
    for name, path in paths.items():
        parts = path.split(".")
        module = ".".join(parts[:depth])
        if module and module != last and module in found:  # it runs twice, with others between
            module = f"{module} again"
        found.setdefault(module, []).append(name)
        last = module
    return {
        module: tuple(names) for module, names in found.items() if module and len(names) > 1 and "again" not in module
    }


def items(trace: Trace, folded: Mapping[str, Sequence[str]]) -> tuple[Item, ...]:
    """Return what is drawn: rows, and function calls that change a shape or join branches.

    Args:
        trace: The recorded forward pass.
        folded: The steps of each folded module, by its path.
    """
    drawn = trace.main_steps
    module_of = {name: module for module, names in folded.items() for name in names}
    shown = {step.name: module_of.get(step.name, step.name) for step in drawn}
    goes_as = {IMAGE: IMAGE}  # the item that carries the output of each step
    feeds = dict[str, list[str]]()
    for step in trace.steps:
        sources = [goes_as[name] for name in step.inputs if name in goes_as]
        item = shown.get(step.name)
        if item is None:
            goes_as[step.name] = sources[0] if sources else IMAGE
            continue
        goes_as[step.name] = item
        feeds.setdefault(item, []).extend(source for source in sources if source != item)
    found = dict[str, Item]()
    for step in drawn:
        name = shown[step.name]
        module = name if name in folded else ""
        count = len(folded[name]) if module else 1
        found[name] = Item(step, tuple(dict.fromkeys(feeds[name])), module, count)
    return tuple(found.values())


def columns(drawn: Sequence[Item]) -> list[Lanes]:
    """Put items into columns, each with one lane, or with several where the network branches.

    In a chain a convolution, a pool, a linear step, a folded module or a join starts a column; two columns of one item
    share one. A lane that is empty passes on what it gets.
    """
    found = list[Lanes]()
    for part, start in _parts(drawn):
        *inner, last = part
        if inner:
            found.append(_components(inner))
            if start in last.inputs:
                found[-1].append([])
        if not found or len(found[-1]) > 1 or last.starts_column:
            found.append([[]])
        found[-1][0].append(last)
    return _paired(found)


def _parts(drawn: Sequence[Item]) -> Iterator[tuple[list[Item], str]]:
    """Split items where one output feeds all that follows; return each part, and what feeds it."""
    part, start = list[Item](), IMAGE
    for position, item in enumerate(drawn):
        part.append(item)
        before = {IMAGE, *(each.name for each in drawn[: position + 1])}
        if before.intersection(name for each in drawn[position + 1 :] for name in each.inputs) <= {item.name}:
            yield part, start
            part, start = [], item.name


def _paired(found: Sequence[Lanes]) -> list[Lanes]:
    paired = list[Lanes]()
    for lanes in found:
        if paired and _is_single(lanes) and _is_single(paired[-1]):
            paired[-1][0] += lanes[0]
        else:
            paired.append(lanes)
    return paired


def _is_single(lanes: Lanes) -> bool:
    return len(lanes) == 1 and len(lanes[0]) == 1 and not lanes[0][0].module


def _components(inner: Sequence[Item]) -> list[list[Item]]:
    """Return the items in groups that are not connected with one another, each in order."""
    names = {item.name for item in inner}
    lanes = list[list[Item]]()
    for item in inner:
        sources = names.intersection(item.inputs)
        joined = [lane for lane in lanes if sources.intersection(each.name for each in lane)]
        merged = [each for lane in joined for each in lane]
        lanes = [lane for lane in lanes if lane not in joined]
        lanes.append([*merged, item])
    return lanes
