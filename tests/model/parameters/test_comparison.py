"""Printed figures beside a network's: what libraries print agrees, and each figure that is changed is found alone."""

import io
import re
from contextlib import redirect_stdout

import pytest
import torch
import torchinfo
from torch import nn
from torchsummary import summary

from model.commands import table
from model.commands.check import mistakes
from model.commands.notebook import Piece
from model.commands.records import Mistake
from model.graph.capture import capture, to_bytes
from model.networks import load
from model.networks.file import read
from model.networks.records import Network
from model.parameters.comparison import Comparison
from model.parameters.printed import find

CODE = """
class Block(nn.Module):
    def __init__(self, before, after):
        super().__init__()
        self.conv, self.norm, self.act = nn.Conv2d(before, after, 3, bias=False), nn.BatchNorm2d(after), nn.ReLU()

    def forward(self, x):
        return self.act(self.norm(self.conv(x)))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Sequential(
            nn.Conv2d(1, 8, 3),  # 28x28x1 -> 26x26x8, RF 3
            nn.ReLU(),
        )  # output_size = 26
        self.block = Block(8, 16)  # output 24x24x16 | RF: 5x5
        self.pool = nn.MaxPool2d(2)  # 12x12x16 RF = 6
        self.last = nn.Conv2d(16, 10, 1)  # 12x12x10
        self.gap = nn.AvgPool2d(12)  # in 12x12 out 1x1, RF = 28
        self.never = nn.Linear(4, 4)

    def forward(self, x):
        x = self.pool(self.block(self.first(x)))  # 12x12x16
        x = self.gap(self.last(x))
        return F.log_softmax(x.flatten(1), dim=1)
"""
pytestmark = pytest.mark.slow(reason="exports a network")


@pytest.fixture(scope="module")
def author() -> nn.Module:
    names = {"nn": nn, "F": torch.nn.functional}
    exec(compile(CODE, "net.py", "exec"), names)  # noqa: S102 (the code above)
    torch.manual_seed(0)
    made = names["Net"]()  # type: ignore[operator]
    assert isinstance(made, nn.Module)
    return made.eval()


@pytest.fixture(scope="module")
def network(author: nn.Module) -> Network:
    return read(to_bytes(capture(author, (1, 28, 28))))


@pytest.fixture(scope="module")
def summaries(author: nn.Module) -> dict[str, str]:
    """Return what libraries print of the network."""
    printed = io.StringIO()
    with redirect_stdout(printed):
        summary(author, (1, 28, 28), device="cpu")
    columns = ["input_size", "output_size", "num_params", "kernel_size", "mult_adds"]
    info = torchinfo.summary(author, (64, 1, 28, 28), verbose=0, device="cpu")
    wide = torchinfo.summary(
        author, (64, 1, 28, 28), verbose=0, device="cpu", col_names=columns, row_settings=["var_names"]
    )
    return {"torchsummary": printed.getvalue(), "torchinfo": str(info), "torchinfo with columns": str(wide)}


def found(network: Network, text: str) -> tuple[Mistake, ...]:
    """Return the mistakes of a text."""
    comparison = Comparison(network)
    compared = comparison.compare(find(text, comparison.names), "README.md")
    assert compared.figures > 3
    return compared.mistakes


@pytest.mark.parametrize("form", ["torchsummary", "torchinfo", "torchinfo with columns"])
def test_what_a_library_prints_is_right_but_for_what_is_never_called(
    network: Network, summaries: dict[str, str], form: str
) -> None:
    text = summaries[form]
    rows = find(text).tables[0].rows
    kinds = [row.kind for row in rows if row.kind not in {"Net", "Block", "Sequential"}]
    assert kinds == ["Conv2d", "ReLU", "Conv2d", "BatchNorm2d", "ReLU", "MaxPool2d", "Conv2d", "AvgPool2d"]
    wrong = found(network, text)
    never = [each for each in wrong if "never called" in each.why]
    assert wrong == tuple(never)
    assert len(wrong) == ("torchinfo" not in form)  # torchinfo counts what is owned


