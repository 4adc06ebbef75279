"""Write a network as PyTorch code that runs without this project and gives the same logits with the same weights."""

from collections.abc import Iterator, Mapping

from torch import Tensor, nn

from model.graph.code.calls import FUNCTIONS, as_module
from model.graph.code.places import Place
from model.graph.module import NetworkModule
from model.graph.records import IMAGE, Node, Op
from model.records import format_sizes

_FEW = 64  # values of a constant that are written out
_NAMES = ("x", "y", "z", "u", "v", "w")
_TENSORS = {Op.PARAMETER, Op.CONSTANT}


def code_of(module: NetworkModule, title: str = "") -> str:
    """Return a Python file with a class ``Net`` whose logits (N, K) for (N, C, H, W) are those of a network.

    The names of its weights are the author's. What the author's code does with the logits, and modules that it never
    runs, are left out.

    Args:
        module: The network.
        title: What pages call it.
    """
    return _Writer(module).text(title)


def weights_of(module: NetworkModule) -> dict[str, Tensor]:
    """Return the state dict of the class that ``code_of`` writes."""
    return {_key(key): tensor.detach() for key, tensor in _tensors(module).items() if not _is_written(key, tensor)}


def _tensors(module: NetworkModule) -> dict[str, Tensor]:
    return {
        key: getattr(module.step(node.name), role) for node in module.graph.nodes for role, key in node.tensors.items()
    }


def _key(key: str) -> str:
    """Return the name of a tensor; one that the author made in ``forward`` has a colon and no name of its own."""
    return key.replace(":", "_").replace(".", "_") if ":" in key else key


def _is_written(key: str, tensor: Tensor) -> bool:
    return ":" in key and tensor.numel() <= _FEW


class _Writer:
    """Writes one network: first where its weights are kept, then what is called."""

    def __init__(self, module: NetworkModule) -> None:
        self.graph, self.tensors = module.graph, _tensors(module)
        self.shapes = {IMAGE: self.graph.input_shape} | {node.name: node.shape for node in self.graph.nodes}
        self.places, self.modules = Place(), dict[str, str]()
        for node in self.graph.nodes:
            self._place_module(node)
        for node in self.graph.nodes:
            if node.name not in self.modules:
                for key in node.tensors.values():
                    self._place_tensor(key)
        self.last = {name: number for number, node in enumerate(self.graph.nodes) for name in node.inputs}

    def _place_module(self, node: Node) -> None:
        shapes = {role: tuple(self.tensors[key].shape) for role, key in node.tensors.items()}
        made = as_module(node, shapes, self.shapes[node.inputs[0]]) if node.inputs else ""
        if not made:
            return
        place = self.places.at(node.path)
        if place.made in {"", made}:
            place.made = made
            self.modules[node.name] = node.path

    def _place_tensor(self, key: str) -> None:
        path, _, role = _key(key).rpartition(".")
        place = self.places.at(path) if path else self.places
        if not self._is_in_module(path, role):
            place.inside[role] = Place(self._made(key), is_tensor=True)

    def _is_in_module(self, path: str, role: str) -> bool:
        """Tell whether a module that is made has this tensor."""
        return any(self.modules.get(node.name) == path and role in node.tensors for node in self.graph.nodes if path)

    def _made(self, key: str) -> str:
        tensor = self.tensors[key]
        if _is_written(key, tensor):
            values = f"torch.tensor({tensor.flatten().tolist()!r}, dtype={tensor.dtype})"
            given = f"{values}.reshape({tuple(tensor.shape)!r})"
            return f"{{here}}.register_buffer({{name}}, {_doubled(given)}, persistent=False)"
        given = f"torch.zeros({tuple(tensor.shape)!r}, dtype={tensor.dtype})"
        if isinstance(tensor, nn.Parameter):
            return f"{{here}}.register_parameter({{name}}, nn.Parameter({given}))"
        return f"{{here}}.register_buffer({{name}}, {given})"

    def text(self, title: str) -> str:
        """Return the whole file."""
        channels, classes = format_sizes(self.graph.input_shape), self.graph.nodes[-1].shape[0]
        said = [f"# {title}" if title else "# A network", "# Written from its graph: it needs PyTorch alone."]
        if self.graph.hidden:
            after = ", ".join(node.op for node in self.graph.hidden)
            said.append(f"# It returns the logits; the author's code goes on with {after}.")
        statements = [line for each in self.places.statements() for line in each.splitlines()]
        return "\n".join(
            [
                *said,
                "",
                "import torch",
                "import torch.nn.functional as F",
                "from torch import nn",
                "",
                "",
                "class Net(nn.Module):",
                f'    """Compute {classes} logits for a picture ({channels}); {self.graph.used:,} parameters."""',
                "",
                "    def __init__(self):",
                "        super().__init__()",
                *(f"        {line}" for line in statements),
                "",
                "    def forward(self, x):",
                *(f"        {line}" for line in self._forward()),
                "",
            ]
        )

    def _forward(self) -> Iterator[str]:
        """Yield the lines of ``forward``: a result takes the name of an input that is not needed again."""
        names, before = {IMAGE: "x"}, (1, self.graph.input_shape)
        for number, node in enumerate(self.graph.nodes):
            if node.op in _TENSORS:
                names[node.name] = self._reach(node.tensors["value"])
                continue
            inputs = [names[each] for each in node.inputs]
            done = [each for each in dict.fromkeys(node.inputs) if self.last[each] == number]
            for each in done:
                del names[each]
            name = _free(inputs[0], names)
            names[node.name] = name
            shape = "" if before == (node.batch, node.shape) else f"  # {_sizes(node)}"
            before = node.batch, node.shape
            yield f"{name} = {self._call(node, inputs)}{shape}"
        yield f"return {names[self.graph.logits]}"

    def _call(self, node: Node, inputs: list[str]) -> str:
        if node.name in self.modules:
            return f"{self.places.reach(self.modules[node.name])}({inputs[0]})"
        tensors = {role: self._reach(key) for role, key in node.tensors.items()}
        return FUNCTIONS[node.op](inputs, node.settings, tensors)

    def _reach(self, key: str) -> str:
        path, _, role = _key(key).rpartition(".")
        if path and self._is_in_module(path, role):
            return f"{self.places.reach(path)}.{role}"
        return self.places.reach(_key(key))


def _doubled(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _free(before: str, taken: Mapping[str, str]) -> str:
    """Return the name of the first input where nothing else has it, else the first free name."""
    used = {*taken.values()}
    if before in _NAMES and before not in used:
        return before
    return next(name for name in (*_NAMES, *(f"x{number}" for number in range(1, 2_000))) if name not in used)


def _sizes(node: Node) -> str:
    sides = ("N" if node.batch == 1 else f"{node.batch} * N",) if node.batch else ()
    return f"({', '.join(map(str, (*sides, *node.shape)))})"
