"""What each kind of layer computes, worked out with its own numbers."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from model.layers.registry import about, arithmetic, explain, of_module, settings, window

__all__ = ["about", "arithmetic", "explain", "of_module", "settings", "window"]


def __getattr__(name: str) -> Any:
    """Import PyTorch only when one of these is asked for: records must be readable without it."""
    if name in __all__:
        return getattr(import_module("model.layers.registry"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
