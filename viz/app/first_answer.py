"""The HTML of each page, which says where the server is and what the page is called.

Streamlit's own HTML leaves the browser to look for the server below the page's address, ``/pooling/_stcore/health``,
and only then where it is: two requests for files that are not there, each time a page is opened. The address without a
page leads to the front page, before anything is loaded, so that the browser's history has no step that leads nowhere.
"""

import functools
from base64 import b64encode
from html import escape
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse
from starlette.routing import Route
from streamlit import file_util

from model.networks import identity
from viz.app import page_list

_HEAD, _TITLE, _ICON = "<head>", "<title>Streamlit</title>", "./favicon.png"
# As for the scripts of the page, whose addresses are relative: the folder that the page is in.
_SERVER = '<script>window.__streamlit = { BACKEND_BASE_URL: new URL("./", location.href).href };</script>'
_FRESH = {"Cache-Control": "no-cache"}


def routes() -> list[Route]:
    """Return what answers the address of each page, and says which app this is."""
    pages = [
        Route(f"/{page_list.path(file)}", functools.partial(_answer, entry.title))
        for file, entry in page_list.PAGES.items()
    ]
    return [Route(identity.PATH, _identity), Route("/", _front), *pages]


def _identity(_request: Request) -> JSONResponse:
    return JSONResponse(identity.of_this_app())


def _front(request: Request) -> RedirectResponse:
    query = request.url.query
    page = page_list.path(page_list.front(choices=bool(query)))
    return RedirectResponse(f"{page}?{query}" if query else page, headers=_FRESH)


def _answer(title: str, _request: Request) -> HTMLResponse:
    return HTMLResponse(_html(title), headers=_FRESH)


@functools.lru_cache(maxsize=64)
def _html(title: str) -> str:
    html = Path(file_util.get_static_dir(), "index.html").read_text(encoding="utf-8")
    icon = b64encode(Path(__file__).parents[1].joinpath("icon.svg").read_bytes()).decode("ascii")
    named = f"<title>{escape(page_list.tab_title(title))}</title>"
    for old, new in ((_HEAD, _HEAD + _SERVER), (_TITLE, named), (_ICON, f"data:image/svg+xml;base64,{icon}")):
        html = html.replace(old, new, 1)
    return html
