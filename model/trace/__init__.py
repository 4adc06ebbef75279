"""Run a network once and record every step of it."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from model.trace.recorder import SeededDropout, draw_mask, record, reseed, with_dropout

__all__ = ["SeededDropout", "draw_mask", "record", "reseed", "with_dropout"]


def __getattr__(name: str) -> Any:
    """Import PyTorch only when one of these names is used: the records need no PyTorch."""
    if name in __all__:
        return getattr(import_module("model.trace.recorder"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
