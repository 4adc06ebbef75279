"""An old name of ``model.networks.assignment.network``, kept for programs that import it."""

from model.networks.assignment.network import IMAGE_SHAPE, AssignmentNetwork

__all__ = ["IMAGE_SHAPE", "AssignmentNetwork"]
