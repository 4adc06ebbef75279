"""Say on a terminal what takes long."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

_AFTER = 1.0  # seconds


@contextmanager
def progress(label: str, stream: TextIO | None = None) -> Iterator[None]:
    """Show a label and the seconds that have passed, after the first one, until the work is done.

    Args:
        label: What is being done.
        stream: Where; standard error by default. Nothing is shown where it is no terminal.
    """
    out = stream or sys.stderr
    if not out.isatty():
        yield
        return
    done, begin = threading.Event(), time.monotonic()

    def show() -> None:
        while not done.wait(_AFTER):
            out.write(f"\r{label} ... {time.monotonic() - begin:.0f} s")
            out.flush()

    thread = threading.Thread(target=show, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        out.write("\r\033[K")
        out.flush()
