"""The lessons that come along, a file each."""

import tomllib
from functools import lru_cache
from pathlib import Path

from viz.lessons.records import Lesson, Station

IDS = ("tour", "whole", "field", "table", "norm", "saliency")
_FOLDER = Path(__file__).parent


@lru_cache(maxsize=len(IDS))
def lesson(id: str) -> Lesson:
    """Read the lesson of an id, one of ``IDS``."""
    read = tomllib.loads((_FOLDER / f"{id}.toml").read_text(encoding="utf-8"))
    net = {"net": read.pop("net")}
    stations = tuple(
        Station(**{**each, "usual": tuple(each["usual"]), "link": net | each.get("link", {})})
        for each in read.pop("stations")
    )
    return Lesson(id=id, stations=stations, **read)
