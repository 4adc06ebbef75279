"""Real networks as facts, and modules rebuilt from them in three styles.

A fact file lists the operations of a network that somebody published, with their settings and shapes. The files are
not part of the project: ``NETWORK_FACTS`` names the folder that holds them.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812 (the name that PyTorch's documentation uses)
from torch import Tensor, nn

Facts = Mapping[str, Any]
STYLES = ("modules", "functions", "reused")
WEIGHTED = {"Conv2d", "Linear", "BatchNorm2d"}
ENDS = {"log_softmax", "softmax", "LogSoftmax", "Softmax"}


def fact_files() -> list[Path]:
    """Return the fact files of networks that take one picture; none where the folder is not known."""
    folder = os.environ.get("NETWORK_FACTS")
    found = sorted(Path(folder).glob("N*.json")) if folder else []
    return [path for path in found if _takes_one_picture(json.loads(path.read_text(encoding="utf-8")))]


def _takes_one_picture(facts: Facts) -> bool:
    shape = facts["input_shape"]
    return isinstance(shape, list) and all(isinstance(side, int) for side in shape)


def read_facts(path: Path) -> Facts:
    """Return what one file says, or skip."""
    found: Facts = json.loads(path.read_text(encoding="utf-8"))
    return found


def needs_facts() -> pytest.MarkDecorator:
    """Return the mark of a test that reads the fact files."""
    return pytest.mark.skipif(not fact_files(), reason="This test reads fact files: set NETWORK_FACTS to their folder.")


class Rebuilt(nn.Module):
    """A network rebuilt from its operations.

    Args:
        facts: The file.
        style: ``modules`` as its author has it; ``functions``: what has no weights is a function call; ``reused``: one
            module for all steps that are alike, declared last step first.
    """

    def __init__(self, facts: Facts, style: str) -> None:
        super().__init__()
        self.operations, self.style = facts["operations"], style
        self.places: list[str] = []
        self.wires = [*_wires(facts)]
        made: dict[str, nn.Module] = {}
        for number, operation in enumerate(self.operations):
            self.places.append(self._place(number, operation, made))
        for path, module in reversed(made.items()) if style == "reused" else made.items():
            _hang(self, path, module)
        for unused in facts["unused_modules"]:
            _hang(self, unused["path"], _unused(unused["type"], unused["params"]))

    def _place(self, number: int, operation: Facts, made: dict[str, nn.Module]) -> str:
        """Return the path of the module that computes a step, or an empty string for a function call."""
        kind, settings = operation["op"], operation["settings"]
        if kind == "add" and [] in operation["in"]:
            self.register_parameter("extra", nn.Parameter(torch.randn(operation["out"])))
            return ""
        if operation["as"] != "module" or (self.style == "functions" and kind not in WEIGHTED):
            return ""
        path = str(operation["path"])
        if self.style == "reused" and kind not in WEIGHTED:
            alike = [json.dumps(each["settings"], sort_keys=True) for each in self.operations if each["op"] == kind]
            path = f"one_{kind}_{alike.index(json.dumps(settings, sort_keys=True))}"
        if path not in made:
            made[path] = getattr(nn, kind)(**{name: _tupled(value) for name, value in settings.items()})
        return path

    def forward(self, x: Tensor) -> Tensor:
        """Return what the author's network returns."""
        return self._run(x, len(self.operations))

    def logits(self, x: Tensor) -> Tensor:
        """Return what comes before the softmax, as (N, K)."""
        ends = [number for number, operation in enumerate(self.operations) if operation["op"] in ENDS]
        return self._run(x, ends[0] if ends else len(self.operations)).reshape(len(x), -1)

    def _run(self, x: Tensor, count: int) -> Tensor:
        values = [x]
        for operation, place, wires in zip(self.operations[:count], self.places, self.wires, strict=False):
            inputs = [values[wire] for wire in wires]
            if place:
                values.append(self.get_submodule(place)(*inputs))
            elif [] in operation["in"]:
                values.append(inputs[0] + self.get_parameter("extra"))
            else:
                values.append(CALLS[operation["op"]](self, operation, *inputs))
        return values[-1]


def _hang(root: nn.Module, path: str, module: nn.Module) -> None:
    *above, name = path.split(".")
    for each in above:
        if not hasattr(root, each):
            root.add_module(each, nn.Module())
        root = root.get_submodule(each)
    root.add_module(name, module)


def _unused(kind: str, parameters: int) -> nn.Module:
    module: nn.Module = type(kind, (nn.Module,), {})()
    if parameters:
        module.weight = nn.Parameter(torch.zeros(parameters))
    return module


