"""The step of a network that is nearest to a name: links and other networks may name one that is not there."""

from collections.abc import Sequence


def nearest_name(names: Sequence[str], name: str) -> str:
    """Return the name of a step that is nearest to a name: the same kind first, then the nearest number.

    >>> nearest_name(["Conv2d-4", "Conv2d-7", "BatchNorm2d-8"], "Conv2d-9")
    'Conv2d-7'
    """
    if name in names:
        return name
    kind, number = _kind_and_number(name)
    same = [each for each in names if _kind_and_number(each)[0] == kind]
    return min(same, key=lambda each: abs(_kind_and_number(each)[1] - number)) if same else names[0]


def _kind_and_number(name: str) -> tuple[str, float]:
    kind, _, number = name.rpartition("-")
    return (kind, float(number)) if number.replace(".", "", 1).isdecimal() else (name, 0.0)
