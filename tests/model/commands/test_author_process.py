"""A network made from an author's file: classes, instances, functions, arguments, the guessed input, and weights."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from model.commands.author_process import build, guess_shape, make
from model.commands.definitions import read_definitions
from model.commands.records import RANDOM
from model.commands.weights_file import load_weights
from model.errors import CommandError

CODE = """
import torch
from torch import nn
channels = 1
class Block(nn.Module):
    def __init__(self, width, norm="b"):
        super().__init__()
        self.conv = nn.Conv2d(channels, width, 3)
        self.norm = nn.BatchNorm2d(width) if norm == "b" else nn.GroupNorm(2, width)
    def forward(self, x):
        return self.norm(self.conv(x)).relu()
class Net(nn.Module):
    def __init__(self, width, norm="b", *, classes=10):
        super().__init__()
        self.block = Block(width, norm)
        self.gap = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(width, classes)
    def forward(self, x):
        return self.fc(self.gap(self.block(x)).flatten(1))
def small(classes=3):
    return Net(4, classes=classes)
model = Net(6)
number = 7
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "net.py"
    path.write_text(CODE, encoding="utf-8")
    return path


def request(path: Path, **given: Any) -> dict[str, Any]:
    """Return what a process is asked."""
    names = ("name", "args", "weights", "title")
    empty: dict[str, Any] = dict.fromkeys(names, "") | dict.fromkeys(("input", "classes", "mean", "std", "history"))
    return empty | {"file": str(path)} | given


@pytest.mark.parametrize(
    ("name", "arguments", "width", "classes"),
    [("Net", "8", 8, 10), ("Net", "width=8, norm='g', classes=4", 8, 4), ("small", "", 4, 3), ("model", "", 6, 10)],
)
def test_a_class_a_function_or_an_instance(file: Path, name: str, arguments: str, width: int, classes: int) -> None:
    made, called, _, _ = make(file, name, arguments)
    head = made.get_submodule("fc")
    assert isinstance(head, nn.Linear)
    assert (called, head.in_features, head.out_features) == (name, width, classes)
    assert type(made.get_submodule("block.norm")) is (nn.GroupNorm if "'g'" in arguments else nn.BatchNorm2d)


def test_the_only_network_is_found(file: Path) -> None:
    made, name, _, notes = make(file, "", "4")
    assert (name, type(made).__name__) == ("Net", "Net")
    assert notes == ["The network is net.py:Net."]


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("Net", "", r"at net.py:12 needs the arguments width"),
        ("Net", "8, colour=1", r"unexpected keyword argument 'colour'"),
        ("Net", "8, norm=open('x')", r"--args .* cannot be read"),
        ("Net", "**{'width': 8}", r"--args .* cannot be read"),
        ("Net", "width=8, width=9", r"--args .* cannot be read"),
        ("Net", "8)(3", r"--args .* cannot be read"),
        ("Net", "0", r"net.py:\d+ fails|needs"),
        ("number", "", r"'number' in net.py is a int"),
        ("model", "8", r"'model' is an instance"),
        ("Net2", "", r"does not define 'Net2'"),
    ],
)
def test_what_cannot_be_made_is_a_sentence(file: Path, name: str, arguments: str, said: str) -> None:
    with pytest.raises(CommandError, match=said):
        make(file, name, arguments)


@pytest.mark.slow(reason="exports a network")
def test_double_precision_is_shown_in_single(file: Path) -> None:
    file.write_text(CODE + "model = model.double()", encoding="utf-8")
    assert build(request(file, name="model")).captured.document["input"]["height"] == 28


@pytest.mark.slow(reason="the first export of a process brings much in")
def test_a_capture_says_what_was_guessed(file: Path) -> None:
    built = build(request(file, name="small"))
    assert built.name == "Net"
    assert built.captured.document["input"]["height"] == 28
    assert built.captured.warnings == [RANDOM]
    assert "taken to be 1x28x28" in built.notes[0]
    assert built.captured.document["nodes"][0]["line"] == "net.py:11"


