"""What is pasted becomes the same design, and nothing of it is run."""

import contextlib
import io
import re

import pytest
import torchinfo
import torchsummary
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from model import networks
from model.design.from_network import design_of
from model.design.paste import as_class, read
from model.design.presets import preset
from model.design.records import Design
from model.design.text import from_link, to_link, write
from model.design.text import read as text_read
from model.errors import InputError
from model.networks.authors import author_code, author_network
from tests.model.design.draws import networks as drawn
from tests.model.design.test_text import without_references

FEW = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
OTHERS = [id for id in networks.BUILT_IN if id != "assignment"]


@FEW
@given(drawn())
def test_class_is_read_back_as_its_design(design: Design) -> None:
    found = read(as_class(design), design.input_shape)
    assert (found.design, found.notes) == (without_references(design), ())


@pytest.mark.exhaustive
@settings(FEW, max_examples=300, derandomize=False)
@given(drawn(30))
def test_many_classes_are_read_back(design: Design) -> None:
    assert read(as_class(design), design.input_shape).design == without_references(design)


@pytest.mark.parametrize("id", OTHERS)
def test_code_of_an_author_is_the_design_of_its_network(id: str) -> None:
    """With classes of blocks, functions, conditions, reshapes and sums, as their authors wrote them."""
    network = networks.by_id(id)
    found = read(author_code(id), network.input.shape)
    assert found.design == design_of(network).design


def test_a_class_takes_no_memory_for_its_weights() -> None:
    kernels = 1_024 * 1_024 * 64 * 64
    written = as_class(text_read("conv 1024 28\nconv 1024 64 padding=32\ngap\nflatten\nlinear 10"))
    assert f"{4 * kernels:,}" == "17,179,869,184", "bytes, which many machines do not have"
    assert "nn.Conv2d(1024, 1024, 64, padding=32)" in written


def test_what_print_shows_is_read() -> None:
    found = read(str(author_network("assignment")))
    usual = write(preset("assignment")).replace("0.03", "0.1")
    assert write(found.design) == usual
    assert found.notes[0].startswith("print shows layers in the order in which they are made")


@pytest.mark.parametrize("id", ["assignment", "lenet"])
def test_printed_summaries_are_read(id: str) -> None:
    """LeNet's pools are calls in ``forward``, of which no summary has a row: they are found, and said."""
    network, text = author_network(id), io.StringIO()
    with contextlib.redirect_stdout(text):
        torchsummary.summary(network, (1, 28, 28), device="cpu")
    expected = write(preset(id)).replace("0.03", "0.1").splitlines()
    if id == "lenet":
        expected = [line for line in expected if line != "relu"]
    for pasted in (text.getvalue(), str(torchinfo.summary(network, (1, 1, 28, 28), verbose=0))):
        found = read(pasted)
        assert write(found.design).splitlines() == expected
        assert any("'max 2, conv 16 5' explains it" in note for note in found.notes) is (id == "lenet")


@pytest.mark.parametrize(
    ("pasted", "text"),
    [
        ("conv 8 3\nrelu", "conv 8 3\nrelu"),
        (
            "model = nn.Sequential(nn.Conv2d(1, 10, (3, 5), padding='same'), nn.AvgPool2d(28))",
            "conv 10 3x5 padding=same\navg 28",
        ),
        (
            "p = 0.2\nnet = nn.Sequential(OrderedDict([('a', nn.Dropout(p)), ('b', nn.Flatten())]))",
            "dropout 0.2\nflatten",
        ),
        (
            "class Net(nn.Module):\n"
            "    def __init__(self, width=8):\n"
            "        super().__init__()\n"
            "        self.a = nn.Conv2d(1, width, 3, padding=1)\n"
            "        self.b = nn.ModuleList([nn.Conv2d(width, width * 2, 3, padding=1), nn.ReLU()])\n"
            "    def forward(self, x):\n"
            "        y = self.a(x)\n"
            "        z = self.b[1](self.b[0](y))\n"
            "        z = torch.cat([z, y], dim=1)\n"
            "        z = F.max_pool2d(z, 2).mean((2, 3))\n"
            "        return F.log_softmax(z.view(z.size(0), -1), dim=-1)\n",
            "conv 8 3 padding=1\nconv 16 3 padding=1\nrelu\ncat @1\nmax 2\ngap",
        ),
    ],
)
def test_forms_of_code(pasted: str, text: str) -> None:
    design = read(pasted).design
    assert write(Design(design.layers)) == text


def test_a_number_that_does_not_fit_is_said() -> None:
    found = read("nn.Sequential(\n    nn.Conv2d(1, 8, 3),\n    nn.BatchNorm2d(16),\n    nn.Conv2d(8, 10, 26),\n)")
    assert found.notes == ("Line 3: the pasted text says that 16 come in; here 8 do.",)


