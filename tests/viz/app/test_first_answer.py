"""The address without a page leads to the front page, and each page's HTML has its name."""

import pytest
from starlette.requests import Request

from viz.app import first_answer, page_list


def asked(query: str) -> Request:
    return Request({"type": "http", "path": "/", "query_string": query.encode("ascii"), "headers": []})


@pytest.mark.parametrize(
    ("query", "location"),
    [("", "start"), ("digit=project-8a", "overview?digit=project-8a"), ("net=a%0Ab&row=x", "overview?net=a%0Ab&row=x")],
)
def test_an_address_without_a_page_opens_start_and_with_choices_what_it_opened_before(
    query: str, location: str
) -> None:
    answer = first_answer._front(asked(query))
    assert (answer.status_code, answer.headers["location"]) == (307, location)


def test_the_html_of_a_page_has_its_name_and_loads_nothing_from_elsewhere() -> None:
    html = first_answer._html("Pooling")
    assert "<title>Pooling · Glass Network</title>" in html
    assert "<title>Streamlit</title>" not in html
    assert './favicon.png"' not in html


def test_every_page_has_an_address_of_its_own() -> None:
    paths = [page_list.path(file) for file in page_list.PAGES]
    assert len({*paths}) == len(paths)
    assert {route.path for route in first_answer.routes()} >= {"/", *(f"/{path}" for path in paths)}
