"""The HTML file: one document with its styles, its scripts and its content, which asks for nothing else."""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from viz import sheets, theme
from viz.overview import figures as overview
from viz.pictures import raster, words
from viz.receptive_field.figures import say_growing
from viz.walkthrough import payload
from viz.walkthrough.contents import contents, field_picture
from viz.walkthrough.records import Subject

LIMIT = 5_000_000  # bytes of a file
_FOLDER = Path(__file__).parent
_COMPONENTS = ("network_picture", "growth_player", "steps", "map_grid", "value_map", "workings", "readout")
_STREAMLIT = {"text-color": "INK", "background-color": "PAGE", "secondary-background-color": "PANEL"}
_STREAMLIT |= {"primary-color": "LINK"}
_LACKS = {
    payload.VALUES: "without their maps and values",
    payload.WEIGHTS: "without their weights, so that their units are not worked out",
    "inputs": "without arithmetic, because the values that they take are left out",
}


def write(subject: Subject, limit: int = LIMIT) -> str:
    """Return the HTML of the file.

    Args:
        subject: What it is about.
        limit: How many bytes it has at most. Steps that do not fit are left out, and it says which.
    """
    script, styles = _script(), _styles()
    title = escape(f"{subject.network.title}: {_called(subject)}")
    frame = len(script.encode()) + len(styles.encode()) + len(_body(subject, {}, "").encode())
    content = payload.fitted(contents(subject), limit - frame - 4_000)
    body = _body(subject, payload.lacking(content), payload.encode(content))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{_policy(script)}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{styles}</style></head>{body}<script>{script}</script></html>\n"
    )


def _policy(script: str) -> str:
    """Return what the browser may do: run this script, show pictures from the file, and request nothing."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data:"


def _script() -> str:
    """Join the components and our own scripts. A component is a module; here each is a function in an object."""
    parts = ",\n".join(f"{json.dumps(name)}: {_component(name)}" for name in _COMPONENTS)
    own = "".join((_FOLDER / f"{name}.js").read_text(encoding="utf-8") for name in ("arithmetic", "walkthrough"))
    return f'"use strict";\nconst COMPONENTS = {{\n{parts}\n}};\n{own}'


def _component(name: str) -> str:
    run = sheets.script(name).replace("export default function", "run = function")
    style = json.dumps(sheets.of_component(name)).replace("</", "<\\/")
    return f"{{ style: {style}, run: (() => {{ let run;\n{run}\nreturn run; }})() }}"


def _styles() -> str:
    """Join the styles of the app's pages and our own; Streamlit's colours have the names that components use."""
    own = (_FOLDER / "walkthrough.css").read_text(encoding="utf-8")
    light, dark = (
        " ".join(f"--st-{name}: {getattr(theme, colours)[scheme]};" for name, colours in _STREAMLIT.items())
        for scheme in ("light", "dark")
    )
    schemes = f":root {{ {light} }} @media screen and (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}"
    return f"{sheets.of_pages()}{schemes}{own}"


def _called(subject: Subject) -> str:
    """Say which picture it is."""
    label = subject.digit.class_name or subject.digit.label
    return f"a {subject.word}" if label is None else f"a {subject.word} labelled {label}"


def _body(subject: Subject, lacking: Mapping[str, Sequence[str]], content: str) -> str:
    trace, network = subject.trace, subject.network
    answer = escape(trace.class_name(trace.prediction))
    certainty = words.percent(float(trace.probabilities[trace.prediction]))
    growth = f'<h2>How the receptive field grows</h2><div id="growth"></div><p>{say_growing(subject.way)}</p>'
    places = {
        "TITLE": escape(network.title),
        "PICTURE": raster.image(subject.digit.pixels),
        "SOURCE": escape(f"The {subject.word}: {subject.digit.source}."),
        "WORD": subject.word,
        "ANSWER": f"The network predicts <strong>{answer}</strong> ({certainty}).",
        "COUNTS": f"{words.count(len(trace.steps), 'step')}, {words.count(network.graph.used, 'parameter')}",
        "LEGEND": overview.legend(trace, "The list of steps above has every step."),
        "SAID": escape(overview.say(trace)),
        "BARS": overview.probability_bars(trace),
        "PROBABILITIES": escape(overview.say_probabilities(trace)),
        "GROWTH": growth if subject.way else "",
        "FIELD": field_picture(subject),
        "LEFT_OUT": _say_left_out(lacking),
        "CONTENT": content,
    }
    body = (_FOLDER / "walkthrough.html").read_text(encoding="utf-8")
    for name, text in places.items():
        body = body.replace(f"<!--{name}-->", text)
    return body


def _say_left_out(lacking: Mapping[str, Sequence[str]]) -> str:
    if not lacking:
        return ""
    parts = "".join(f"<li>{_LACKS[lack]}: {escape(', '.join(names))}</li>" for lack, names in lacking.items())
    return (
        "<section><h2>Left out</h2><p>This file stays below 5 MB. So some of its steps are shown:</p>"
        f"<ul>{parts}</ul></section>"
    )
