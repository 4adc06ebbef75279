"""The design of this run, which lives in the address."""

from model.design import text
from model.design.records import Design
from viz.app import address

DESIGN, VIEW = "design", "design_view"
VIEWS = {"layers": "Layers", "text": "As text"}
_NO_LAYER = "classes-10"  # an empty text would be no choice
_DEFAULT = text.read("conv 8 3\nrelu\nbn\nmax 2\nconv 10 3\ngap\nflatten")


def current() -> Design:
    """Return the design in the address; by default the network that is open."""
    return address.read_as(DESIGN, text.from_link, _DEFAULT, "Showing the network that is open instead.")


def link(design: Design) -> str:
    """Return a design as the address has it."""
    return text.to_link(design) or _NO_LAYER


def write(design: Design) -> None:
    """Put a design into the address."""
    address.write(**{DESIGN: link(design)})
