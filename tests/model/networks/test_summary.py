"""The table of a network: which steps are worked out, which come after the logits, and what never runs."""

from pathlib import Path

import torch
from torch import Tensor, nn

from model.graph.capture import save
from model.networks.file import read, read_path
from model.networks.summary.table import of_network
from tests.own_networks import residual


class Ended(nn.Module):
    """Ends in probabilities, and squares its scores on the way."""

    def __init__(self) -> None:
        super().__init__()
        self.maps = nn.Conv2d(1, 3, 8)

    def forward(self, x: Tensor) -> Tensor:
        """Return the probabilities (N, 3)."""
        return torch.softmax(torch.abs(self.maps(x)).flatten(1), 1)


def test_a_residual_network() -> None:
    found = of_network(read(residual()))
    rows = {row.name: row for row in found.rows}
    assert (found.used, found.owned, found.unused) == (
        4 * 10 + 2 * 148 + 50,
        4 * 10 + 2 * 148 + 50 + 12,
        (("never", 12),),
    )
    assert rows["Conv2d-3"].field == (12, 12)
    assert rows["Conv2d-3"].path == "two"
    assert not rows["add-3"].is_numbered
    assert all(row.is_worked_out for row in found.rows)
    assert not any(row.is_hidden for row in found.rows)


def test_steps_that_are_not_worked_out_and_steps_after_the_logits_are_marked(tmp_path: Path) -> None:
    torch.manual_seed(0)
    save(Ended().eval(), tmp_path / "ended.glass", (1, 8, 8))
    rows = of_network(read_path(tmp_path / "ended.glass")).rows
    assert [row.op for row in rows if row.is_hidden] == ["softmax"]
    assert [row.op for row in rows if not row.is_hidden] == ["conv2d", "abs", "flatten"]
