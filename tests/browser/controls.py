"""What a page offers to do, how keys and fingers reach it, and what its looks depend on: see ``controls.js``."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page

_SCRIPT = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")


def walk(page: Page) -> list[str]:
    """Press Tab from the top of a page until the focus leaves it, and return all that is wrong on the way.

    Where controls form a group that takes one stop, the arrow keys go through it. Nothing is chosen.
    """
    page.evaluate(_SCRIPT)
    wrong: list[str] = []
    last = -1
    for _ in range(page.evaluate("controls.begin()") + 20):  # the page and the browser have some stops of their own
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
        last = here["place"]
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
    page.evaluate(_SCRIPT)
    return set(page.evaluate("controls.forMouseOnly()"))


def small(page: Page) -> list[str]:
    """Return the targets that a finger would miss."""
    page.evaluate(_SCRIPT)
    return [str(each) for each in page.evaluate("controls.small()")]


def moving(page: Page) -> list[str]:
    """Return what of our own moves, or would if it changed."""
    page.evaluate(_SCRIPT)
    return [str(each) for each in page.evaluate("controls.moving()")]


def lost_colours(page: Page) -> list[str]:
    """Return the colours without words that are lost where the system takes all colours."""
    page.evaluate(_SCRIPT)
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
    page.evaluate(_SCRIPT)
    return str(page.evaluate("controls.pictures()"))
