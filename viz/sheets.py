"""The style sheets and the scripts of the browser, as text: of pages, and of our own components."""

import functools
from pathlib import Path

from viz import theme

_VIZ = Path(__file__).parent
_COMPONENTS, _STYLES = _VIZ / "app" / "components", _VIZ / "app" / "styles"
_PLAYING = {"epoch_player", "growth_player"}
_PARTS = {"design_editor": ("design_fields", "design_layers", "design_row")}  # of a script that is several files
_IN_COMPONENTS = ("mathematics", "forced_colours")  # a page's own styles do not reach into a component


@functools.cache
def of_pages() -> str:
    """Join the colours and all style sheets: first the app's own, then those of the topics, sorted by path."""
    paths = [*sorted(_STYLES.glob("*.css")), *sorted(_VIZ.rglob("style.css"))]
    return "".join([theme.css_variables(), *map(_text, paths)])


@functools.lru_cache(maxsize=64)
def of_component(name: str) -> str:
    """Return the style of a component by its name."""
    shared = [_STYLES / f"{each}.css" for each in _IN_COMPONENTS]
    player = [_COMPONENTS / "player.css"] if name in _PLAYING else []
    return "".join(map(_text, [_COMPONENTS / f"{name}.css", *shared, _COMPONENTS / "print.css", *player]))


def of_paper(topic: str) -> str:
    """Return the style of a topic, and of formulas, for a file that stands alone."""
    return _text(_STYLES / "mathematics.css") + _text(_VIZ / topic / "style.css")


@functools.lru_cache(maxsize=64)
def script(name: str) -> str:
    """Return the script of a component by its name."""
    return "".join(_text(_COMPONENTS / f"{each}.js") for each in (name, *_PARTS.get(name, ())))


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")
