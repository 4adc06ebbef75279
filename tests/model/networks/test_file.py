"""A network file comes back as it was written, and the store keeps it by its hash."""

import copy
import json
import os
import zipfile
from pathlib import Path

import pytest
import safetensors.torch
import torch

from model import networks, weights
from model.errors import NetworkError
from model.graph.capture import FILES, capture, to_bytes
from model.graph.module import NetworkModule
from model.networks import store
from model.networks.archive import read_entries
from model.networks.file import read
from model.networks.limits import OPEN, OWN, Limits
from model.networks.tensors import read_header, read_tensors
from tests.model.graph.authors import SHAPE, Small, seeded
from tests.model.networks.hostile import WHOLE, giant, packed, parts


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GLASS_NETWORKS", str(tmp_path / "networks"))
    return tmp_path / "networks"


def test_a_file_by_an_earlier_pytorch_is_read() -> None:
    """It was written with PyTorch 2.6.0 from the same class with the same seed."""
    network, author = read(WHOLE.read_bytes()), seeded(Small)
    document = json.loads(parts()[FILES[0]])
    assert document["witness"]["torch"] == "2.6.0"
    x = torch.randn(5, *SHAPE)
    with torch.no_grad():
        assert (torch.log_softmax(network.module(x), 1) - author(x)).abs().max() < 1e-5
    assert network.classes == ("circle", "square", "cross")
    assert (network.input.shape, network.input.mean, network.input.std) == (SHAPE, (0.1, 0.2), (0.3, 0.4))
    assert network.history == ({"epoch": 1.0, "loss": 1.5},)
    assert (network.graph.used, network.graph.owned) == (76 + 144 + 8 + 51, 76 + 144 + 8 + 51 + 6)


@pytest.mark.slow
def test_this_pytorch_captures_the_same_graph() -> None:
    mine = capture(seeded(Small), SHAPE).document
    theirs = json.loads(parts()[FILES[0]])
    lines = [[node.pop("line") for node in each["nodes"]] for each in (mine, theirs)]
    assert mine["nodes"] == theirs["nodes"]
    assert all(line.startswith("authors.py:") for line in lines[0] if line)


def test_tensors_are_read_as_the_safetensors_library_reads_them() -> None:
    entry = read_entries(WHOLE.read_bytes(), OWN)[FILES[1]]
    mine = read_tensors(entry, read_header(entry, 100))
    theirs = safetensors.torch.load(parts()[FILES[1]])
    assert mine.keys() == theirs.keys()
    assert all(torch.equal(mine[key], theirs[key]) and mine[key].dtype == theirs[key].dtype for key in mine)


def test_a_file_that_was_packed_again_is_read() -> None:
    first, again = read(WHOLE.read_bytes()), read(packed(parts(), zipfile.ZIP_DEFLATED))
    assert first.id != again.id
    ours, theirs = first.module.state_dict(), again.module.state_dict()
    assert all(torch.equal(ours[key], theirs[key]) for key in theirs)


@pytest.mark.slow
def test_limits_are_those_of_the_place() -> None:
    with pytest.raises(NetworkError, match=r"has 13,000,\d+ parameters\. At most 12,000,000"):
        read(giant(13_000_000), OPEN)
    with pytest.raises(NetworkError, match="which nothing uses"):
        read(giant(), OWN)
    with pytest.raises(NetworkError, match="multiply-accumulates"):
        read(WHOLE.read_bytes(), Limits(1_000, 10_000, 1_000_000))
    with pytest.raises(NetworkError, match="take more than 3,000 bytes"):
        read(WHOLE.read_bytes(), Limits(1_000, 1_000_000, 3_000))


# The store


def test_a_kept_file_is_found_by_its_hash(folder: Path, tmp_path: Path) -> None:
    id = networks.keep(WHOLE)
    assert networks.by_id(id).id == id == networks.load(id).id == networks.load(WHOLE).id
    assert networks.by_id(id) is networks.by_id(id), "it is read once"
    assert [path.name for path in folder.iterdir()] == [f"{id}.glass"]
    (folder / f"{id}.glass").unlink()
    with pytest.raises(NetworkError, match="is not here any more"):
        networks.by_id(id)


