"""What a page offers to do, how keys and fingers reach it, and what its looks depend on: see ``controls.js``."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page

PAGE, MAIN, SIDEBAR = "body", "[data-testid=stMain]", "[data-testid=stSidebar]"
# Packages draw these, and answer to pointers and keys inside them in their own way. What is in them is left out of the
# walk and of the checks of targets, pointers, motion, colours and axe; in exchange each needs a name that says what it
# shows, and a page that has one offers its numbers as a table.
THIRD_PARTY = (
    ".js-plotly-plot",  # Plotly's charts: hover layer, handles for zooming, mode bar
)
_SCRIPT = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")


def look(page: Page, part: str = PAGE) -> None:
    """Put the script into a page, and have it look at one part of the page."""
    page.evaluate(_SCRIPT, ", ".join(THIRD_PARTY))
    page.evaluate("(part) => controls.lookAt(part)", part)


def walk(page: Page, part: str = PAGE) -> list[str]:
    """Press Tab from the top of a part of a page until the focus leaves it, and return all that is wrong on the way.

    Where controls form a group that takes one stop, the arrow keys go through it. Nothing is chosen.
    """
    look(page, part)
    wrong: list[str] = []
    last = -1
    # The page and the browser have some stops of their own, and so has what packages draw.
    for _ in range(page.evaluate("(part) => controls.begin(part)", part) + 40):
        page.keyboard.press("Tab")
        here = page.evaluate("controls.here()")
        if here is None:
            break
        if here["again"]:
            wrong.append(f"{here['said']} keeps the keyboard")
            break
        wrong += [f"{here['said']} {each}" for each in here["wrong"]]
        if 0 <= here["place"] < last:
            wrong.append(f"{here['said']} comes too late")
        last = here["place"] if here["place"] >= 0 else last
        for key in ("ArrowRight", "ArrowLeft"):
            for _ in range(here["members"] - 1):
                page.keyboard.press(key)
                there = page.evaluate("controls.here()")
                wrong += [f"{there['said']} {each}" for each in there["wrong"]]
    else:
        wrong.append("there is no end to it")
    wrong += [f"{each} cannot be reached" for each in page.evaluate("controls.missed()")]
    page.evaluate("controls.finish()")
    return wrong


def for_mouse_only(page: Page) -> set[str]:
    """Return what answers to a pointer and is no control."""
    look(page)
    return set(page.evaluate("controls.forMouseOnly()"))


def small(page: Page, part: str = PAGE) -> list[str]:
    """Return the targets in a part of a page that a finger would miss."""
    look(page, part)
    return [str(each) for each in page.evaluate("controls.small()")]


def moving(page: Page) -> list[str]:
    """Return what of our own moves, or would if it changed."""
    look(page)
    return [str(each) for each in page.evaluate("controls.moving()")]


def unnamed(page: Page) -> list[str]:
    """Return what packages draw and nothing says in words."""
    look(page)
    return [str(each) for each in page.evaluate("controls.unnamed()")]


def unpainted(page: Page) -> list[str]:
    """Return the images that have not come, or cannot be painted."""
    look(page)
    return [str(each) for each in page.evaluate("controls.unpainted()")]


def lost_colours(page: Page) -> list[str]:
    """Return the colours without words that are lost where the system takes all colours."""
    look(page)
    page.evaluate("controls.noteColours()")
    with _forced_colours(page):
        return [str(each) for each in page.evaluate("controls.lost()")]


@contextmanager
def _forced_colours(page: Page) -> Iterator[None]:
    page.emulate_media(forced_colors="active")
    yield
    page.emulate_media(forced_colors="none")


def pictures(page: Page) -> str:
    """Return all that is drawn by us, in a form that differs where the pictures do."""
    look(page)
    return str(page.evaluate("controls.pictures()"))
