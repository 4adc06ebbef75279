"""Attribution methods of Captum, each run on a private copy of the network, in one registry."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from model.saliency.attribution import attribute
    from model.saliency.baselines import BASELINES
    from model.saliency.registry import METHODS

__all__ = ["BASELINES", "METHODS", "attribute"]
_FILES = {"BASELINES": "baselines", "METHODS": "registry", "attribute": "attribution"}


def __getattr__(name: str) -> Any:
    """Import PyTorch and Captum only when one of these names is used: records must be readable without them."""
    if name in _FILES:
        return getattr(import_module(f"model.saliency.{_FILES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
