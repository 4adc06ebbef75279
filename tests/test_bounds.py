"""Bounds of a process: caches, uploads, garbage collection and threads."""

import ast
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from PIL import Image

from model.images import digits
from tests.serving import ROOT
from viz.app import shared

CACHES = {"cache_data": "max_entries", "cache_resource": "max_entries", "cache": "maxsize", "lru_cache": "maxsize"}


def unbounded(source: str) -> Iterator[str]:
    """Yield the name of each function with an unbounded cache."""
    for function in ast.walk(ast.parse(source)):
        if isinstance(function, ast.FunctionDef) and takes_arguments(function):
            yield from (function.name for decorator in function.decorator_list if is_unbounded(decorator))


def takes_arguments(function: ast.FunctionDef) -> bool:
    given = function.args
    return bool(given.posonlyargs or given.args or given.kwonlyargs or given.vararg or given.kwarg)


def is_unbounded(decorator: ast.expr) -> bool:
    """Return whether a decorator is a cache without a maximum number of entries."""
    call = decorator if isinstance(decorator, ast.Call) else ast.Call(decorator, [], [])
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name not in CACHES:
        return False
    bounds = [each.value for each in call.keywords if each.arg == CACHES[name]]
    bounds += call.args if name == "lru_cache" else []
    return all(isinstance(bound, ast.Constant) and bound.value is None for bound in bounds)


@pytest.mark.parametrize(
    "cache",
    [
        "st.cache_resource",
        "st.cache_data",
        "st.cache_data(ttl=60)",
        "st.cache_resource(max_entries=None)",
        "functools.cache",
        "cache",
        "functools.lru_cache(maxsize=None)",
        "lru_cache(None)",
    ],
)
def test_unbounded_cache_is_found(cache: str) -> None:
    assert [*unbounded(f"@{cache}\ndef kept(key): ...")] == ["kept"]
    assert not [*unbounded(f"@{cache}\ndef single(): ...")]


@pytest.mark.parametrize(
    "cache", ["st.cache_data(max_entries=2)", "st.cache_resource(max_entries=2 ** N)", "lru_cache(maxsize=4)", "other"]
)
def test_bounded_cache_is_accepted(cache: str) -> None:
    assert not [*unbounded(f"@{cache}\ndef kept(key): ...")]


def test_every_cache_is_bounded() -> None:
    files = [path for folder in ("viz", "pages", "model") for path in (ROOT / folder).rglob("*.py")]
    found = {str(path.relative_to(ROOT)): [*unbounded(path.read_text(encoding="utf-8"))] for path in files}
    assert {path: names for path, names in found.items() if names} == {}


FIRST_PAGE = """
import gc, json, sys, torch
gc.disable()  # as the server does until it has imported everything
from streamlit.testing.v1 import AppTest
app = AppTest.from_file("viz/Home.py", default_timeout=120).run()
assert not app.exception
seen = len(gc.get_objects())
print(json.dumps({"threads": torch.get_num_threads(), "frozen": gc.get_freeze_count(), "seen": seen,
                  "looks": gc.isenabled(), "interval": sys.getswitchinterval()}))
"""


@pytest.mark.slow(reason="starts a process that opens the app")
def test_first_page_sets_threads_and_freezes_objects() -> None:
    """Objects of PyTorch and the app are excluded from garbage collection."""
    command = [sys.executable, "-W", "ignore", "-c", FIRST_PAGE]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603 (our own)
    found = json.loads(done.stdout)
    assert found["threads"] == 1
    assert found["interval"] == pytest.approx(0.0005)  # so that long work hands over soon
    assert found["looks"], "for garbage"
    assert found["seen"] < 0.2 * found["frozen"]


def test_large_upload_has_small_stages() -> None:
    """A session keeps it with all its stages, well below the 2 MB for a session."""
    photo = np.full((4000, 4000), 230, np.uint8)
    photo[800:3200, 1800:2300] = 20
    file = io.BytesIO()
    Image.fromarray(photo).save(file, "PNG")
    file.seek(0)
    stages = digits.from_upload(file).stages
    assert stages[0].name == "as drawn"
    assert sum(stage.pixels.nbytes for stage in stages) < 400_000 < photo.nbytes


def test_a_run_computes_with_one_thread_whatever_its_thread_has_done_before() -> None:
    before = torch.get_num_threads()
    with ThreadPoolExecutor(1) as pool:
        torch.set_num_threads(2)
        pool.submit(torch.get_num_threads).result()  # from now on the thread has a number of its own
        torch.set_num_threads(1)
        kept = pool.submit(torch.get_num_threads).result()
        pool.submit(shared.use_one_thread).result()
        found = pool.submit(torch.get_num_threads).result()
    torch.set_num_threads(before)
    assert (kept, found) == (2, 1)