def _tupled(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _wires(facts: Facts) -> Iterator[list[int]]:
    """Yield which earlier values feed each operation, found by their shapes; 0 is the image."""
    shapes, consumed = [facts["input_shape"]], set[int]()
    for operation in facts["operations"]:
        found: list[int] = []
        for shape in operation["in"]:
            if shape == []:
                continue
            fits = [number for number, each in enumerate(shapes) if each == shape and number not in found]
            free = [number for number in fits if number not in consumed]
            several = len(operation["in"]) > 1 and free
            found.append(free[0] if several else fits[-1])
        consumed.update(found)
        shapes.append(operation["out"])
        yield found


def _reshaped(_: nn.Module, operation: Facts, x: Tensor) -> Tensor:
    first, *rest = operation["settings"]["args"][1:]
    return x.view(x.size(0), *rest) if first == 2 else x.view(first, *rest)


def _settings(operation: Facts, *names: str) -> list[Any]:
    return [_tupled(operation["settings"][name]) for name in names]


def _max_pool(_: nn.Module, operation: Facts, x: Tensor) -> Tensor:
    settings = operation["settings"]
    names = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")
    given = settings["args"][1:] if "args" in settings else _settings(operation, *names)
    found: Tensor = F.max_pool2d(x, *given)
    return found


def _avg_pool(_: nn.Module, operation: Facts, x: Tensor) -> Tensor:
    if "args" in operation["settings"]:
        return F.avg_pool2d(x, kernel_size=3, stride=1, padding=1)
    return F.avg_pool2d(x, *_settings(operation, "kernel_size", "stride", "padding", "ceil_mode"))


def _added(_: nn.Module, _operation: Facts, x: Tensor, other: Tensor) -> Tensor:
    x += other
    return x


def _p(operation: Facts) -> float:
    return float(operation["settings"].get("p", 0.5))


CALLS: dict[str, Callable[..., Tensor]] = {
    "ReLU": lambda m, o, x: F.relu(x),
    "relu": lambda m, o, x: F.relu(x),
    "LeakyReLU": lambda m, o, x: F.leaky_relu(x, o["settings"]["negative_slope"]),
    "MaxPool2d": _max_pool,
    "max_pool2d": _max_pool,
    "AvgPool2d": _avg_pool,
    "avg_pool2d": _avg_pool,
    "AdaptiveAvgPool2d": lambda m, o, x: F.adaptive_avg_pool2d(x, _tupled(o["settings"]["output_size"])),
    "AdaptiveMaxPool2d": lambda m, o, x: F.adaptive_max_pool2d(x, _tupled(o["settings"]["output_size"])),
    "Dropout": lambda m, o, x: F.dropout(x, _p(o), m.training),
    "dropout": lambda m, o, x: F.dropout(x, _p(o), training=m.training),
    "Dropout2d": lambda m, o, x: F.dropout2d(x, _p(o), m.training),
    "view": _reshaped,
    "reshape": _reshaped,
    "flatten": lambda m, o, x: torch.flatten(x, 1),
    "Flatten": lambda m, o, x: torch.flatten(x, 1),
    "squeeze": lambda m, o, x: x.squeeze(),
    "clone": lambda m, o, x: x.clone(),
    "clamp": lambda m, o, x: x.clamp(min=-1e4),
    "mean": lambda m, o, x: x.mean(dim=[-2, -1]),
    "cat": lambda m, o, *x: torch.cat(x, dim=1),
    "add": lambda m, o, x, y: x + y,
    "add_": _added,
    "log_softmax": lambda m, o, x: F.log_softmax(x, dim=1),
    "LogSoftmax": lambda m, o, x: F.log_softmax(x, dim=1),
    "softmax": lambda m, o, x: F.softmax(x, dim=1),
    "Softmax": lambda m, o, x: F.softmax(x, dim=1),
}


def rebuilt(facts: Facts, style: str) -> Rebuilt:
    """Return a network in evaluation mode, with random weights and batch statistics."""
    torch.manual_seed(3)
    network = Rebuilt(facts, style)
    randomise(network)
    return network.eval()


def randomise(network: nn.Module) -> None:
    """Give every batch norm statistics and scales that differ from those of a new one."""
    for module in network.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and module.running_mean is not None:
            module.running_mean.normal_(0, 0.5)
            assert module.running_var is not None
            module.running_var.uniform_(0.5, 1.5)
            if module.affine:
                nn.init.uniform_(module.weight, 0.5, 1.5)
                nn.init.normal_(module.bias, 0, 0.3)
