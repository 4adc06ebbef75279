"""The networks that can be shown: those that come along, and those that were opened from a file."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from model.networks.store import BUILT_IN, by_id, is_kept, keep, load, snapshots

__all__ = ["BUILT_IN", "by_id", "is_kept", "keep", "load", "snapshots"]


def __getattr__(name: str) -> Any:
    """Import PyTorch only when one of these is asked for: records must be readable without it."""
    if name in __all__:
        return getattr(import_module("model.networks.store"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
