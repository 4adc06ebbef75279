"""The file: its size, what it may ask for, hostile names, and what it says is left out."""

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from model.networks import BUILT_IN
from tests import own_networks, walkthroughs
from tests.viz.walkthrough.test_payload import unpack
from viz.walkthrough import document

HOSTILE = "</script><script>hurt=1</script><img src=x onerror=hurt=2>\"' <!--CONTENT-->"


class Tags(HTMLParser):
    """Notes the tags of a page with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.found.append((tag, dict(attrs)))


def text_of(html: str) -> str:
    found = re.search(r'<script type="text/plain" id="content">(.*?)</script>', html, re.DOTALL)
    assert found
    return found[1]


@pytest.mark.slow(reason="writes a file for each network that comes along")
@pytest.mark.parametrize("id", BUILT_IN)
def test_the_file_of_each_network_is_small_and_has_what_it_promises(id: str) -> None:
    subject = walkthroughs.built_in(id)
    html = document.write(subject)
    assert len(html.encode()) < (1_000_000 if id == "assignment" else document.LIMIT)
    found = unpack(text_of(html))
    lacking = [step["name"] for step in found["steps"] if step["lacks"]]
    assert ("Left out" in html) == bool(lacking)
    largest = max(subject.trace.steps, key=lambda step: sum(each.size for each in step.weights.values()))
    assert lacking == ([largest.name] if id == "basic" else [])
    assert all(name in html.partition("Left out")[2].partition("</section>")[0] for name in lacking)
    for step, recorded in zip(found["steps"], subject.trace.steps, strict=True):
        assert step["name"] == recorded.name
        assert step["values"].tolist() == recorded.maps.ravel().tolist()
        assert len(step["pictures"]) == len(recorded.maps)
        assert bool(step["recipe"]) == (not step["lacks"])


def test_the_browser_runs_this_script_alone_and_asks_for_nothing() -> None:
    html = document.write(walkthroughs.of_file(own_networks.residual()))
    tags = Tags(html)
    policy = next(given["content"] for tag, given in tags.found if given.get("http-equiv"))
    script = html.rpartition("<script>")[2].partition("</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    expected = f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data:"
    assert policy == expected
    for tag, given in tags.found:
        assert tag not in {"link", "iframe", "object", "embed", "form"}
        for name in {"src", "href"} & given.keys():
            assert (given[name] or "").startswith(("data:", "#")), (tag, given)
    assert not re.search(r"@import|url\((?!#)", html.partition("</head>")[0])


def test_hostile_names_are_text() -> None:
    subject = walkthroughs.of_file(own_networks.residual())
    classes = tuple(f"{k}{HOSTILE}" for k in range(10))
    network = replace(subject.network, title=HOSTILE, classes=classes)
    digit = replace(subject.digit, source=HOSTILE, class_name=HOSTILE)
    html = document.write(replace(subject, network=network, digit=digit, trace=replace(subject.trace, classes=classes)))
    tags = Tags(html)
    assert [given for tag, given in tags.found if tag == "script"] == [{"type": "text/plain", "id": "content"}, {}]
    assert not [given for _, given in tags.found if any(name.startswith("on") for name in given)]
    assert "x" not in [given.get("src") for tag, given in tags.found if tag == "img"]
    assert html.count(text_of(html)[:200]) == 1


def test_a_file_with_little_room_names_what_it_leaves_out() -> None:
    subject = walkthroughs.of_file(own_networks.residual())
    whole = document.write(subject)
    limit = len(whole.encode()) - 15_000
    small = document.write(subject, limit)
    assert len(small.encode()) <= limit
    said = re.split(r"[,:<> ]+", small.partition("Left out</h2>")[2].partition("</section>")[0])
    lacking = {step["name"] for step in unpack(text_of(small))["steps"] if step["lacks"]}
    assert lacking
    assert {step.name for step in subject.trace.steps if step.name in said} == lacking