@pytest.mark.parametrize("form", ["torchsummary", "torchinfo", "torchinfo with columns"])
@pytest.mark.parametrize(
    ("right", "wrong", "what"), [("16, 24, 24]", "32, 24, 24]", "shape"), ("1,152", "1,168", "parameters")]
)
def test_one_figure_that_is_changed_is_found(
    network: Network, summaries: dict[str, str], form: str, right: str, wrong: str, what: str
) -> None:
    text = summaries[form]
    line = next(line for line in text.splitlines() if right in line and "Conv2d" in line)
    position = line.rindex(right)
    changed = text.replace(line, line[:position] + wrong + line[position + len(right) :])
    (mistake,) = [each for each in found(network, changed) if not each.where.startswith("total")]
    assert mistake.where.startswith(f"Conv2d-3 (block.conv) {what} (README.md:")
    if what == "parameters":
        assert mistake.why.startswith("It learns 16×8×3×3 = 1,152 numbers. It has no bias, and 16 numbers are counted")


def test_the_markdown_that_is_written_is_right(network: Network) -> None:
    text = table.as_markdown(table.of_network(network))
    assert found(network, text) == ()
    (mistake,) = found(network, text.replace("| 24, 24", "| 24, 24").replace("| 170 | 6 |", "| 160 | 6 |"))
    assert "The bias is forgotten: 10 numbers." in mistake.why
    (mistake,) = found(network, re.sub(r"\| 28 \| 24 \|", "| 6 | 24 |", text))
    assert "The global pool AvgPool2d-8 is not counted." in mistake.why


def test_a_summary_of_another_network_is_one_mistake(network: Network, summaries: dict[str, str]) -> None:
    lines = [line for line in summaries["torchsummary"].splitlines() if "MaxPool2d" not in line]
    (mistake,) = Comparison(network).compare(find("\n".join(lines)), "README.md").mistakes
    assert "where it has Conv2d-8, this network has MaxPool2d-6 (pool)" in mistake.why


def test_tables_of_other_networks_beside_a_right_one_are_left_out(network: Network, summaries: dict[str, str]) -> None:
    other = summaries["torchsummary"].replace("24, 24]", "23, 23]").replace("Total params", "Sum")
    compared = Comparison(network).compare(find(other + summaries["torchsummary"]), "README.md")
    assert [each.why for each in compared.mistakes if "never" not in each.why] == []
    assert compared.others == ("README.md:4",)


def test_a_table_with_some_mistakes_counts_beside_one_of_another_network(
    network: Network, summaries: dict[str, str]
) -> None:
    wrong = summaries["torchsummary"].replace("1,152", "1,168")
    other = "| Layer | Output Shape | Param # |\n|--|--|--|\n| Embedding | [-1, 7] | 9 |\n"
    short = "\n".join(line for line in wrong.splitlines() if "Pool" not in line)
    compared = Comparison(network).compare(find(f"{short}\n{other}\n{wrong}"), "README.md")
    assert [each.printed for each in compared.mistakes if "never" not in each.why] == ["1,168"]
    assert len(compared.others) == 1


def test_fields_of_rows_without_exact_names_are_lined_up_in_order(network: Network) -> None:
    rows = [
        ("Input", 1),
        ("Conv 3x3", 3),
        ("Conv 3x3 + BN + ReLU", 5),
        ("Max Pooling", 10),
        ("1x1 conv", 10),
        ("GAP", 28),
    ]
    text = "| Layer | RF |\n|--|--|\n" + "\n".join(f"| {name} | {size} |" for name, size in rows)
    first, second = found(network, text)
    assert (first.where, first.right) == ("MaxPool2d-6 (pool) receptive field (README.md:6)", "6")
    assert "doubles the field" in first.why
    assert "follows from the 10 printed for MaxPool2d-6" in second.why


# Comments


def in_comments(network: Network, code: str) -> list[Mistake]:
    """Return the mistakes in the comments of some code."""
    wrong, compared, _ = mistakes(network, [], [Piece("net.py", code)], "Net")
    assert compared > 8
    return wrong


def test_right_comments_are_right(network: Network) -> None:
    assert in_comments(network, CODE) == []


@pytest.mark.parametrize(
    ("right", "wrong", "where", "printed", "true"),
    [
        ("-> 26x26x8", "-> 28x28x8", "Conv2d-1 (first.0) output (net.py:15)", "28x28x8", "26x26x8"),
        ("output_size = 26", "output_size = 24", "ReLU-2 (first.1) output (net.py:17)", "24x24", "26x26"),
        ("output 24x24x16", "output 24x24x32", "ReLU-5 (block.act) output (net.py:18)", "24x24x32", "24x24x16"),
        ("RF: 5x5", "RF: 6x6", "ReLU-5 (block.act) receptive field (net.py:18)", "6", "5"),
        ("RF = 6", "RF = 10", "MaxPool2d-6 (pool) receptive field (net.py:19)", "10", "6"),
        ("in 12x12 out", "in 24x24 out", "AvgPool2d-8 (gap) input (net.py:21)", "24x24", "12x12"),
        ("(x)))  # 12x12x16", "(x)))  # 13x13x16", "MaxPool2d-6 (pool) output (net.py:25)", "13x13x16", "12x12x16"),
    ],
)
def test_a_wrong_comment_is_found_alone(
    network: Network, right: str, wrong: str, where: str, printed: str, true: str
) -> None:
    (mistake,) = in_comments(network, CODE.replace(right, wrong, 1))
    assert (mistake.where, mistake.printed, mistake.right) == (where, printed, true)