@pytest.mark.parametrize("id", ["", "nothing", "../x", "0" * 31, str(WHOLE), "/etc/passwd", "0" * 32, "ASSIGNMENT"])
def test_a_page_gets_no_network_by_a_path(id: str) -> None:
    with pytest.raises(NetworkError):
        networks.by_id(id)


def test_a_file_that_is_none_is_not_kept(folder: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.glass"
    bad.write_bytes(b"PK")
    for path in (bad, tmp_path / "missing.glass", tmp_path, Path("a\0b")):
        with pytest.raises(NetworkError):
            networks.keep(path)
    assert not folder.exists()


def test_the_least_recently_used_is_removed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [packed(parts(), method) for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)] + [WHOLE.read_bytes()]
    monkeypatch.setattr(store, "MAX_FILES", 2)
    ids = [store.keep_bytes(files[0]), store.keep_bytes(files[1])]
    networks.by_id(ids[0])
    ids.append(store.keep_bytes(files[2]))
    assert {path.stem for path in folder.iterdir()} == {ids[0], ids[2]}


def test_a_changed_file_in_the_store_is_refused(folder: Path) -> None:
    id = networks.keep(WHOLE)
    (folder / f"{id}.glass").write_bytes(packed(parts(), zipfile.ZIP_DEFLATED))
    store._MEMORY.clear()
    with pytest.raises(NetworkError, match="was changed"):
        networks.by_id(id)


def test_a_store_that_can_only_be_read_gives_its_networks(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    id, changed = networks.keep(WHOLE), store.keep_bytes(packed(parts(), zipfile.ZIP_DEFLATED))
    (folder / f"{changed}.glass").write_bytes(b"changed")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(30, "Read-only file system")

    monkeypatch.setattr(os, "utime", refuse)
    monkeypatch.setattr(Path, "unlink", refuse)
    store._MEMORY.clear()
    assert networks.by_id(id).graph.nodes
    with pytest.raises(NetworkError, match="was changed"):
        networks.by_id(changed)


def test_a_folder_under_the_name_of_a_network_is_none(folder: Path) -> None:
    (folder / f"{'0' * 32}.glass").mkdir(parents=True)
    with pytest.raises(NetworkError, match="is not here any more"):
        networks.by_id("0" * 32)


def test_an_unknown_network_makes_no_other_forgotten() -> None:
    id = networks.keep(WHOLE)
    first = networks.by_id(id)
    with pytest.raises(NetworkError):
        networks.by_id("0" * 32)
    assert networks.by_id(id) is first


# The one that comes along


def test_the_assignment_comes_along() -> None:
    network = networks.load("assignment")
    assert networks.BUILT_IN[0] == "assignment"
    assert network.graph.used == network.graph.owned == 10_066
    assert len(network.graph.rows) == 23
    x = torch.randn(3, 1, 28, 28)
    trained = weights.load()
    with torch.no_grad():
        assert torch.equal(network.module(x), trained(x))
    module = network.module
    assert isinstance(module, NetworkModule)
    assert [node.name for node in network.graph.nodes][:-1] == [name for name, _ in trained.named_children()]
    theirs = trained.state_dict()
    assert all(torch.equal(value, theirs[key]) for key, value in module.author_state_dict().items())
    assert copy.deepcopy(module).graph is network.graph


def test_it_is_the_same_when_it_is_captured() -> None:
    """The graph that is built by hand, and the one that PyTorch's export gives, agree in all but the ReLUs' names."""
    built = networks.load("assignment").graph
    captured = read(to_bytes(capture(weights.load(), (1, 28, 28)))).graph
    assert [(n.op, n.shape, n.multiply_accumulates) for n in captured.nodes] == [
        (n.op, n.shape, n.multiply_accumulates) for n in built.nodes
    ]
    assert [dict(n.settings) for n in captured.nodes] == [dict(n.settings) for n in built.nodes]
