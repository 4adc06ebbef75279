"""The app with its maps held: each waits until a test lets it pass, so that a page can be looked at in between.

``python -m tests.held run viz/Home.py`` is ``python -m streamlit run viz/Home.py`` but for that. A folder is what
server and test have in common: a file in it opens the gate, another one lets a single map pass.
"""

import functools
import itertools
import os
import time
from pathlib import Path
from typing import Any

from streamlit.web import cli

from model import saliency
from viz.sanity_checks import cache

FOLDER = "HELD"  # the environment variable that names it
_OPEN, _PERMIT = "open", "permit"
_LOOK = 0.02  # seconds between two looks at the folder
_TAKES = 0.3  # seconds: more than passes between two pictures of what there is so far, so that each map is shown


class Gate:
    """A test's end of the gate; it is open until it is closed."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._numbers = folder, itertools.count()
        self.open()

    def open(self) -> None:
        """Let all maps pass."""
        (self.folder / _OPEN).touch()

    def close(self) -> None:
        """Hold every map from now on, and forget what was before."""
        for each in self.folder.iterdir():
            each.unlink()

    def let_pass(self, count: int) -> None:
        """Let so many maps pass."""
        for _ in range(count):
            (self.folder / f"{_PERMIT} {next(self._numbers)}").touch()


def main() -> None:
    """Hold the maps, and run Streamlit."""
    folder, attribute = Path(os.environ[FOLDER]), saliency.attribute

    @functools.wraps(attribute)
    def held(*arguments: Any, **options: Any) -> Any:
        _wait(folder)
        return attribute(*arguments, **options)

    saliency.attribute = held
    cache._INTERVAL, cache._REST = 0.0, 0  # each map is shown, however long that takes a busy machine
    cli.main()


def _wait(folder: Path) -> None:
    if (folder / _OPEN).exists():
        return
    while not (folder / _OPEN).exists() and not _took_permit(folder):
        time.sleep(_LOOK)
    time.sleep(_TAKES)


def _took_permit(folder: Path) -> bool:
    for permit in folder.glob(f"{_PERMIT} *"):
        try:
            permit.unlink()
        except FileNotFoundError:  # another map has taken it
            continue
        return True
    return False


if __name__ == "__main__":
    main()
