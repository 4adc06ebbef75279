"""Receptive fields: which pixels can affect a unit, by the recurrence and by measurement."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from model.receptive_field.arithmetic import growth
    from model.receptive_field.graph import of_graph
    from model.receptive_field.network import of_network
    from model.receptive_field.recurrence import (
        from_windows,
        next_center,
        next_jump,
        next_size,
        windows_of,
    )

__all__ = ["from_windows", "growth", "next_center", "next_jump", "next_size", "of_graph", "of_network", "windows_of"]
_FILES = {"growth": "arithmetic", "of_graph": "graph", "of_network": "network"}


def __getattr__(name: str) -> Any:
    """Import PyTorch only when one of these names is used: the records need no PyTorch."""
    if name in __all__:
        return getattr(import_module(f"model.receptive_field.{_FILES.get(name, 'recurrence')}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
