"""The rule of direction: which modules each module may import, measured in a new process."""

import importlib
import json
import pkgutil
import subprocess
import sys
from collections.abc import Collection, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# One process for many modules: if a forbidden module is missing after the last import, none imported it.
PROBE = """
import importlib, json, sys
first = {}
for module in sys.argv[1:]:
    importlib.import_module(module)
    first |= {name: module for name in sys.modules if name not in first}
print(json.dumps(first))
"""


def modules_in(package: str) -> list[str]:
    """Return a package and all modules in it, so that new files are covered too."""
    found = pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}.")
    return [package, *(module.name for module in found)]


def brought_in_by(modules: Sequence[str]) -> dict[str, str]:
    """Import modules in a new process; return every imported module, and the module that imported it first."""
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
STREAMLIT = ("app", "controls", "cache", "Home")  # modules of viz with one of these names may import Streamlit
FIGURES = [name for name in modules_in("viz") if not {*name.split(".")} & {*STREAMLIT}]
PAGES_AND_CHARTS = {"streamlit", "plotly", "viz", "pages", "torchvision"}


def test_model_imports_no_page_no_chart_and_no_heavy_package() -> None:
    assert_without([name for name in modules_in("model") if name not in CAPTUM], {*PAGES_AND_CHARTS, "captum"})


@pytest.mark.slow(reason="imports Captum in a process")
def test_attribution_may_import_captum() -> None:
    found = brought_in_by(CAPTUM)
    assert {*CAPTUM} <= {*found}
    assert "captum" in found
    assert not PAGES_AND_CHARTS & {*found}


def test_package_imports_nothing_eagerly() -> None:
    packages = [name for name in modules_in("model") if hasattr(importlib.import_module(name), "__path__")]
    assert_without(packages, {"torch", "numpy"})


def test_records_errors_and_lists_of_networks_import_no_torch() -> None:
    assert len(RECORDS) > 10
    assert_without(["model", "model.errors", "model.networks.catalogue", "model.commands.target", *RECORDS], {"torch"})


def test_figures_import_only_records() -> None:
    assert len(FIGURES) > 30
    assert_without(FIGURES, {"torch", "streamlit", "pages", "viz.app"})
    found = {name for name in brought_in_by(FIGURES) if name.startswith("model.")}
    packages = {name.rpartition(".")[0] for name in RECORDS}
    assert found <= {*RECORDS, *packages, *(name.rpartition(".")[0] for name in packages)}


def test_no_page_can_run_an_authors_code() -> None:
    """A server is shared with others; commands are for one's own machine."""
    files = [path for folder in ("viz", "pages") for path in (ROOT / folder).rglob("*.py")]
    assert [path.name for path in files if "model.commands" in path.read_text(encoding="utf-8")] == []


def test_topic_has_the_same_name_in_viz_and_pages() -> None:
    pages = {path.stem for path in (ROOT / "pages").glob("*.py")}
    shared = {"app", "charts", "pictures"}  # shared by several topics
    files = {"walkthrough"}  # to download, from a page of another topic
    viz = {path.parent.name for path in (ROOT / "viz").glob("*/__init__.py")}
    assert viz - shared - files == pages
