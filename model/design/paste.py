"""What a person pastes as a design: short lines, PyTorch code, what ``print`` shows of a network, or a summary."""

import re

from model.design import code, summary, text
from model.design.build import graph_of
from model.design.records import DIGIT_SHAPE, Design, Found
from model.errors import InputError
from model.graph.code.write import code_of
from model.graph.module import META, NetworkModule

_MOST = 32_000  # characters
_PRINTED = re.compile(
    r"\s*\(([\w.-]+)\): ([A-Z]\w*)\((.*)\)\s*"
)  # (0): Conv2d(1, 8, kernel_size=(3, 3), stride=(1, 1))
_OPENED = re.compile(r"\s*\([\w.-]+\): [A-Z]\w*\(\s*|\s*[A-Z]\w*\(\s*|\s*\)\s*")  # (block): Sequential(
_CODE = re.compile(r"\bnn\.|\bSequential\s*\(|^\s*class\s+\w+|\bdef forward\b", re.MULTILINE)
_SUMMARY = re.compile(r"\w-\d+\s+\[-?\d|Layer \(type")


def read(pasted: str, input_shape: tuple[int, int, int] = DIGIT_SHAPE) -> Found:
    r"""Return the design that a text describes, in any of its forms.

    Args:
        pasted: The text.
        input_shape: Of one image where the text does not say it.

    Raises:
        InputError: It is not understood; the sentence has the line.

    >>> read("Sequential(\n  (0): Conv2d(1, 8, kernel_size=(3, 3), stride=(1, 1))\n)").design.layers[0].kind
    'conv'
    """
    if len(pasted) > _MOST:
        raise InputError(f"The text has {len(pasted):,} characters.", f"At most {_MOST:,} are read.", "Shorten it.")
    if _SUMMARY.search(pasted):
        return summary.read(pasted, input_shape)
    lines = pasted.splitlines()
    if any(map(_PRINTED.fullmatch, lines)) and all(not line.strip() or _is_printed(line) for line in lines):
        return _of_print(lines, input_shape)
    if _CODE.search(pasted):
        return code.read(pasted, input_shape)
    return Found(text.read(pasted))


def _is_printed(line: str) -> bool:
    return bool(_PRINTED.fullmatch(line) or _OPENED.fullmatch(line))


def _of_print(lines: list[str], input_shape: tuple[int, int, int]) -> Found:
    """Read each layer at its own line, so that a sentence names it; modules that hold others open and close."""
    parts = [_PRINTED.fullmatch(line) for line in lines]
    written = "\n".join(f"nn.{part[2]}({part[3]})," if part else "" for part in parts)
    found = code.read(f"nn.Sequential({written})", input_shape)
    note = "print shows layers in the order in which they are made, and nothing of what forward calls beside them."
    return Found(found.design, (note, *found.notes))


def as_class(design: Design, title: str = "") -> str:
    """Return a design that is a network as a PyTorch class, which runs without this project.

    >>> from model.design.kinds import layer
    >>> "self.conv1 = nn.Conv2d(1, 10, 28)" in as_class(Design((layer("conv", kernels=10, size=28),)))
    True
    """
    return code_of(NetworkModule(*graph_of(design, META)), title)
