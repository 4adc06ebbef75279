"""Documents and settings agree with the code: the limits of uploads, and the paths that documents name."""

import re
import tomllib

import pytest

from deploy import nginx
from model.images.kept import MAX_BYTES, MAX_FILES
from model.images.upload import (
    MAX_MEGABYTES,
    MAX_MEGAPIXELS,
    MAX_MEGAPIXELS_CMYK,
    MAX_MEGAPIXELS_HEIC,
    MAX_MEGAPIXELS_WEBP,
    WORKING_SIDE,
)
from tests.serving import ROOT

PATH = re.compile(r"`((?:model|viz|pages|tests|deploy|bench|docs|\.streamlit)(?:/[\w.-]+)+/?)`|\]\(([\w./-]+)\)")
OWN_LIMITS = f"(HEIC {MAX_MEGAPIXELS_HEIC}, WebP {MAX_MEGAPIXELS_WEBP}, CMYK {MAX_MEGAPIXELS_CMYK})"
DOCUMENTS = ["README.md", *sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("*.md"))]


def paths(text: str) -> list[tuple[str, str]]:
    """Return the paths that a document names in code, from the root, or links to, from its own folder."""
    return PATH.findall(text)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_document_names_only_paths_that_exist(name: str) -> None:
    found = paths((ROOT / name).read_text(encoding="utf-8"))
    assert found
    places = [ROOT / code if code else (ROOT / name).parent / link for code, link in found]
    assert [place for place in places if not place.exists()] == []


def test_paths_are_found_in_code_and_links() -> None:
    assert paths("`viz/app/no.py` and [more](docs/no.png), `no/such.py`") == [
        ("viz/app/no.py", ""),
        ("", "docs/no.png"),
    ]


def test_streamlits_upload_limit_is_the_constant() -> None:
    config = tomllib.loads((ROOT / ".streamlit/config.toml").read_text(encoding="utf-8"))
    assert config["server"]["maxUploadSize"] == MAX_MEGABYTES


def test_proxy_accepts_the_upload_limit_and_one_megabyte_for_the_form() -> None:
    sizes = re.findall(r"client_(?:max_body|body_buffer)_size (\d+)m;", nginx.configuration("a:1", ["b:2"]))
    assert sizes == [str(MAX_MEGABYTES + 1)] * 2


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("docs/SECURITY.md", f"An upload has at most {MAX_MEGABYTES} MB"),
        ("docs/SECURITY.md", f"size of files | {MAX_MEGABYTES} MB;"),
        ("docs/SECURITY.md", f"more than {MAX_MEGAPIXELS} megapixels {OWN_LIMITS} is refused"),
        ("deploy/nginx.conf", f"the app's upload limit of {MAX_MEGABYTES} MB"),
        ("docs/SECURITY.md", f"at most {WORKING_SIDE} pixels a side"),
        ("docs/SECURITY.md", f"at most {MAX_FILES:,} files and {MAX_BYTES // 1_000_000} MB"),
        ("viz/app/picture_file.py", "at most {upload.MAX_MEGABYTES} MB and {upload.MAX_MEGAPIXELS} megapixels"),
    ],
)
def test_sentence_states_the_upload_limit(name: str, sentence: str) -> None:
    assert sentence in (ROOT / name).read_text(encoding="utf-8")
