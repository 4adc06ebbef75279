"""The lines that work out a layer's numbers: Python computes each to the number that the assessment has."""

import math
import re

import pytest

from model.design.assess import assess
from model.design.text import read
from model.design.worked import Line, worked

SIGNS = str.maketrans({"×": "*", "−": "-", "⌊": "math.floor(", "⌋": ")", "⌈": "math.ceil(", "⌉": ")"})
DESIGNS = {
    "chain": "conv 8 3\nrelu\nbn\ndropout 0.1\nmax 2\nconv 16 3 stride=2 padding=1 bias=no\ngap\nflatten\nlinear 10",
    "groups and dilation": "conv 8 3x5 padding=1x2\nconv 16 3 dilation=2 groups=4\navg 3 stride=2 ceil=yes\nprelu",
    "branches": "conv 8 3 padding=1\nrelu\nconv 8 5 padding=2\nadd @2\ncat @1\nconv 10 4 padding=same\nmax 3 padding=1",
}


def results(lines: tuple[Line, ...]) -> dict[str, float]:
    """Return what Python computes for each line; it must be what the line says."""
    found = {}
    for name, line in lines:
        formula, _, result = re.sub(r"(?<=\d),(?=\d{3})", "", line.translate(SIGNS)).rpartition(" = ")
        found[name] = eval(formula, {"math": math, "min": min, "max": max})  # noqa: S307 (our own lines)
        assert found[name] == float(result), line
    return found


@pytest.mark.parametrize("name", DESIGNS)
def test_each_line_gives_the_number_of_the_assessment(name: str) -> None:
    design = read(DESIGNS[name])
    assessment = assess(design)
    for row, lines in zip(assessment.rows, worked(design, assessment), strict=True):
        found = results(lines)
        assert found.get("Parameters", 0) == row.parameters
        assert found.get("Multiply-accumulates", 0) == row.multiply_accumulates
        assert found["Bytes of its activation"] == row.memory
        size = found.get("Receptive field", found.get("Receptive field, y"))
        assert size is None or row.size is None or size == row.size[0]
        both = found.get("Height and width")
        for axis, word in enumerate(("Height", "Width"), 1):
            side = found.get(word, both)
            assert side is None or side == row.shape[axis]


def test_a_layer_that_cannot_run_has_no_line() -> None:
    design = read("conv 8 3\nmax 40\nrelu")
    assert worked(design, assess(design))[1:] == ((), ())
