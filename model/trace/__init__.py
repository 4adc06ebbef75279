"""Run a network once and record every step of it."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from model.trace.recorder import SeededDropout, draw_mask, dropping, record, reseed

__all__ = ["SeededDropout", "draw_mask", "dropping", "record", "reseed"]


def __getattr__(name: str) -> Any:
    """Import PyTorch only when one of these is asked for: records must be readable without it."""
    if name in __all__:
        return getattr(import_module("model.trace.recorder"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
