"""A download of MNIST in a real browser: it says how far it is, can be cancelled, and begins anew."""

import re
from pathlib import Path

from playwright.sync_api import expect

from tests import mirror
from tests.browser.conftest import Visit
from tests.browser.people import expect_read
from tests.serving import choose_source, serving, settle


def test_a_download_that_drips_can_be_cancelled_and_begun_again(visit: Visit, tmp_path: Path) -> None:
    raw = tmp_path / "MNIST" / "raw"
    with mirror.serving(mirror.blank()) as server:
        environment = {**mirror.told(server), "MNIST_ROOT": str(tmp_path)}
        with serving(environment=environment, module="tests.mirror") as address:
            server.answer = mirror.drip
            page = visit("?digit=project-8a", at=address)
            choose_source(page, "MNIST")
            page.get_by_role("button", name="Download MNIST").click()
            expect(page.get_by_text(re.compile(r"Downloading MNIST: (2[5-9]|[34]\d)%"))).to_be_visible()
            expect_read(page, 8, re.compile("labelled 8"))
            for _ in range(500):  # the first file counts once it has come; to unpack it takes a moment more
                if (raw / mirror.NAMES[0]).is_file():
                    break
                page.wait_for_timeout(20)
            page.get_by_role("button", name="Cancel", exact=True).click()
            settle(page)
            expect(page.get_by_role("progressbar")).to_have_count(0)
            expect(page.get_by_role("button", name="Cancel", exact=True)).to_have_count(0)
            assert [file.name for file in raw.iterdir()] == mirror.NAMES[:1], "what came whole, and nothing else"
            server.answer = mirror.well
            page.get_by_role("button", name="Download MNIST").click()
            expect(page.get_by_label("Image number")).to_be_visible()
            settle(page)
            assert {file.name for file in raw.iterdir()} == set(mirror.NAMES)
            expect_read(page, 8, re.compile("labelled 8"))
