"""How large a network may be, and how its file is refused."""

from dataclasses import dataclass
from typing import NoReturn

from model.errors import NetworkError

MEGABYTE = 1 << 20
MAX_DOCUMENT = MEGABYTE  # of network.json
MAX_HEADER = MEGABYTE  # of a safetensors file
MAX_CHECK = 16 * MEGABYTE
REMEDY = "Write the file again with 'save' of capture.py."


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest network that is read.

    Args:
        parameters: How many.
        multiply_accumulates: For one image; what a pool looks at counts as well.
        activations: Bytes of all activations for one image.
    """

    parameters: int
    multiply_accumulates: int
    activations: int

    @property
    def file(self) -> int:
        """Return the largest file, in bytes."""
        return 5 * self.parameters + MAX_DOCUMENT + 2 * MAX_HEADER + MAX_CHECK


OWN = Limits(150_000_000, 20_000_000_000, 1_000_000_000)  # on one's own machine
OPEN = Limits(12_000_000, 2_000_000_000, 256_000_000)  # on a server that is open to others


def refuse(problem: str, allowed: str, remedy: str = REMEDY) -> NoReturn:
    """Raise the error of a network file.

    Raises:
        NetworkError: Always.
    """
    raise NetworkError(problem, allowed, remedy) from None
