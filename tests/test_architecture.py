"""The rule of direction: what each module may bring in, measured in a fresh Python."""

import importlib
import json
import pkgutil
import subprocess
import sys
from collections.abc import Collection, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# One Python for many modules: what none of them may bring in is in no way in if it is not there after the last.
PROBE = """
import importlib, json, sys
first = {}
for module in sys.argv[1:]:
    importlib.import_module(module)
    first |= {name: module for name in sys.modules if name not in first}
print(json.dumps(first))
"""


def modules_in(package: str) -> list[str]:
    """Name a package and every module in it, so that a new file is covered the day it comes."""
    found = pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}.")
    return [package, *(module.name for module in found)]


def brought_in_by(modules: Sequence[str]) -> dict[str, str]:
    """Import modules in a Python of their own; return all that came with them, and which of them it came with first."""
    command = [sys.executable, "-c", PROBE, *modules]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)  # noqa: S603
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    return found


def assert_without(modules: Sequence[str], forbidden: Collection[str]) -> None:
    found = brought_in_by(modules)
    assert {*modules} <= {*found}
    assert {name: found[name] for name in forbidden if name in found} == {}


CAPTUM = [*modules_in("model.saliency"), *modules_in("model.sanity_checks")]
RECORDS = [name for name in modules_in("model") if name.endswith(".records")]
STREAMLIT = ("app", "controls", "cache", "Home")  # a module of viz knows Streamlit where a part of its name says so
FIGURES = [name for name in modules_in("viz") if not {*name.split(".")} & {*STREAMLIT}]
PAGES_AND_CHARTS = {"streamlit", "plotly", "viz", "pages", "torchvision"}


def test_the_model_knows_no_page_no_chart_and_nothing_heavy() -> None:
    assert_without([name for name in modules_in("model") if name not in CAPTUM], {*PAGES_AND_CHARTS, "captum"})


def test_what_explains_knows_captum_too() -> None:
    assert_without(CAPTUM, PAGES_AND_CHARTS)
    with pytest.raises(AssertionError, match="captum"):
        assert_without(CAPTUM, {"captum"})


def test_a_package_imports_nothing_eagerly() -> None:
    packages = [name for name in modules_in("model") if hasattr(importlib.import_module(name), "__path__")]
    assert_without(packages, {"torch", "numpy"})


def test_records_and_errors_need_no_torch() -> None:
    assert len(RECORDS) > 10
    assert_without(["model", "model.errors", *RECORDS], {"torch"})


def test_figures_know_records_only() -> None:
    assert len(FIGURES) > 30
    assert_without(FIGURES, {"torch", "streamlit", "pages", "viz.app"})
    found = {name for name in brought_in_by(FIGURES) if name.startswith("model.")}
    packages = {name.rpartition(".")[0] for name in RECORDS}
    assert found <= {*RECORDS, *packages, *(name.rpartition(".")[0] for name in packages)}


def test_a_topic_has_one_name_in_every_place() -> None:
    pages = {path.stem for path in (ROOT / "pages").glob("*.py")}
    shared = {"app", "charts", "pictures"}  # parts that several topics draw with
    viz = {path.parent.name for path in (ROOT / "viz").glob("*/__init__.py")}
    assert viz - shared == pages
