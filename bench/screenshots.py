"""Take the README's screenshots: ``make screenshots``."""

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.serving import launch, serving, settle

FOLDER = Path(__file__).resolve().parents[1] / "docs"
SHOTS = {
    "overview": "?digit=project-4or9",
    "layer-by-layer": "layer_by_layer?digit=project-4or9&row=Conv2d-7&channel=3",
    "saliency": "saliency?digit=project-4or9&map_view=all&explain=difference",
    "training": "training?digit=project-4or9&train_view=epochs&row=Conv2d-1&epoch=5",
}


def main() -> None:
    """Serve the app, open each view in light mode at projector size, and save it."""
    FOLDER.mkdir(exist_ok=True)
    with serving() as address, sync_playwright() as playwright:
        browser = launch(playwright, "--font-render-hinting=none")
        if browser is None:
            sys.exit("No Chromium or Chrome is installed: 'make test' installs one.")
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        for name, view in SHOTS.items():
            page.goto(f"{address}/{view}")
            settle(page)
            page.wait_for_load_state("networkidle")
            page.screenshot(path=FOLDER / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    main()
