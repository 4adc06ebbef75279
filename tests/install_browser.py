"""Install a browser for the tests if there is none: ``python -m tests.install_browser``.

An installed Chromium or Chrome will do. Else Debian's is installed where that is allowed, else Playwright's own.
Where none can be had it says so, and the browser tests say it again.
"""

import os
import shutil
import subprocess
import sys

from playwright.sync_api import sync_playwright

from tests.serving import launch


def main() -> None:
    """Look for a browser; if there is none, try each way to install one."""
    ways = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if shutil.which("apt-get") and os.geteuid() == 0:
        packages = "chromium-headless-shell", "chromium"  # the first is the smaller; not every Debian has it
        ways = [["apt-get", "update"], *(["apt-get", "install", "-y", each] for each in packages), *ways]
    for way in ways:
        if _works():
            return
        print("No Chromium yet:", *way[-3:])
        subprocess.run(way, check=False)  # noqa: S603 (the fixed commands above)
    if not _works():
        print("No browser could be installed: the browser tests cannot run. Install Chromium or Chrome for them.")


def _works() -> bool:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        if browser is None:
            return False
        browser.close()
        return True


if __name__ == "__main__":
    main()
