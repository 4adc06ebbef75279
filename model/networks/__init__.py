"""The networks that can be shown: those that come along, and those that were opened from a file."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from model.networks.store import BUILT_IN, by_id, keep, load

__all__ = ["BUILT_IN", "by_id", "keep", "load"]


def __getattr__(name: str) -> Any:
    """Bring in the store, and PyTorch with it, when it is first asked for."""
    if name not in __all__:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    from model.networks import store  # noqa: PLC0415 (PyTorch comes with it)

    return getattr(store, name)