@pytest.mark.parametrize(
    ("layers", "shape"),
    [
        ([nn.Conv2d(1, 2, 5), nn.Flatten(), nn.Linear(2 * 28 * 28, 10)], (1, 32, 32)),
        ([nn.Conv2d(3, 2, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 5)], (3, 32, 32)),
        ([nn.Conv2d(3, 2, 7, 4), nn.MaxPool2d(27), nn.Flatten(), nn.Linear(8, 5)], (3, 224, 224)),
        ([nn.Conv2d(1, 2, 5), nn.MaxPool2d(40), nn.Flatten(), nn.Linear(2, 5)], (1, 64, 64)),
        ([nn.Flatten(), nn.Linear(784, 10)], (1, 28, 28)),
        ([nn.Conv2d(1, 2, 5), nn.Flatten(), nn.Linear(7, 10)], (1, 28, 28)),
    ],
)
def test_the_input_is_guessed_from_what_runs(layers: list[nn.Module], shape: tuple[int, int, int]) -> None:
    found, said = guess_shape(nn.Sequential(*layers).eval(), read_definitions(Path("net.py"), []))
    assert found == shape
    assert "x".join(map(str, shape)) in said
    assert ("this size runs (28 and 32 do not)" in said) == (shape == (1, 64, 64))


# Weights


def net(seed: int = 0) -> nn.Sequential:
    """Return a small network with random weights."""
    torch.manual_seed(seed)
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Conv2d(2, 3, 1))


@pytest.mark.parametrize("form", ["new", "old", "safetensors", "state_dict", "model_state_dict", "model", "module."])
def test_weights_are_read_in_every_form(tmp_path: Path, form: str) -> None:
    state, path = net(1).state_dict(), tmp_path / ("w.safetensors" if form == "safetensors" else "w.pt")
    if form == "safetensors":
        save_file(state, path)
    elif form == "module.":
        torch.save({"epoch": 3, "net": {f"module.{key}": value for key, value in state.items()}}, path)
    else:
        held = state if form in {"new", "old"} else {form: state, "epoch": 3}
        torch.save(held, path, _use_new_zipfile_serialization=form != "old")
    target = net(2)
    load_weights(target, path)
    assert all(torch.equal(value, state[key]) for key, value in target.state_dict().items())


def test_a_pickled_module_is_refused_with_two_lines_that_save_a_state_dict(tmp_path: Path) -> None:
    path = tmp_path / "whole.pt"
    torch.save(net(), path)
    with pytest.raises(CommandError, match="is a pickled module") as caught:
        load_weights(net(), path)
    assert "torch.save(net.state_dict()" in str(caught.value)


def test_keys_and_shapes_that_do_not_fit_are_listed_side_by_side(tmp_path: Path) -> None:
    path = tmp_path / "w.pt"
    torch.save({key.replace("0.", "conv1."): value for key, value in net().state_dict().items()}, path)
    with pytest.raises(CommandError, match=r"0.weight +conv1.weight"):
        load_weights(net(), path)
    torch.save(net().state_dict(), path)
    wider = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(2), nn.Conv2d(2, 3, 1))
    with pytest.raises(CommandError, match=r"0.weight +4×1×3×3 +2×1×3×3"):
        load_weights(wider, path)


@pytest.mark.parametrize("data", [b"", b"text", b"PK\x03\x04 no zip"])
def test_a_file_that_holds_no_weights_is_refused(tmp_path: Path, data: bytes) -> None:
    for name in ("w.pt", "w.safetensors"):
        path = tmp_path / name
        path.write_bytes(data)
        with pytest.raises(CommandError, match="cannot be read as weights"):
            load_weights(net(), path)
    with pytest.raises(CommandError, match="There is no file"):
        load_weights(net(), tmp_path / "missing.pt")


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ({}, r"holds a dict\. It must be a state_dict"),
        ({1: torch.zeros(2)}, "holds a dict with the keys 1"),
        ({"weight": torch.zeros(2, 2, dtype=torch.complex64), "bias": torch.zeros(2)}, "must be a state_dict"),
        ({"weight": torch.zeros(2, 2, device="meta"), "bias": torch.zeros(2)}, "cannot be put into the network"),
    ],
)
def test_odd_tensors_are_a_sentence(tmp_path: Path, state: dict[Any, Any], said: str) -> None:
    torch.save(state, tmp_path / "odd.pt")
    with pytest.raises(CommandError, match=said):
        load_weights(nn.Linear(2, 2), tmp_path / "odd.pt")
