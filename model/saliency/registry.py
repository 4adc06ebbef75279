"""All methods of attribution. To add one, write its file in ``methods/`` and add its name here.

In all formulas x is a pixel of the digit, b is the same pixel of the baseline, and gradient(...) is the derivative of
the score with respect to the pixel, at the picture in brackets.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from types import MappingProxyType

from torch import Tensor

from model.saliency.parts import Parts
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


def obstacle(method: str, network: Parts) -> str:
    """Say why a method does not apply to a network, as a sentence; an empty string where it does."""
    found: str = getattr(_MODULES[method], "obstacle", lambda _: "")(network)
    return found
