"""Measure the capacity of a server of this app: ``make load``."""

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace

from playwright.sync_api import sync_playwright

from bench.load import report
from bench.load.figures import COMMITTED, Figures, FiguresError, read
from bench.load.people import apart
from bench.load.run import FailedRunsError, figures, of_designing, of_own_networks
from bench.load.settings import SHORT, WHOLE, Settings
from model.images import mnist
from tests.serving import ROOT, launch


def main(arguments: Sequence[str]) -> None:
    """Measure, print the tables and the changes since the last commit, and save them if requested."""
    parser = argparse.ArgumentParser(
        prog="bench.load", description="First content, reruns, bytes, memory and many people, against an empty page."
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--write", action="store_true", help="save the numbers in results.json and docs/speed.md")
    how.add_argument(
        "--quick", action="store_true", help="a short run of two pages that shows that everything can be measured"
    )
    only = parser.add_mutually_exclusive_group()
    only.add_argument(
        "--own", action="store_true", help="only many people who draw new digits on networks of their own"
    )
    only.add_argument(
        "--designing", action="store_true", help="only many people who change designs while four train; saves nothing"
    )
    options = parser.parse_args(arguments)
    if options.designing and options.write:
        parser.error("--designing saves nothing: leave --write out")
    settings = SHORT if options.quick else WHOLE
    if options.own:
        measure_own(settings, write=options.write)
        return
    if options.designing:
        measure_designing(settings)
        return
    with sync_playwright() as playwright, apart() as ask:
        browser = launch(playwright)
        if browser is None:
            sys.exit("No Chromium or Chrome is installed: 'make test' installs one.")
        try:
            now = figures(browser, ask, settings, _say)
        except (FailedRunsError, FiguresError) as reason:
            sys.exit(str(reason))
        finally:
            browser.close()
    print(report.tables(now))
    for name, found, goal, reached in report.goals_of(now):
        print(f"{'reached' if reached else 'MISSED':<10}{name}: {found}, goal {goal}")
    try:
        print(report.compared(committed(), now))
    except FiguresError as reason:
        print(reason)
    if options.write:
        _save(now)


def measure_own(settings: Settings, *, write: bool) -> None:
    """Measure many people who draw new digits on networks of their own, and save that beside the other numbers."""
    _say("many people, new digits on networks of their own")
    with apart() as ask:
        own = of_own_networks(ask, settings)
    print(report.of_own_networks(own))
    if write:
        _save(replace(read(COMMITTED.read_text(encoding="utf-8"), COMMITTED.name), own=own))


def measure_designing(settings: Settings) -> None:
    """Measure many people who each change a design, while four others train theirs."""
    if not mnist.is_present():
        sys.exit("MNIST is not there: set MNIST_ROOT to a folder that torchvision's MNIST(root=...) can read.")
    _say("many people, changes of designs of their own, while four train")
    with apart() as ask:
        print(report.of_designing(of_designing(ask, settings)))


def _save(now: Figures) -> None:
    COMMITTED.write_text(now.as_json(), encoding="utf-8")
    report.write()
    print(f"Saved in {COMMITTED.relative_to(ROOT)} and docs/speed.md.")


def committed() -> Figures:
    """Return the measurements of the last commit.

    Raises:
        FiguresError: There are none, or they cannot be read.
    """
    place = COMMITTED.relative_to(ROOT).as_posix()
    shown = subprocess.run(["git", "show", f"HEAD:./{place}"], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603, S607 (the user's git)
    if shown.returncode != 0:
        raise FiguresError(f"Nothing to compare with: git has no committed {place} ({shown.stderr.strip()}).")
    return read(shown.stdout, f"the committed {place}")


def _say(part: str) -> None:
    print(f"{time.strftime('%H:%M:%S')}  {part}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
