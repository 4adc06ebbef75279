"""An old name of ``model.networks.assignment.weights``, kept for programs that import it."""

from model.networks.assignment.weights import load

__all__ = ["load"]
