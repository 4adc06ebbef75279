"""All style sheets apply to every page, so no class may be styled in two of them."""

import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import pytest

VIZ = Path(__file__).parents[3] / "viz"
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_QUOTED = re.compile(r'"[^"]*"')
_IS = re.compile(r":is\(([^()]*)\)")
_HAS = re.compile(r":has\([^()]*\)")  # a condition: it styles nothing of what it names
_COMMA = re.compile(r",(?![^(]*\))")
_CLASS = re.compile(r"\.(-?[A-Za-z_][\w-]*)")


def spelled_out(selector: str) -> list[str]:
    """Write ``:is(a, b) c`` as ``a c`` and ``b c``."""
    found = _IS.search(selector)
    if found is None:
        return [selector]
    start, end = found.span()
    return [
        each for one in found[1].split(",") for each in spelled_out(selector[:start] + one.strip() + selector[end:])
    ]


def leading_classes(selector: str) -> frozenset[str]:
    """Return the classes at the start of a selector; the rest applies only inside these."""
    parts = re.split(r"[\s>+~]+", _HAS.sub("", _QUOTED.sub('""', selector)).strip())
    return frozenset(_CLASS.findall(next((part for part in parts if "." in part), "")))


def sheets_by_class(sheets: Mapping[str, str]) -> dict[frozenset[str], set[str]]:
    """Return the sheets that style each class or set of classes."""
    found = defaultdict(set)
    for name, text in sheets.items():
        for selectors, _ in _RULE.findall(_COMMENT.sub("", text)):
            for selector in (each for one in _COMMA.split(selectors) for each in spelled_out(one)):
                found[leading_classes(selector)].add(name)
    found.pop(frozenset(), None)  # elements without a class belong to base.css
    return found


def clashes(sheets: Mapping[str, str]) -> dict[str, list[str]]:
    return {
        " ".join(sorted(classes)): sorted(names) for classes, names in sheets_by_class(sheets).items() if len(names) > 1
    }


def test_no_class_is_styled_in_two_sheets() -> None:
    paths = [*(VIZ / "app" / "styles").glob("*.css"), *VIZ.rglob("style.css")]
    on_screen = [path for path in paths if path.name != "print.css"]
    sheets = {str(path.relative_to(VIZ)): path.read_text(encoding="utf-8") for path in on_screen}
    assert len(sheets) > 10
    assert clashes(sheets) == {}


@pytest.mark.parametrize(
    "other",
    [
        ".legend { color: red }",
        "p, ul.legend > li { color: red }",
        "@media (width < 40rem) { .legend li { color: red } }",
        '[data-testid="stHtml"] :is(.many, .legend) b { color: red }',
    ],
)
def test_class_styled_in_two_sheets_is_found(other: str) -> None:
    own = {
        "one.css": ".legend i { width: 1rem }",
        "two.css": "/* .legend */ .other .legend, .legend.wide { color: red }",
    }
    assert clashes(own) == {}
    assert "legend" in " ".join(clashes({**own, "three.css": other}))
