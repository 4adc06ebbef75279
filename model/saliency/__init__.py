"""Attributions: Captum's methods on a private copy of the network, from one registry."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from model.saliency.attribution import attribute
    from model.saliency.baselines import BASELINES
    from model.saliency.methods import METHODS

__all__ = ["BASELINES", "METHODS", "attribute"]
_FILES = {"BASELINES": "baselines", "METHODS": "methods", "attribute": "attribution"}


def __getattr__(name: str) -> Any:
    """Import PyTorch and Captum only when one of these is asked for: records must be readable without them."""
    if name in _FILES:
        return getattr(import_module(f"model.saliency.{_FILES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
