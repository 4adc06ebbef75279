"""Run a network and record every step, or run it again with something else in a step's place."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from model.trace.masks import SeededDropout, draw_mask, reseed, with_dropout
    from model.trace.recorder import record
    from model.trace.running import inputs_of, run

__all__ = ["SeededDropout", "draw_mask", "inputs_of", "record", "reseed", "run", "with_dropout"]
_FILES = {"inputs_of": "running", "record": "recorder", "run": "running"}


def __getattr__(name: str) -> Any:
    """Import PyTorch only when one of these names is used: the records need no PyTorch."""
    if name in __all__:
        return getattr(import_module(f"model.trace.{_FILES.get(name, 'masks')}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
