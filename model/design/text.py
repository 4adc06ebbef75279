"""A design as text, one short line for each layer, and as a still shorter text for a link.

::

    conv 16 3 padding=1      16 kernels of 3x3; a pair is 3x1
    max 2                    a window of 2x2
    conv 32 1 label=skip     a label, to which later lines refer
    conv 32 3 padding=1 @2   reads from layer 2 in place of the layer before; @0 is the image
    add @skip                adds the layer before and the one with the label

A line ``input 3 32 32`` or ``classes 9`` comes first where the design is not for MNIST. A ``#`` begins a comment.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from model.design.kinds import Setting, kind_of, layer
from model.design.records import Design, Layer
from model.errors import InputError

MOST_LAYERS, MOST_CHARACTERS = 60, 8_000
_LABEL = re.compile(r"[a-z][a-z0-9]{0,15}")
_SOURCE = re.compile(r"[0-9]{1,3}|[a-z][a-z0-9]{0,15}")
_WHOLE, _NUMBER = re.compile(r"[0-9]{1,12}"), re.compile(r"[0-9]{1,3}(\.[0-9]{1,6})?|\.[0-9]{1,6}")
_FLAGS = {"yes": True, "no": False}
SIDES, CLASSES = range(1, 513), range(2, 1_001)  # of the image, its channels too
_HEADER = {"input": (3, SIDES), "classes": (1, CLASSES)}  # how many numbers, and which
_FOR_LINK = (("@", "~~"), ("=", "~"), (" ", "-"), ("\n", "_"))  # what an address keeps as it is


def write(design: Design) -> str:
    """Return a design as text.

    >>> print(write(Design((layer("conv", kernels=8, padding=1), layer("relu"), layer("add", source="1")))))
    conv 8 3 padding=1
    relu
    add @1
    """
    usual = Design()
    lines = [f"input {' '.join(map(str, design.input_shape))}"] * (design.input_shape != usual.input_shape)
    lines += [f"classes {design.classes}"] * (design.classes != usual.classes)
    return "\n".join([*lines, *map(write_layer, design.layers)])


def write_layer(given: Layer) -> str:
    """Return one layer as a line; settings with their usual value are left out."""
    parts = [given.kind]
    for setting in kind_of(given.kind).settings:
        value = given.settings[setting.name]
        if setting.bare:
            parts.append(write_value(value))
        elif value != setting.default:
            parts.append(f"{setting.name}={write_value(value)}")
    parts += [f"@{given.source}"] * bool(given.source) + [f"label={given.label}"] * bool(given.label)
    return " ".join(parts)


def write_value(value: Any) -> str:
    """Return the value of a setting as a line of text has it; nothing for None, which is never written."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return str(value[0]) if value[0] == value[1] else f"{value[0]}x{value[1]}"
    return f"{value:.6f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def read(text: str) -> Design:
    """Return the design that a text describes; its layers need not fit one another.

    Raises:
        InputError: A line is not understood (the sentence has its number), or there are too many.

    >>> read("relu # the first").layers[0].kind
    'relu'
    """
    if len(text) > MOST_CHARACTERS:
        raise InputError(
            f"The text has {len(text):,} characters.", f"At most {MOST_CHARACTERS:,} are read.", "Shorten it."
        )
    found: list[Layer] = []
    header: dict[str, list[int]] = {}
    for number, words in _lines(text):
        try:
            if words[0] in _HEADER and not found:
                header[words[0]] = _header(words)
            else:
                found.append(read_layer(words))
        except InputError as error:
            raise InputError(f"Line {number}: {error.problem}", error.allowed, error.remedy) from None
        if len(found) > MOST_LAYERS:
            raise InputError(
                f"Line {number}: it is layer {len(found)}.", f"A design has at most {MOST_LAYERS}.", "Remove layers."
            )
    shape, classes = header.get("input", Design().input_shape), header.get("classes", [Design().classes])
    return Design(tuple(found), (shape[0], shape[1], shape[2]), classes[0])


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition("#")[0].replace(",", " ").split()
        if words:
            yield number, words


