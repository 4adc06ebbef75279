"""Of a notebook or a training script only what defines is run, and only where a network needs it."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from model.commands.definitions import Definitions, read_definitions
from model.commands.notebook import Piece, code_of, text_of, without_magics
from model.errors import CommandError

SCRIPT = """
import torch.nn as nn
import no_such_package
from another_missing import summary
ran = []
width = 8
device = ran.append("device") or "cpu"
loader = ran.append("loader")
class Net:
    def __init__(self): self.width = width
    def on(self): return device
class Net(Net):
    def plot(self): return summary
for epoch in range(3):
    ran.append(epoch)
    best = epoch
ran.append("trained")
model = Net()
def best_of(): return best
"""


def definitions(code: str, *, is_cell: bool = False) -> Definitions:
    """Return what some code defines."""
    return read_definitions(Path("script.py"), [Piece("script.py", code, is_cell)])


def test_a_class_runs_without_the_training_around_it() -> None:
    found = definitions(SCRIPT)
    net = found.get("Net")
    assert (net().width, found.namespace.get("ran")) == (8, None)
    assert net.__mro__[1].__name__ == "Net"  # the second of two definitions counts, and may use the first


def test_an_assignment_that_calls_something_runs_where_it_is_missed() -> None:
    found = definitions(SCRIPT)
    assert found.resolving(found.get("Net")().on) == "cpu"
    assert found.namespace["ran"] == ["device"]


def test_an_instance_is_made_without_the_rest() -> None:
    found = definitions(SCRIPT)
    assert found.get("model").width == 8
    assert "ran" not in found.namespace


def test_a_package_that_is_missing_matters_only_where_it_is_used() -> None:
    found = definitions(SCRIPT)
    with pytest.raises(CommandError, match=r"'another_missing', which script.py:4 imports, is not installed"):
        found.resolving(found.get("Net")().plot)


def test_what_a_loop_sets_is_named() -> None:
    found = definitions(SCRIPT)
    with pytest.raises(CommandError, match=r"uses 'best', which script.py:14 sets in a statement that is not run"):
        found.resolving(found.get("best_of"))


@pytest.mark.parametrize(("name", "said"), [("Nte", "Give script.py:Net"), ("epoch", "at script.py:14")])
def test_a_name_that_is_not_defined_is_a_sentence(name: str, said: str) -> None:
    with pytest.raises(CommandError, match=said):
        definitions(SCRIPT).get(name)


def test_options_and_paths_of_a_script_are_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "beside_the_script.py").write_text("width = 5")
    monkeypatch.setattr("sys.path", [*sys.path])
    monkeypatch.setattr("sys.argv", ["script.py"])
    code = (
        f"import sys, argparse\nsys.path.append({str(tmp_path)!r})\nfrom beside_the_script import width\n"
        "parser = argparse.ArgumentParser()\nparser.add_argument('--classes', default=7)\nargs = parser.parse_args()\n"
        "train(args)\nclass Net:\n    def shape(self): return width, args.classes\n"
    )
    found = definitions(code)
    assert found.resolving(found.get("Net")().shape) == (5, 7)


def test_a_file_that_only_defines_runs_as_a_whole(capsys: pytest.CaptureFixture[str]) -> None:
    found = definitions("print('hello')\nx = [1]\nif __name__ == '__main__':\n    x.append(2)\nclass A: n = len(x)\n")
    assert (found.get("A").n, capsys.readouterr().out) == (1, "hello\n")
    definitions(SCRIPT + "print('no')").get("Net")
    assert capsys.readouterr().out == ""


def test_a_file_that_is_no_python_names_the_line() -> None:
    with pytest.raises(CommandError, match=r"script.py:2 is not Python"):
        definitions("x = 1\ny = = 2")


@pytest.mark.parametrize(
    ("code", "plain"),
    [
        ("%time x = 1\nif a:\n    !ls\n    y = 2", "pass\nif a:\n    pass\n    y = 2"),
        ("%%bash\nls", ""),
        ("%%time\nx = 1", "pass\nx = 1"),
        ("files = !ls\nx?", "pass\npass"),
        ("x = ('a'\n% 3)\ny = 7 % 2", "x = ('a'\n% 3)\ny = 7 % 2"),
        ('"""\n!not a magic\n"""', '"""\n!not a magic\n"""'),
    ],
)
def test_magics_are_left_out(code: str, plain: str) -> None:
    assert without_magics(code) == plain


def notebook(path: Path, *cells: Any) -> Path:
    """Write a notebook: a text is a cell of code, a pair is a cell and what it prints."""
    written = []
    for cell in cells:
        code, output = cell if isinstance(cell, tuple) else (cell, "")
        outputs = [{"output_type": "stream", "text": output.splitlines(keepends=True)}] if output else []
        written.append({"cell_type": "code", "source": code.splitlines(keepends=True), "outputs": outputs})
    written.append({"cell_type": "markdown", "source": ["# Notes\n", "text"]})
    path.write_text(json.dumps({"cells": written, "nbformat": 4}), encoding="utf-8")
    return path


def test_cells_are_pieces_and_their_output_is_text(tmp_path: Path) -> None:
    path = notebook(tmp_path / "net.ipynb", "%pip install x\nx = 1", ("x +", "printed\nlines"))
    pieces = code_of(path)
    assert [(Path(piece.file).name, piece.code) for piece in pieces] == [
        ("net.ipynb cell 1", "pass\nx = 1"),
        ("net.ipynb cell 2", "x +"),
    ]
    assert text_of(path) == "printed\nlines\n\n# Notes\ntext"
    assert read_definitions(path, pieces).get("x") == 1  # a cell that is no Python is left out


def test_class_of_a_cell_that_is_no_python_names_the_line_unless_another_cell_has_it(tmp_path: Path) -> None:
    broken = "class Net(Module):\n    def forward(self, x)\n        return x"
    path = notebook(tmp_path / "net.ipynb", "x = 1", broken)
    found = read_definitions(path, code_of(path))
    assert found.get("x") == 1
    with pytest.raises(CommandError, match=r"net.ipynb cell 2:2 is not Python: expected ':'"):
        found.get("Net")
    path = notebook(tmp_path / "net.ipynb", broken, "class Net: y = 2")
    assert read_definitions(path, code_of(path)).get("Net").y == 2


@pytest.mark.parametrize("outputs", [5, "text", {"text": "a"}, [1, "a", None], [{"data": ["a"]}, {"text": {"a": 1}}]])
def test_odd_outputs_of_a_cell_are_left_out(tmp_path: Path, outputs: Any) -> None:
    path = tmp_path / "net.ipynb"
    path.write_text(json.dumps({"cells": [{"cell_type": "code", "source": "x", "outputs": outputs}]}), encoding="utf-8")
    assert text_of(path) == ""


@pytest.mark.parametrize(("text", "said"), [("{", "not JSON"), ("{}", "no cells")])
def test_a_file_that_is_no_notebook_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "net.ipynb"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CommandError, match=said):
        code_of(path)


def test_a_class_in_the_main_part_is_to_be_moved(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text("if __name__ == '__main__':\n    class Net(object): pass\n", encoding="utf-8")
    with pytest.raises(CommandError, match="Move 'Net' out of it"):
        read_definitions(path, code_of(path)).get("Net")
