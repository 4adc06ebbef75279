"""The ten questions, which are about the assignment's network, whichever is shown."""

from collections.abc import Sequence

from model import networks
from model.images import digits
from model.ten_questions import items
from model.ten_questions.records import Item
from viz.app import current, shared
from viz.app.current import of_network

_BETWEEN = "project-4or9"


def ten() -> Sequence[Item]:
    """Return the questions."""
    with current.looking_at(current.DEFAULT):
        return _ten()


@of_network(max_entries=1)
def _ten() -> Sequence[Item]:
    return items.ten(shared.network(), shared.record(digits.find(_BETWEEN)), networks.by_id("basic"))
