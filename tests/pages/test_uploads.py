"""Uploads in Streamlit's simulator: every kind of picture file is read, and all else is refused."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from model.images import upload
from tests.damage import blank_png
from tests.model.images.test_upload import (
    BOMB,
    JPEG,
    PNG,
    THREE,
    as_16_bit,
    as_palette_with_transparency,
    photograph,
    saved,
)
from tests.pages.conftest import run, shown

SEVEN = "project-7a"


def turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return saved(photograph().transpose(Image.Transpose.ROTATE_90), "JPEG", exif=exif).getvalue()


GOOD: dict[str, Callable[[], bytes]] = {
    "PNG": lambda: PNG,
    "JPEG": lambda: JPEG,
    "16 bit": lambda: saved(as_16_bit(photograph())).getvalue(),
    "CMYK": lambda: saved(photograph().convert("CMYK"), "JPEG").getvalue(),
    "palette": lambda: saved(as_palette_with_transparency(photograph())).getvalue(),
    "animated": lambda: saved(photograph(), save_all=True, append_images=[photograph()], duration=9).getvalue(),
    "several in one JPEG": lambda: saved(photograph(), "MPO", save_all=True, append_images=[photograph()]).getvalue(),
    **{
        format: lambda format=format: saved(photograph(), format).getvalue()  # type: ignore[misc]
        for format in ("WEBP", "BMP", "GIF", "HEIF")
    },
    "EXIF-rotated": turned,
    "the largest": lambda: saved(photograph().resize((6_000, 8_000))).getvalue(),
}
BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "no picture": (lambda: b"What am I?", "is not a picture that can be opened"),
    "empty": (lambda: b"", "is not a picture that can be opened"),
    "a TIFF": (lambda: saved(photograph(), "TIFF").getvalue(), "is not a picture that can be opened"),
    "cut off": (lambda: PNG[:-400], "The picture is damaged"),
    "huge": (lambda: blank_png(100_001, 500, 1, 0), "The picture has 100,001 x 500 pixels."),
    "a bomb": (lambda: BOMB, "The picture is too large"),
    "heavy": (lambda: PNG + bytes(upload.MAX_BYTES), "The file is larger than 20 MB."),
    "blank": (lambda: saved(Image.new("L", (90, 90), 255)).getvalue(), "shows no ink"),
    "full": (lambda: saved(full()).getvalue(), "of the sheet is ink"),
}


def full() -> Image.Image:
    ink = np.full((90, 90), 255, np.uint8)
    ink[3:-3, 3:-3] = 0
    return Image.fromarray(ink)


@pytest.fixture
def app() -> AppTest:
    app = run("overview", digit=SEVEN)
    app.session_state["source"] = "upload"
    return app.run()


def give(app: AppTest, content: bytes) -> None:
    app.file_uploader[0].upload("digit.png", content, "image/png").run()
    assert not app.exception
    assert [each.value for each in app.title] == ["One digit through 23 rows"]


def test_every_kind_of_picture_file_is_read(app: AppTest) -> None:
    for name, content in GOOD.items():
        app.query_params["digit"] = SEVEN
        give(app, content())
        assert not app.error, name
        assert app.query_params["digit"].startswith("upload-"), name
        assert "The network predicts <strong>3</strong>" in shown(app), name
        assert 'class="stages"' in shown(app), "its stages are shown"


@pytest.mark.parametrize("before", [SEVEN, "an upload"])
def test_refused_upload_is_an_error_and_keeps_the_digit(app: AppTest, before: str) -> None:
    if before == "an upload":
        give(app, PNG)
    kept = app.query_params["digit"]
    for name, (content, named) in BAD.items():
        give(app, content())
        (sentence,) = (each.value for each in app.error)
        assert named in sentence, name
        assert sentence.endswith("The digit before it stays."), name
        assert app.query_params["digit"] == kept, name
    give(app, saved(Image.fromarray(THREE)).getvalue())
    assert not app.error, "the error disappears with a good upload"


def test_removed_bad_upload_leaves_no_error(app: AppTest) -> None:
    give(app, b"")
    app.file_uploader[0].set_value(None).run()
    assert not app.exception
    assert not app.error


def test_upload_is_read_from_its_start(app: AppTest) -> None:
    file = io.BytesIO(PNG)
    file.seek(40)
    assert upload.decode(file).grey.any()
    assert not app.exception
