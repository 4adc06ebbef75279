"""Where the app's weights come from, in words: the card beside them says it."""

from collections.abc import Mapping
from typing import Any


def say(card: Mapping[str, Any]) -> str:
    """Say which run the weights are of, how it was judged, and that no luckier one was chosen.

    >>> say({"seed": 1, "kept_epoch": 13, "protocol": "Trained on all."})
    'One network (n = 1): seed 1, epoch 13. Trained on all.'
    """
    return f"One network (n = 1): seed {card['seed']}{_among(card)}, epoch {card['kept_epoch']}. {card['protocol']}"


def _among(card: Mapping[str, Any]) -> str:
    """Say where among all seeds of its recipe this one stands, if the card knows of others.

    >>> _among({"recipe": {"name": "glass"}, "seeds": {"glass": {"test_accuracy": {"n": 10}}}})
    ', the median of 10 by test accuracy and not the best,'
    """
    if "seeds" not in card:
        return ""
    count = card["seeds"][card["recipe"]["name"]]["test_accuracy"]["n"]
    return f", the median of {count} by test accuracy and not the best,"
