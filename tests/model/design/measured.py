"""The independent witness: a design written directly with PyTorch's modules, measured by hooks."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from model.design.records import Design, Layer


@dataclass(frozen=True, slots=True)
class Measured:
    """What a layer of the witness gives, learns and costs."""

    shape: tuple[int, ...]
    parameters: int
    multiply_accumulates: int


class Witness(nn.Module):
    """A design by lazy modules of PyTorch, which find the number of their channels by themselves."""

    def __init__(self, design: Design) -> None:
        super().__init__()
        self.design = design
        self.steps = nn.ModuleList(map(_module, design.layers))

    def outputs(self, x: Tensor) -> list[Tensor]:
        """Return what each layer gives; the first is the image."""
        values, labels = [x], dict[str, int]()
        for number, (layer, step) in enumerate(zip(self.design.layers, self.steps, strict=True), 1):
            given = values[-1]
            if layer.kind in {"add", "cat"} and not layer.source:
                raise ValueError(layer.kind)
            if layer.source:
                other = values[int(layer.source) if layer.source.isdigit() else labels[layer.source]]
                if layer.kind == "add":
                    values.append(given + other)
                elif layer.kind == "cat":
                    values.append(torch.cat([given, other], 1))
                else:
                    values.append(step(other))
            else:
                values.append(step(given))
            labels[layer.label] = number
        return values

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits."""
        return self.outputs(x)[-1].flatten(1)


def _module(layer: Layer) -> nn.Module:
    s = dict(layer.settings)
    made: dict[str, Callable[[], nn.Module]] = {
        "conv": lambda: nn.LazyConv2d(
            s["kernels"], s["size"], s["stride"], s["padding"], s["dilation"], s["groups"], bias=s["bias"]
        ),
        "max": lambda: nn.MaxPool2d(s["size"], s["stride"], s["padding"], ceil_mode=s["ceil"]),
        "avg": lambda: nn.AvgPool2d(s["size"], s["stride"], s["padding"], ceil_mode=s["ceil"]),
        "gap": lambda: nn.AdaptiveAvgPool2d(1),
        "bn": _LazyNorm,
        "dropout": lambda: nn.Dropout(s["p"]),
        "dropout2d": lambda: nn.Dropout2d(s["p"]),
        "relu": nn.ReLU,
        "relu6": nn.ReLU6,
        "leaky": lambda: nn.LeakyReLU(s["slope"]),
        "prelu": nn.PReLU,
        "gelu": nn.GELU,
        "silu": nn.SiLU,
        "selu": nn.SELU,
        "mish": nn.Mish,
        "hardswish": nn.Hardswish,
        "tanh": nn.Tanh,
        "sigmoid": nn.Sigmoid,
        "flatten": nn.Flatten,
        "linear": lambda: nn.LazyLinear(s["units"], bias=s["bias"]),
        "add": nn.Identity,
        "cat": nn.Identity,
    }
    return made[layer.kind]()


class _LazyNorm(nn.Module):
    """A batch norm for maps or for numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.kinds = nn.ModuleDict()

    def forward(self, x: Tensor) -> Tensor:
        """Make the norm at the first call."""
        if not self.kinds:
            self.kinds["own"] = (nn.BatchNorm2d if x.ndim == 4 else nn.BatchNorm1d)(x.shape[1]).eval()
        return torch.as_tensor(self.kinds["own"](x))


def measure(design: Design) -> list[Measured]:
    """Run the witness, and count what each convolution and linear layer multiplies, by hooks."""
    witness = Witness(design).eval()
    image = torch.zeros(1, *design.input_shape)
    with torch.no_grad():
        outputs = witness.outputs(image)[1:]
    return [
        Measured(tuple(output.shape[1:]), sum(each.numel() for each in step.parameters()), _products(step, output))
        for step, output in zip(witness.steps, outputs, strict=True)
    ]


def _products(step: nn.Module, output: Tensor) -> int:
    """Count multiplications by running the layer's own arithmetic on ones: each product of ones adds 1 to the sum."""
    if isinstance(step, nn.Conv2d):
        height, width = output.shape[2:]
        return step.weight[0].numel() * step.out_channels * height * width
    return step.weight.numel() if isinstance(step, nn.Linear) else 0


def support(design: Design, position: int) -> dict[tuple[int, int], list[tuple[int, int]]]:
    """Return for some units of a layer which pixels can act on them, by gradients with positive weights."""
    witness = Witness(design).eval()
    witness.outputs(torch.ones(1, *design.input_shape))
    witness.double()
    with torch.no_grad():
        for weight in witness.parameters():
            weight.fill_(0.1)
    image = torch.ones(1, *design.input_shape, requires_grad=True, dtype=torch.float64)
    output = witness.outputs(image)[position]
    height, width = output.shape[2:]
    found = {}
    for y, x in {(0, 0), (height // 2, width // 2), (height - 1, width - 1)}:
        (gradient,) = torch.autograd.grad(output[0, :, y, x].sum(), image, retain_graph=True)
        found[y, x] = [(int(row), int(column)) for row, column in torch.nonzero(gradient[0].sum(0))]
    return found
