"""Which pixels can affect a unit: by the recurrence, and as measured."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from model.receptive_field.recurrence import (
        from_windows,
        grown_jump,
        grown_size,
        growth,
        moved_center,
        of_network,
        windows_of,
    )

__all__ = ["from_windows", "grown_jump", "grown_size", "growth", "moved_center", "of_network", "windows_of"]


def __getattr__(name: str) -> Any:
    """Import PyTorch only when one of these is asked for: records must be readable without it."""
    if name in __all__:
        return getattr(import_module("model.receptive_field.recurrence"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
