"""Run a network once and record every step of it."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from model.trace.recorder import SeededDropout, draw_mask, dropping, record, reseed

__all__ = ["SeededDropout", "draw_mask", "dropping", "record", "reseed"]


def __getattr__(name: str) -> Any:
    """Import PyTorch only when one of these is asked for: records must be readable without it."""
    if name in __all__:
        from model.trace import recorder

        return getattr(recorder, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
