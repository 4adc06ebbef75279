"""The arithmetic of each kind of layer."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from model.layers.registry import (
        arithmetic,
        describe,
        explain,
        kind_of,
        monotone,
        of_module,
        recipe,
        settings,
        window,
    )

__all__ = ["arithmetic", "describe", "explain", "kind_of", "monotone", "of_module", "recipe", "settings", "window"]


def __getattr__(name: str) -> Any:
    """Import PyTorch only when one of these names is used: the records need no PyTorch. Then keep it: some are hot."""
    if name in __all__:
        globals()[name] = found = getattr(import_module("model.layers.registry"), name)
        return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
