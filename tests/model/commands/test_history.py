"""A history is read from CSV, JSON, a notebook, and the log that the course's loop prints."""

from pathlib import Path

import pytest

from model.commands.history import read_history
from model.errors import CommandError
from tests.model.commands.test_definitions import notebook

LOG = """
Epoch 1:
loss=0.0512 batch_id=468 Accuracy=91.20: 100%|######| 469/469 [00:10<00:00]

Test set: Average loss: 0.0611, Accuracy: 9818/10000 (98.18%)

Epoch 2:

Test set: Average loss: 0.0495, Accuracy: 9848/10000 (98.48%)
"""
EXPECTED = [{"epoch": 1, "loss": 0.0611, "accuracy": 98.18}, {"epoch": 2, "loss": 0.0495, "accuracy": 98.48}]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("run.log", LOG),
        ("run.txt", LOG.replace("Epoch 1:", "Epoch: 0").replace("Epoch 2:", "Epoch: 1")),
        ("run.csv", "epoch,loss,accuracy\n1,0.0611,98.18\n2,0.0495,98.48\n"),
        ("run.csv", "epoch,test_loss,test_correct_of_10000\n1,0.0611,9818\n2,0.0495,9848\n"),
        ("run.csv", "epoch,train_acc,test_acc,test_loss\n1,80,98.18,0.0611\n2,85,98.48,0.0495\n"),
        ("run.json", '[{"epoch": 1, "loss": 0.0611, "accuracy": 0.9818}, {"loss": 0.0495, "accuracy": 0.9848}]'),
        ("run.json", '{"val_loss": [0.0611, 0.0495], "val_acc": [98.18, 98.48]}'),
    ],
)
def test_a_history_is_read(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    assert [{key: pytest.approx(value) for key, value in row.items()} for row in read_history(path)] == EXPECTED


def test_of_two_trainings_in_a_notebook_the_last_counts(tmp_path: Path) -> None:
    path = notebook(tmp_path / "net.ipynb", ("train()", LOG.replace("98", "11")), ("train()", LOG))
    assert [row["accuracy"] for row in read_history(path)] == [98.18, 98.48]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x.csv", "a,b\nc,d\n"),
        ("x.json", "{"),
        ("x.json", "3"),
        ("x.log", ""),
        ("x.json", '[{"epoch": 1, "accuracy": NaN}, {"epoch": 2, "loss": 1e999}]'),
        ("x.json", f'[{{"accuracy": {"9" * 400}}}]'),
        ("x.log", "Average loss: 0.0.1, Accuracy: 99/100"),
        ("x.log", "Average loss: 0.1, Accuracy: 99/0 (99%)"),
        ("x.log", f"Average loss: 0.1, Accuracy: {'9' * 5000}/100"),
    ],
)
def test_a_file_without_a_history_is_refused(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CommandError, match="holds no history"):
        read_history(path)
