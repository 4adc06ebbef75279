"""Dangerous code, found by parsing: what ruff's S rules do not find."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving import ROOT

SHOWN = {"error", "warning", "info", "success", "toast"}  # functions that render Markdown and show our sentences
UNPICKLES = {"pickle", "dill", "joblib", "marshal", "yaml"}
FILES = [path for folder in ("model", "viz", "pages") for path in sorted((ROOT / folder).rglob("*.py"))]


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


LOADS_WEIGHTS = ROOT / "model" / "commands" / "weights_file.py"  # a file of one's own, on one's own machine


def faults(source: str, *, loads_weights: bool = False) -> list[str]:
    """Return the lines of a file that unpickle, show unescaped text, or show HTML in Markdown.

    Args:
        source: Of the file.
        loads_weights: Whether torch.load may read tensors alone.
    """
    found = []
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            found += [f"{node.lineno}: {name}" for name in names if name in UNPICKLES]
    for name, call in calls(tree):
        first = call.args[0] if call.args else None
        if name in {"torch.load", "torch.jit.load", "np.load", "numpy.load"} and not _is_safe(call, loads_weights):
            found.append(f"{call.lineno}: {name}")
        if name.split(".")[0] == "st" and name.split(".")[-1] in SHOWN and not _is_escaped(first):
            found.append(f"{call.lineno}: {ast.unparse(call)}")
        if any(keyword.arg in {"unsafe_allow_html", "unsafe_allow_javascript"} for keyword in call.keywords):
            found.append(f"{call.lineno}: {name}")
    return found


def _is_safe(call: ast.Call, loads_weights: bool) -> bool:
    """Return whether numpy may not unpickle; torch's loader is accepted in one file, for tensors alone."""
    given = {each.arg: ast.unparse(each.value) for each in call.keywords}
    tensors = loads_weights and ast.unparse(call.func) == "torch.load" and given.get("weights_only") == "True"
    return tensors or given.get("allow_pickle") == "False"


def _is_escaped(shown: ast.expr | None) -> bool:
    fixed = isinstance(shown, ast.Constant)
    return fixed or (isinstance(shown, ast.Call) and ast.unparse(shown.func) == "escape_markdown")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_unpickles_or_shows_unescaped_text(path: Path) -> None:
    assert faults(path.read_text(encoding="utf-8"), loads_weights=path == LOADS_WEIGHTS) == []


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from yaml import load",
        "torch.load(path, weights_only=True)",
        "np.load(path)",
        "np.load(path, allow_pickle=True)",
        "st.error(str(error))",
        "st.warning(f'{text}')",
        "st.markdown(text, unsafe_allow_html=True)",
    ],
)
def test_dangerous_code_is_found(source: str) -> None:
    assert len(faults(source)) == 1


def test_tensors_alone_may_be_loaded_where_weights_are_read() -> None:
    assert faults("torch.load(path, weights_only=True)", loads_weights=True) == []
    assert len(faults("torch.load(path, weights_only=False)", loads_weights=True)) == 1
    assert len(faults("torch.jit.load(path, weights_only=True)", loads_weights=True)) == 1


def test_safe_code_is_accepted() -> None:
    source = "import json\nst.error(escape_markdown(str(error)))\nst.info('Fixed.')\nnp.load(path, allow_pickle=False)"
    assert faults(source) == []
