"""All methods of attribution. To add one, write its file in ``methods/`` and add its name here.

In all formulas x is a pixel of the digit, b is the same pixel of the baseline, and gradient(...) is the derivative of
the score with respect to the pixel, at the picture in brackets.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from types import MappingProxyType

from torch import Tensor, nn

from model.saliency.parts import Parts, parts_of
from model.saliency.records import Method
from model.saliency.scorer import Task

_FILES = (
    "saliency",
    "input_x_gradient",
    "integrated_gradients",
    "guided_backprop",
    "deconvolution",
    "deep_lift",
    "gradient_shap",
    "occlusion",
    "feature_ablation",
    "grad_cam",
    "guided_grad_cam",
    "lrp",
    "smooth_grad",
)
_MODULES = {name: import_module(f"model.saliency.methods.{name}") for name in _FILES}

METHODS: Mapping[str, Method] = MappingProxyType({name: module.METHOD for name, module in _MODULES.items()})
FUNCTIONS: Mapping[str, Callable[[Task], Tensor]] = MappingProxyType(
    {name: module.attribute for name, module in _MODULES.items()}
)


def refusal(method: str, network: nn.Module) -> str | None:
    """Say why a method does not apply to a network, before it runs; None where it does.

    Args:
        method: One of ``METHODS``.
        network: With a graph, or a sequence of steps; it is only read.
    """
    why = obstacle(method, parts_of(network))
    return f"{METHODS[method].title} does not apply to this network. {why}" if why else None


def obstacle(method: str, network: Parts) -> str:
    """Say why a method does not apply to a network, as a sentence; an empty string where it does."""
    if METHODS[method].uses_layer and network.sites is not None and network.layer is None:
        return "It uses feature maps, and no step has maps of more than one unit."
    found: str = getattr(_MODULES[method], "obstacle", lambda _: "")(network)
    return found
