"""What the file carries, as plain values, HTML and arrays; ``walkthrough.js`` reads it by these names."""

from collections.abc import Sequence
from dataclasses import asdict
from html import escape
from typing import Any

import numpy as np

from model.layers.quiz.records import Question, QuestionKind
from model.layers.records import Recipe
from model.receptive_field.records import Box, Field, ReceptiveField
from model.records import IMAGE, Activation, Unit
from model.trace.records import Row, Step
from viz import theme
from viz.feature_maps.figures import choices, titles
from viz.layers import worked_row, worked_unit
from viz.layers.quiz.figures import say_question
from viz.overview import figures as overview
from viz.overview.layout import modules
from viz.pictures import swatches, words
from viz.pictures.mathematics import typeset
from viz.pictures.scaling import range_of
from viz.receptive_field.figures import growing
from viz.walkthrough.records import Asked, Subject

# In the place of numbers in a formula stand letters, which ``typeset`` keeps and no formula has: in brackets, and bare.
_LETTERS = "აბგდევ", "ზთიკლმ"
_ASKS = {
    QuestionKind.SHAPE: "What is the shape of the output?",
    QuestionKind.PARAMETERS: "How many parameters does it learn?",
    QuestionKind.FIELD: "How large is the receptive field of a unit?",
    QuestionKind.UNIT: "What is the value? {}",
}


def contents(subject: Subject) -> dict[str, Any]:
    """Return everything that the script shows, for ``payload.encode``."""
    trace, pixels = subject.trace, subject.digit.pixels
    image = {
        "name": IMAGE,
        "kind": "",
        "inputs": [],
        "recipe": None,
        **_maps(trace.image, [str(c) for c in range(len(trace.image))]),
    }
    return {
        "word": subject.word,
        "columns": _columns(subject),
        "growing": growing(pixels, subject.way) if subject.way else None,
        "inks": {str(signed).lower(): "".join(_dark(signed)) for signed in (False, True)},
        "colours": {"black": theme.BLACK, "white": theme.WHITE},
        "letters": _LETTERS,
        "picture": list(pixels.shape[:2]),
        "image": image,
        "steps": [_step(subject, step) for step in trace.steps],
    }


def _columns(subject: Subject) -> list[list[list[dict[str, Any]]]]:
    """Return the picture of the network; a folded module leads to its first step."""
    folded = modules(subject.network.graph, subject.trace)
    lanes_of = overview.blocks(subject.trace, folded)
    first = {module: names[0] for module, names in folded.items()}
    return [
        [[{**asdict(tile), "opens": first.get(tile.name, tile.name)} for tile in lane] for lane in lanes]
        for lanes in lanes_of
    ]


def _dark(signed: bool) -> list[str]:
    """Return for each place on a scale whether text on it is black (1) or white (0)."""
    range_ = range_of(np.ones(1, np.float32), signed=signed)
    places = np.linspace(range_.low, range_.high, 256)
    return [str(int(swatches.ink(range_, float(value)) == theme.BLACK)) for value in places]


def _step(subject: Subject, step: Step) -> dict[str, Any]:
    name, trace, arithmetic = step.name, subject.trace, subject.arithmetic
    recipe, total = subject.recipes[name], arithmetic[trace.steps[-1].name].running_total if arithmetic else 0
    said = (subject.about[name], worked_unit.say_unprinted(trace, step), worked_unit.say_logits(trace, step))
    return {
        "name": name,
        "kind": step.kind,
        "number": str(step.number) if isinstance(step, Row) else "",
        "main": step in trace.main_steps,
        "inputs": [each for each in step.inputs if each],
        "colour": theme.KIND_COLOURS[step.kind],
        "about": " ".join(filter(None, said)),
        "worked": worked_row.draw(arithmetic[name], None, total) if name in arithmetic else "",
        "asked": _asked(name, subject.asked[name]) if name in subject.asked else "",
        "field": _field(subject.fields.get(name), step) or worked_unit.say_field(trace, step, subject.fields),
        **worked_unit.traits(step, subject.windows[name]),
        **_maps(step.maps, titles(trace, step)),
        "strip": worked_unit.strip(trace, step),
        "starts": _starts(subject, step),
        "recipe": _recipe(recipe) if recipe else None,
    }


