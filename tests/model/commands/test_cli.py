"""The command line: real processes, exit statuses, sentences, and nothing but the result on standard output."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from model.commands.cli import main
from model.commands.normalisation import normalisation_of, say_none
from model.commands.notebook import Piece
from model.commands.records import RANDOM
from model.networks import BUILT_IN, load
from tests.model.commands.test_definitions import notebook
from tests.serving import ROOT

NET = """
import torch, torch.nn as nn, torch.nn.functional as F
print("the author says hello")
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.never = nn.Conv2d(1, 4, 5), nn.Linear(3, 3)
        self.fc = nn.Linear(4 * 12 * 12, 10)
    def forward(self, x):
        print("it sees", tuple(x.shape))
        return F.log_softmax(self.fc(F.max_pool2d(F.relu(self.conv(x)), 2).flatten(1)), dim=1)
"""
slow = pytest.mark.slow(reason="starts a process with PyTorch")


def glass(*arguments: str) -> int:
    """Run a command within this process; the author's code has its own."""
    return main([*arguments])


@pytest.fixture
def net(tmp_path: Path) -> Path:
    """Write a file that is called as a package of this project is."""
    path = tmp_path / "model.py"
    path.write_text(NET, encoding="utf-8")
    return path


@slow
def test_the_installed_command_runs_beside_a_file_called_model(net: Path) -> None:
    folder = net.parent
    made = ["make", f"BIN={folder}", f"{folder}/glass"]
    subprocess.run(made, cwd=ROOT, check=True, capture_output=True, timeout=300)  # noqa: S603 (our Makefile)
    command = [str(folder / "glass"), "table", "model.py:Net", "--format", "json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=600)  # noqa: S603
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [(row["name"], row["path"], row["parameters"]) for row in found["rows"]] == [
        ("Conv2d-1", "conv", 104),
        ("Linear-2", "fc", 5770),
    ]
    assert found["parameters"] == {"used": 5874, "owned": 5886}
    assert done.stderr.startswith(
        "the author says hello\nit sees (2, 1, 28, 28)\nNote: The input is taken to be 1x28x28"
    )
    assert f"Note: {RANDOM}" in done.stderr
    assert "Note: Pictures go in as values from 0 to 1: the code has no Normalize. If it was" in done.stderr


def test_what_normalises_pictures_is_found_or_missed_aloud() -> None:
    found = [Piece("net.py", "a = 1\nt = transforms.Normalize((0.5,), std=0.25)")]
    assert normalisation_of(found, 1) == ([0.5], [0.25], "net.py:2")
    assert normalisation_of(found, 3) is None
    unread = Piece("data.py", "t = Normalize(MEAN, STD)")
    assert normalisation_of([unread], 1) is None
    assert "Normalize at data.py:1 gives no single mean and std that can be read." in say_none([unread])
    assert "the code has no Normalize. If it was trained with one, give --mean and --std." in say_none([])


@slow
def test_a_notebook_that_trains_is_captured_without_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cells = ("!pip install torchsummary\nfrom torchsummary_missing import summary", NET, "%matplotlib inline\n1 / 0")
    training = "net = Net().to(device)\nopen('trained', 'w')\nfor epoch in range(9**9): net.train()"
    path = notebook(tmp_path / "net.ipynb", *cells, training)
    out = tmp_path / "net.glass"
    assert glass("capture", f"{path}:Net", "-o", str(out), "--title", "Mine", "--input", "1x28x28") == 0
    network = load(out)
    assert (network.title, network.graph["Conv2d-1"].line) == ("Mine", "net.ipynb cell 2:11")
    assert not (tmp_path / "trained").exists()
    assert "Mine, 5,874 parameters" in capsys.readouterr().out
    assert glass("table", str(out), "--format", "csv") == 0
    said = capsys.readouterr()
    assert said.out.splitlines()[1].startswith("Conv2d-1,conv,5,1,0,")
    assert f"Note: {RANDOM}" in said.err  # the file says it too
    assert glass("check", str(out), "--mnist", str(tmp_path)) == 1
    assert "the weights are random (--weights FILE)" in capsys.readouterr().out
    assert glass("capture", str(out)) == 2
    assert "is captured already" in capsys.readouterr().err


@slow
def test_a_network_that_does_not_run_prints_the_table_up_to_there(
    net: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    net.write_text(NET.replace("4 * 12 * 12", "500"), encoding="utf-8")
    assert glass("table", f"{net}:Net", "--input", "1x28x28") == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "max_pool2d-1        [-1, 4, 12, 12]        0" in said.err
    assert "Linear-2 (fc) at model.py:11 gets 576 numbers for each picture (4 × 12 × 12 = 576)." in said.err
    assert "Write nn.Linear(576, 10).\n  model.py:11: return F.log_softmax" in said.err


@slow
def test_a_loop_that_does_not_end_is_stopped_and_its_line_named(net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    net.write_text(NET.replace("super().__init__()", "super().__init__()\n        while True: pass"), encoding="utf-8")
    assert glass("table", f"{net}:Net", "--time-limit", "1") == 2
    assert "did not end within 1 seconds (it was at model.py:7)" in capsys.readouterr().err


@slow
def test_memory_is_limited(net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    net.write_text(NET.replace("super().__init__()", "super().__init__(); torch.ones(2**33)"), encoding="utf-8")
    assert glass("table", f"{net}:Net", "--memory-limit", "4") == 2
    assert "model.py:6 takes more memory than is allowed" in capsys.readouterr().err


def test_a_network_that_comes_along_has_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert glass("table", "assignment", "--color", "always") == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert "Parameters: 10,066." in said.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "COMMAND"),
        (["tabel", "net.py:Net"], "invalid choice: 'tabel'"),
        (["table"], "NET"),
        (["table", "net"], "'net' is none of these."),
        (["table", "no/such.py:Net"], "'no/such.py' does not exist."),
        (["table", "no.glass"], "'no.glass' cannot be read"),
        (["table", "assignment", "--weights", "w.pt"], "--weights does not go with 'assignment'."),
        (["table", "net.py:Net", "--input", "28x28"], "'28x28' is not channels x height x width"),
        (["table", "net.py:Net", "--input", "0x28x28"], "'0x28x28' has a side that is not from 1"),
        (["table", "net.py:Net", "--mean", "a"], "'a' is not a list of numbers"),
        (["table", "net.py:Net", "--std", "nan"], "'nan' is not a list of numbers"),
        (["table", ""], "'' is none of these."),
        (["table", ":Net"], "':Net' is none of these."),
        (["check", "--max-parameters", "assignment"], "'assignment' is not a whole number such as 20000"),
        (["check", "assignment", "--max-epochs", "-5"], "'-5' is not a whole number"),
        (["check", "assignment", "--min-accuracy", "0.994"], "'0.994' is a share"),
        (["check", "assignment", "--min-accuracy", "nan"], "'nan' is not a number of per cent"),
        (["check", "assignment", "--mnist", "no/such"], "Give --mnist the folder"),
        (["show", "assignment", "--port", "abc"], "'abc' is not a number from 1 to 65535"),
        (["table", "net.py:Net", "--time-limit", "-1"], "'-1' is not a number above 0"),
        (["show", "assignment", "--port", "0"], "--port is 0."),
    ],
)
def test_bad_input_is_a_sentence(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert glass(*arguments) == 2
    caught = capsys.readouterr()
    assert said in caught.err
    assert caught.out == ""
    assert "Traceback" not in caught.err


def test_a_damaged_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "cut.glass"
    path.write_bytes(b"PK")
    assert glass("table", str(path)) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"'{path}': ")
    assert f"glass capture net.py:Net -o {path}" in said


def test_a_fault_of_ours_is_a_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fails(_: str) -> None:
        raise RecursionError("too deep")

    monkeypatch.setattr("model.commands.cli.parse", fails)
    assert glass("table", "net.py:Net", "--format", "json") == 2
    caught = capsys.readouterr()
    assert "a fault of glass, not of yours: RecursionError at test_cli.py" in caught.err
    assert (caught.out, "Traceback" in caught.err) == ("", False)


def test_a_closed_pipe_and_an_old_terminal_are_no_error() -> None:
    command = [sys.executable, "-m", "model", "--help"]
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(command, cwd=ROOT, stdout=write, stderr=subprocess.PIPE, check=False, timeout=300)  # noqa: S603
    os.close(write)
    assert done.stderr == b""


@pytest.mark.parametrize("command", [[], ["table"], ["capture"], ["show"]])
def test_help_has_examples(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        glass(*command, "--help")
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert "glass table net.py:Net" in said
    assert ", ".join(BUILT_IN) in said


def test_python_m_model_is_the_command() -> None:
    command = [sys.executable, "-m", "model", "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=300)  # noqa: S603
    assert done.stdout.startswith("usage: glass")


@slow
def test_what_the_code_raises_leaves_behind_and_prints_without_an_end_is_kept_away(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "net.py"
    body = (
        "import subprocess, sys\n    print('x' * 100_000, end='')\n    print(subprocess.Popen(['sleep', '600']).pid, "
    )
    body += (
        f"file=open({str(tmp_path / 'pid')!r}, 'w'), flush=True)\n    sys.stdout.close()\n    raise KeyboardInterrupt"
    )
    path.write_text(f"def make():\n    {body}\n", encoding="utf-8")
    assert glass("table", f"{path}:make", "--format", "json") == 2
    caught = capsys.readouterr()
    assert "net.py:6 raises KeyboardInterrupt." in caught.err
    assert ("Traceback" in caught.err, caught.out, len(caught.err) < 25_000) == (False, "", True)
    pid = int((tmp_path / "pid").read_text(encoding="utf-8"))
    deadline = time.monotonic() + 20  # a busy computer ends a process later than it was told to
    while not has_ended(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert has_ended(pid)


def has_ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").split()[2] == "Z"
    except OSError:
        return True