@pytest.mark.parametrize("call", ["nn.LogSoftmax(dim=1)", "nn.Softmax(1)"])
def test_a_softmax_at_the_end_is_left_out_and_that_is_said(call: str) -> None:
    layers = "nn.Conv2d(1, 10, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten()"
    found, plain = read(f"nn.Sequential({layers}, {call})"), read(f"nn.Sequential({layers})")
    assert found.design == plain.design
    assert found.notes == ("Line 1: The softmax at the end is left out: a design ends in logits.", *plain.notes)


@pytest.mark.parametrize(
    ("pasted", "said"),
    [
        ("nn.Sequential(\nnn.Conv2d(1, 8, 3),\nnn.Upsample(2))", "Line 3: 'Upsample' is no layer of a design."),
        ("nn.Sequential(nn.Conv2d(1, 8))", "Line 1: Conv2d has no kernel_size."),
        ("nn.Sequential(nn.Conv2d(1, 8, 3, colour=2))", "'Conv2d' has an argument too much: colour."),
        ("nn.Sequential(nn.Conv2d(1, 8, 0))", "Line 1: 'conv' has size = 0."),
        ("nn.Sequential(nn.ReLU(),", "Line 1: Python cannot read this ('(' was never closed)"),
        ("nn.Sequential(*[nn.ReLU()])", "'*[nn.ReLU()]' is not understood."),
        (
            "class Net(nn.Module):\n  def forward(self, x):\n    for i in range(3): x = x\n    return x",
            "Line 3: 'for i in",
        ),
        (
            "class Net(nn.Module):\n  def __init__(self):\n    self.c = nn.Conv2d(1, 1, 1)\n"
            "  def forward(self, x):\n    return self.c(self.c(x))",
            "Line 5: A layer is called twice",
        ),
        ("import torch.nn as nn\nx = nn.Parameter(1)", "There is no nn.Sequential(...) and no class with forward."),
        ("def f(x):\n  return f(x)\nnn.Sequential(f(1))", "within one another too deeply"),
        ("def f():\n" + " pass\n" * 4_000 + "nn.Sequential(" + "f()," * 99 + ")", "too long"),
        ("#" * 33_000, "The text has 33,000 characters."),
        (
            "nn.Sequential(nn.Conv2d(5_000, 8, 3))",
            "Line 1: the pasted text says that 5,000 come in. An image has 1 to 512",
        ),
        ("nn.Sequential(nn.Conv2d(1, 9 // 0, 3))", "'9 // 0' is not understood."),
        ("Layer (type)  Output Shape\nnothing", "There is no summary in the text."),
        ("Layer (type)  Output Shape  Param #\nnothing", "There is no summary in the text."),
        (
            "Conv2d-1 [-1, 8, 26, 26] 81\nReLU-2 [-1, 8, 26, 26] 0",
            "no layer Conv2d makes (8, 26, 26) with 81 parameters",
        ),
    ],
)
def test_what_is_not_understood_gets_a_sentence(pasted: str, said: str) -> None:
    with pytest.raises(InputError, match=re.escape(said)):
        read(pasted)


@pytest.mark.parametrize(
    "pasted",
    [
        "nn.Sequential(nn.Conv2d(1, 1024, 28))",
        "nn.Sequential(nn.Flatten(), nn.Linear(784, 4096))",
        "Conv2d-1 [-1, 1024, 26, 26] 10,240\nReLU-2 [-1, 1024, 26, 26] 0",
        "Conv2d-1 [-1, 1, 26, 26] 10\nReLU-2 [-1, 1, 26, 26] 0",
    ],
)
def test_what_has_no_end_for_classes_can_be_written_all_the_same(pasted: str) -> None:
    design = read(pasted).design
    assert design.classes == 10
    assert from_link(to_link(design)) == design


def test_nothing_is_run(tmp_path: object) -> None:
    path = f"{tmp_path}/made"
    for pasted in (f"nn.Sequential(open({path!r}, 'w'))", f"open({path!r}, 'w')\nnn.Sequential(nn.ReLU())"):
        with contextlib.suppress(InputError):
            read(pasted)
    with pytest.raises(FileNotFoundError), open(path):  # noqa: PTH123
        pass


WORDS = [
    "nn.Sequential(",
    "nn.Conv2d(1,",
    "3)",
    "x",
    "self.",
    "[",
    "]",
    "class A:",
    "\n  ",
    "def forward(self, x):",
    "return",
    "(0): ",
]


@settings(FEW, max_examples=100)
@given(st.one_of(st.text(max_size=80), st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)))
@example("nn." + "(" * 5_000)
@example("nn." + "-" * 5_000 + "1")
@example("nn.Sequential(" + "nn.ReLU()," * 3_000 + ")")
def test_any_text_is_a_design_or_gets_a_sentence(pasted: str) -> None:
    with contextlib.suppress(InputError):
        read(pasted)