def _starts(subject: Subject, step: Step) -> list[int]:
    """Return for each input map where playing the window over it starts; nothing for a step that is not played."""
    window = subject.windows[step.name]
    if window is None or not worked_unit.traits(step, window)["playable"]:
        return []
    units = step.output.shape[1:]
    return [worked_unit.first_ink(each, window, units) for each in subject.trace.maps_of(step.inputs[0])]


def _maps(maps: Activation, names: Sequence[str]) -> dict[str, Any]:
    """Return the values of an activation (C, H, W), and its maps as the grid of all maps shows them."""
    drawn = choices(maps, range(len(maps)), names, shared=True, selected=-1)
    range_ = range_of(maps)
    pictures = [tile.pop("picture") for tile in drawn["tiles"]]
    ends = {"low": range_.low, "high": range_.high}
    return {"maps": list(maps.shape), "values": maps.ravel(), "pictures": pictures, "grid": drawn, "range": ends}


def _recipe(recipe: Recipe) -> dict[str, Any]:
    return {
        "rule": recipe.rule,
        "where": recipe.where,
        "symbols": [typeset(each) for each in recipe.symbols],
        "formula": _formula(recipe.formula),
        "settings": dict(recipe.settings),
        "arrays": {name: _plain(array) for name, array in recipe.arrays.items()},
        "shapes": {name: list(array.shape) for name, array in recipe.arrays.items()},
    }


def _plain(array: Any) -> Any:
    """Return an array in one piece, with numbers of single or double precision or whole ones."""
    kept = array if array.dtype in (np.float32, np.int32) else array.astype(np.float64)
    return np.ascontiguousarray(kept).ravel()


def _formula(text: str) -> dict[str, str]:
    """Return a formula as text and as HTML, with a letter for each number; in brackets where a negative number is."""
    for number, (enclosed, bare) in enumerate(zip(*_LETTERS, strict=True)):
        text = text.replace(f"{{{number}}}", f"({enclosed})").replace(f"[{number}]", bare)
    return {"text": text, "html": typeset(text).partition(">")[2].removesuffix("</span>")}


def _field(field: Field | None, step: Step) -> dict[str, Any] | None:
    """Return where the boxes of all units begin and end: along y, and along x; None without a single window."""
    if not isinstance(field, ReceptiveField):
        return None
    _, high, wide = step.maps.shape
    rows, columns = [field.box((y, 0)) for y in range(high)], [field.box((0, x)) for x in range(wide)]
    return {"rows": [[box.top, box.bottom] for box in rows], "columns": [[box.left, box.right] for box in columns]}


def _asked(name: str, asked: Asked) -> str:
    """Draw the questions on a step in HTML, each with its answer folded."""
    return "".join(_question(name, question, asked.unit) for question in asked.questions.values())


def _question(name: str, question: Question, unit: Unit) -> str:
    ask = _ASKS[question.kind].format(say_question(question, unit))
    lines = "".join(f"<li>{typeset(line)}</li>" for line in question.arithmetic)
    wrong = "".join(
        f"<li><b>{escape(_answer(question.kind, each.answer))}</b>: {escape(each.sentence)}</li>"
        for each in question.misconceptions
    )
    mistakes = f"<p>Common wrong answers</p><ul>{wrong}</ul>" if wrong else ""
    code = escape(".".join([name, *map(str, unit)]))
    see = f'<p><a href="#{code}">Show this unit</a></p>' if question.kind is QuestionKind.UNIT else ""
    return (
        f'<details class="walk-question"><summary>{escape(ask)}</summary>'
        f'<p class="walk-answer">{escape(question.text)}</p><ul>{lines}</ul>{see}{mistakes}</details>'
    )


def _answer(kind: QuestionKind, numbers: tuple[float, ...]) -> str:
    if kind is QuestionKind.UNIT:
        return words.number(numbers[0])
    if kind is QuestionKind.FIELD and len({*numbers}) == 1:
        numbers = numbers[:1]
    return " × ".join(f"{number:,.0f}" for number in numbers)


def field_picture(subject: Subject) -> str:
    """Draw the picture in HTML with an empty box, which the script puts around the pixels that a unit sees."""
    return worked_unit.receptive_field(subject.digit.pixels, Box(0, 0, 0, 0))
