"""Thirty people at once, each with another network, digit and page: each sees what a person alone sees."""

import functools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch

from model.graph.capture import save
from model.images import digits
from model.networks import BUILT_IN, store
from tests.own_networks import Residual
from tests.serving import serving
from tests.sessions import html_of

PEOPLE = 30
PAGES = ("", "feature_maps", "receptive_field", "parameters", "head", "pooling", "saliency")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("networks")


@pytest.fixture(scope="module")
def ids(folder: Path) -> tuple[str, ...]:
    """Return the networks that come along, and eleven of the same shapes with other weights."""
    found = list(BUILT_IN)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GLASS_NETWORKS", str(folder))
        for seed in range(11):
            torch.manual_seed(seed)
            path = folder / "net.glass"
            save(Residual().eval(), path, (1, 28, 28))
            found.append(store.keep(path))
    return tuple(found)


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """Start a server of its own, whose caches are empty."""
    with serving(environment={"GLASS_NETWORKS": str(folder)}) as address:
        yield address


def test_each_sees_what_a_person_alone_sees(folder: Path, ids: tuple[str, ...]) -> None:
    samples = digits.samples()
    asked = [
        (PAGES[number % len(PAGES)], {"net": ids[number % len(ids)], "digit": samples[number].key})
        for number in range(PEOPLE)
    ]
    with server(folder) as address, ThreadPoolExecutor(PEOPLE) as pool:
        together = [*pool.map(lambda each: html_of(address, *each), asked)]
    with server(folder) as address:
        alone = [*map(functools.partial(_alone, address), asked)]
    assert [each for each, one, other in zip(asked, together, alone, strict=True) if one != other] == []
    assert len({*together}) == PEOPLE, "no two of them see the same"


def _alone(address: str, each: tuple[str, dict[str, str]]) -> str:
    return html_of(address, *each)
