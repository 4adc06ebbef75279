"""Where the app's weights come from, in words: the card beside them says it."""

from collections.abc import Mapping
from typing import Any

_UNKNOWN = "The weights' card does not say how they were trained."


def say(card: Mapping[str, Any]) -> str:
    """Say which run the weights are of, how it was judged, and that no luckier one was chosen.

    >>> say({"seed": 1, "kept_epoch": 13, "protocol": "Trained on all."})
    'One network (n = 1): seed 1, epoch 13. Trained on all.'
    """
    return f"{say_seed(card)} {card['protocol']}" if card.get("protocol") else _UNKNOWN


def say_seed(card: Mapping[str, Any]) -> str:
    """Say which run the weights are of, and where among all seeds of its recipe it stands, if the card knows others.

    >>> card = {"recipe": {"name": "glass"}, "seed": 7, "kept_epoch": 19}
    >>> say_seed(card | {"seeds": {"glass": {"test_accuracy": {"n": 10}}}})
    'One network (n = 1): seed 7, the median of 10 by test accuracy and not the best, epoch 19.'
    """
    if card.get("seed") is None or card.get("kept_epoch") is None:
        return _UNKNOWN
    among = ""
    if "seeds" in card:
        count = card["seeds"][card["recipe"]["name"]]["test_accuracy"]["n"]
        among = f", the median of {count} by test accuracy and not the best"
    return f"One network (n = 1): seed {card['seed']}{among}, epoch {card['kept_epoch']}."
