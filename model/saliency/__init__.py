"""Attributions: Captum's methods on a private copy of the network, from one registry."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from model.saliency.attribution import attribute
    from model.saliency.baselines import BASELINES
    from model.saliency.methods import METHODS

__all__ = ["BASELINES", "METHODS", "attribute"]


def __getattr__(name: str) -> Any:
    """Import PyTorch and Captum only when one of these is asked for: records must be readable without them."""
    from model.saliency import attribution, baselines, methods

    for module in (attribution, baselines, methods):
        if name in __all__ and hasattr(module, name):
            return getattr(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
