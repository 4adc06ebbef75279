"""The rule of direction: what each module may bring in, measured in a fresh Python."""

import importlib
import json
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PROBE = "import sys, json, importlib; importlib.import_module(sys.argv[1]); print(json.dumps(sorted(sys.modules)))"


def modules_in(package: str) -> list[str]:
    """Name a package and every module in it, so that a new file is covered the day it comes."""
    found = pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}.")
    return [package, *(module.name for module in found)]


def brought_in_by(module: str) -> set[str]:
    """Import a module in a Python of its own and return the names of all that came with it."""
    command = [sys.executable, "-c", PROBE, module]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)  # noqa: S603
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("module", modules_in("model"))
def test_the_model_knows_no_page_no_chart_and_nothing_heavy(module: str) -> None:
    explains = module.split(".")[:2] == ["model", "saliency"]
    heavy = {"torchvision"} if explains else {"torchvision", "captum"}
    assert not brought_in_by(module) & {"streamlit", "plotly", "viz", "pages", *heavy}


@pytest.mark.parametrize("module", ["model", "model.errors", *modules_in("model.records")])
def test_the_nouns_and_the_errors_need_no_torch(module: str) -> None:
    assert "torch" not in brought_in_by(module)


@pytest.mark.parametrize("module", modules_in("viz.figures"))
def test_a_figure_knows_records_only(module: str) -> None:
    brought_in = brought_in_by(module)
    assert not brought_in & {"torch", "streamlit", "pages", "viz.ui"}
    assert {name for name in brought_in if name.startswith("model.")} <= {*modules_in("model.records")}
