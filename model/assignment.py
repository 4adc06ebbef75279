"""An old name of ``model.parameters.printed_table``, kept for programs that import it."""

from model.parameters.printed_table import compare

__all__ = ["compare"]
