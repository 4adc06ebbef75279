"""The origin of the app's weights, from their card."""

from collections.abc import Mapping
from typing import Any

_UNKNOWN = "The card of the weights does not say how they were trained."


def say(card: Mapping[str, Any]) -> str:
    """Describe the run of the weights and its protocol.

    >>> say({"seed": 1, "kept_epoch": 13, "protocol": "Trained on all."})
    'One network (n = 1): seed 1, epoch 13. Trained on all.'
    """
    return f"{say_seed(card)} {card['protocol']}" if card.get("protocol") else _UNKNOWN


def say_test(card: Mapping[str, Any]) -> str:
    r"""Say how many of the test images are classified correctly, or that the card does not say it.

    >>> say_test({"test_accuracy": 0.9939, "test_images": 10000})
    'It classifies 9,939 of 10,000 test images correctly: **99.39\xa0%**.'
    """
    share, images = card.get("test_accuracy"), card.get("test_images")
    if share is None:
        return "The card does not say how it does on test images."
    counted = f"{round(share * images):,} of {images:,} test images" if images else "its test images"
    return f"It classifies {counted} correctly: **{share * 100:.2f}\xa0%**."


def say_seed(card: Mapping[str, Any]) -> str:
    """Describe the run of the weights, and its rank among the seeds of its recipe if the card lists them.

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