# The assignment


def test_a_table_with_the_assignments_known_mistakes_gives_exactly_these() -> None:
    from model.parameters.printed_table import PRINTED  # noqa: PLC0415 (a copy of what is printed)

    lines = ["Total params: 10,066", "| Layer | Output Shape | Param # | Comments |", "|---|---|---|---|"]
    for row in PRINTED:
        size = " * ".join(map(str, row.input)) if row.input else ""
        lines.append(
            f"| {row.name} | {list(row.shape)} | {row.parameters} | {f'works on {size} values' if size else ''} |"
        )
    wrong = {
        each.where.partition(" (")[0]: (each.printed, each.right)
        for each in found(load("assignment"), "\n".join(lines))
    }
    assert wrong == {
        "Conv2d-4 input": ("26x26x1", "26x26x8"),
        "Conv2d-7 input": ("24x24x1", "24x24x16"),
        "Conv2d-13 parameters": ("36", "136"),
        "Conv2d-23 shape": ("[-1, 32, 1, 1]", "[-1, 10, 1, 1]"),
    }
    fields = "\n".join(f"{row.name}: receptive field {row.field}" for row in PRINTED if row.field)
    causes = {each.where.partition(" ")[0]: each.why for each in found(load("assignment"), fields)}
    assert [*causes] == ["MaxPool2d-10", "Conv2d-13", "Conv2d-16", "Conv2d-19", "Conv2d-23"]
    said = (
        "doubles the field",
        "which is wrong already",
        "jump of 2 is forgotten",
        "jump of 2 is forgotten",
        "is not counted",
    )
    assert all(part in why for part, why in zip(said, causes.values(), strict=True))


class Skipping(nn.Module):
    """A block whose 1x1 convolution beside the way has another field than the last convolution on it."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.pool = nn.Conv2d(1, 8, 5), nn.MaxPool2d(2)
        self.a, self.b, self.skip = nn.Conv2d(8, 20, 3, padding=1), nn.Conv2d(20, 20, 3, padding=1), nn.Conv2d(8, 20, 1)
        self.head = nn.Conv2d(20, 10, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return scores (N, 10)."""
        x = self.pool(torch.relu(self.stem(x)))
        x = torch.relu(self.b(torch.relu(self.a(x))) + self.skip(x))
        scores: torch.Tensor = self.head(x).mean((2, 3))
        return scores


@pytest.fixture(scope="module")
def skipping() -> Network:
    return read(to_bytes(capture(Skipping().eval(), (1, 28, 28))))


@pytest.mark.parametrize("name", ["b", "conv b", "3x3 conv `b`"])
def test_a_row_that_names_a_module_among_other_words_is_about_it(skipping: Network, name: str) -> None:
    text = "| layer | output | receptive field |\n|---|---|---|\n| conv stem | 24x24x8 | 5 |\n| pool | 12x12x8 | 6 |\n"
    text += f"| {name} | 20x12x12 | {{}} |\n| head | 12x12x10 | 14 |\n"
    assert found(skipping, text.format(14)) == ()
    (mistake,) = found(skipping, text.format(6))
    assert mistake.where.partition(" receptive field")[0].endswith("(b)")
    assert (mistake.printed, mistake.right) == ("6", "14")


def test_a_wrong_total_under_a_table_without_parameters_says_nothing_of_its_rows(skipping: Network) -> None:
    text = "| layer | output |\n|---|---|\n| stem | 24x24x8 |\n| a | 12x12x20 |\n| head | 12x12x10 |\n\n"
    (mistake,) = found(skipping, f"{text}Total params: 5\n")
    assert mistake.why == "It is of another version of the network, or typed wrongly."
    counted = "| layer | output | params |\n|---|---|---|\n| stem | 24x24x8 | 208 |\n| a | 12x12x20 | 1460 |\n\n"
    (mistake,) = found(skipping, f"{counted}Total params: 5\n")
    assert mistake.why == "The rows above it add up to 1,668."
