"""JSON as it should be: finite numbers, each key once, text that can be written again."""

import json
import math
from typing import Any

from model.networks.limits import refuse

_DIGITS = 24  # of a number as it is written


class _Fault(Exception):  # noqa: N818 (it becomes a NetworkError that names the part)
    pass


def read_json(data: bytes, label: str, most: int) -> Any:
    """Return what some JSON says.

    Args:
        data: UTF-8 without a byte order mark.
        label: What messages call it, to begin a sentence with.
        most: How many objects and lists there may be.

    Raises:
        NetworkError: It is not JSON, or goes beyond what a network needs.
    """
    allowed = "It is JSON in UTF-8 with finite numbers, each key once."
    opened = data.count(b"{") + data.count(b"[")
    if opened > most:
        refuse(f"{label} has {opened:,} brackets.", f"At most {most:,} are read.")
    try:
        return json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_object,
            parse_int=_whole,
            parse_float=_number,
            parse_constant=_constant,
        )
    except _Fault as error:
        refuse(f"{label} {error}.", allowed)
    except RecursionError:
        refuse(f"{label} is nested too deeply.", allowed)
    except UnicodeDecodeError:
        refuse(f"{label} is not UTF-8.", allowed)
    except ValueError:
        refuse(f"{label} is not JSON.", allowed)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Fault("has a key twice")
    for key, value in pairs:
        for text in (key, value):
            if isinstance(text, str) and not text.isascii() and any("\ud800" <= each <= "\udfff" for each in text):
                raise _Fault("holds half a character (a lone surrogate)")
    return found


def _whole(text: str) -> int:
    if len(text) > _DIGITS:
        raise _Fault(f"has a number of {len(text):,} digits")
    return int(text)


def _number(text: str) -> float:
    found = float(text) if len(text) <= 2 * _DIGITS else math.inf
    if not math.isfinite(found):
        raise _Fault(f"has the number {text[:20]}")
    return found


def _constant(text: str) -> Any:
    raise _Fault(f"has the number {text}")
