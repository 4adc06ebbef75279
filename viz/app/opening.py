"""The digit that a page opens with where the address has no choice yet."""

from model.graph.records import Op
from viz.app import address, current

_DIGITS = {"dropout": "project-4or9"}  # between two classes: there a mask can change the answer
_NEEDS = {"dropout": (Op.DROPOUT, Op.DROPOUT2D)}
# Parameters that choose nothing of a page.
_EVERYWHERE = {
    address.NET,
    address.PROJECTOR,
    address.LESSON,
    address.NOTES,
}


def assume_digit(page: str) -> None:
    """Take the digit that a page opens with, where the address has no choice.

    A link with a choice opens what it opened before, and a chosen digit is kept.

    Args:
        page: The address of the page.
    """
    if page not in _DIGITS or address.chosen() - _EVERYWHERE or not current.takes_digits():
        return
    if current.structure().graph.all(*_NEEDS[page]):
        address.assume(**{address.DIGIT: _DIGITS[page]})