def _header(words: list[str]) -> list[int]:
    name, *rest = words
    count, allowed = _HEADER[name]
    numbers = [int(word) for word in rest if _WHOLE.fullmatch(word)]
    if len(numbers) != count or len(rest) != count or not all(each in allowed for each in numbers):
        example = "input 1 28 28" if name == "input" else "classes 10"
        raise InputError(
            f"'{' '.join(words)[:60]}' is not understood.",
            f"After {name} come {count} whole numbers from {allowed[0]} to {allowed[-1]:,}."
            if count > 1
            else f"After {name} comes a whole number from {allowed[0]} to {allowed[-1]:,}.",
            f"Write {example}.",
        )
    return numbers


def read_layer(words: list[str]) -> Layer:
    """Return the layer that the words of a line describe.

    Raises:
        InputError: A word is not understood.
    """
    kind, *rest = words
    waiting = [setting for setting in kind_of(kind).settings if setting.bare]
    named = {setting.name: setting for setting in kind_of(kind).settings}
    found: dict[str, Any] = {}
    texts = {"source": "", "label": ""}
    for word in rest:
        name, equals, value = word.partition("=")
        if word.startswith("@"):
            texts["source"] = _matching(_SOURCE, word[1:], word, "@3, or @ and a label")
        elif name == "label" and equals:
            texts["label"] = _matching(_LABEL, value, word, "label=a: a letter, then letters and digits, 16 at most")
        elif equals and name in named:
            found[name] = _value(named[name], value, word)
        elif not equals and waiting:
            setting = waiting.pop(0)
            found[setting.name] = _value(setting, word, word)
        else:
            said = ", ".join(named) or "none"
            raise InputError(f"'{word[:40]}' is not understood.", f"'{kind}' has the settings: {said}.", "Correct it.")
    return layer(kind, texts["source"], texts["label"], **found)


def _matching(pattern: re.Pattern[str], text: str, word: str, example: str) -> str:
    if not pattern.fullmatch(text):
        raise InputError(f"'{word[:40]}' is not understood.", f"It is written {example}.", "Correct it.")
    return str(int(text)) if text.isdigit() else text


def _value(setting: Setting, text: str, word: str) -> Any:
    """Return the value that a word means; ``layer`` checks its range."""
    parse: dict[str, Callable[[str], Any]] = {
        "flag": _FLAGS.get,
        "number": lambda each: float(each) if _NUMBER.fullmatch(each) else None,
        "whole": lambda each: int(each) if _WHOLE.fullmatch(each) else None,
    }
    if setting.form == "padding" and text == "same":
        return text
    if setting.form in parse:
        value = parse[setting.form](text)
    else:
        sides = [int(each) if _WHOLE.fullmatch(each) else None for each in text.split("x")]
        value = None if None in sides or len(sides) > 2 else (sides[0], sides[-1])
    if value is None:
        raise InputError(
            f"'{word[:40]}' is not understood.",
            {"flag": "It is yes or no.", "number": "It is a number such as 0.1."}.get(
                setting.form, "It is a whole number such as 3, or for y and x 3x1."
            ),
            "Correct it.",
        )
    return value


def to_link(design: Design) -> str:
    """Return a design as a short text of letters, digits and ``- . _ ~``, which an address keeps as they are.

    >>> to_link(Design((layer("conv", padding=1), layer("relu"), layer("add", "1"))))
    'conv-16-3-padding~1_relu_add-~~1'
    """
    text = write(design)
    for plain, short in _FOR_LINK:
        text = text.replace(plain, short)
    return text


def from_link(text: str) -> Design:
    """Return the design of a link.

    Raises:
        InputError: It is not understood; the sentence has the number of the layer's line.

    >>> write(from_link("conv-8-3-padding~1_relu_add-~~1")).splitlines()[-1]
    'add @1'
    """
    if found := re.search(r"[^_]{0,20}--[^_]{0,20}", text):
        raise InputError(
            f"'{found[0]}' has two hyphens together.", "One stands for a space; no number is below 0.", "Leave one out."
        )
    for plain, short in _FOR_LINK:
        text = text.replace(short, plain)
    return read(text)
