"""The HTML of each page, which tells the browser where the server is.

Streamlit's own HTML leaves the browser to look for the server below the page's address, ``/pooling/_stcore/health``,
and only then where it is: two requests for files that are not there, each time a page is opened.
"""

import functools
from collections.abc import Iterable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import Route
from streamlit import file_util

from model.networks import identity

_HEAD = "<head>"
# As for the scripts of the page, whose addresses are relative: the folder that the page is in.
_SERVER = '<script>window.__streamlit = { BACKEND_BASE_URL: new URL("./", location.href).href };</script>'


def routes(pages: Iterable[str]) -> list[Route]:
    """Return what answers the address of each page, and says which app this is."""
    return [Route(identity.PATH, _identity), *(Route(f"/{page}", _answer) for page in pages)]


def _identity(_request: Request) -> JSONResponse:
    return JSONResponse(identity.of_this_app())


def _answer(_request: Request) -> HTMLResponse:
    return HTMLResponse(_html(), headers={"Cache-Control": "no-cache"})


@functools.cache
def _html() -> str:
    html = Path(file_util.get_static_dir(), "index.html").read_text(encoding="utf-8")
    return html.replace(_HEAD, _HEAD + _SERVER, 1)
