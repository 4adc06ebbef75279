"""A run to take away: a zip that runs without this project, what a README needs, and the verdict of ``glass check``."""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import asdict

from safetensors.torch import save

from model.commands import check
from model.design.records import Limits
from model.design.runs.choices import recipe_of
from model.design.runs.records import Run
from model.design.runs.results import history, network_of, weights_by_name
from model.graph.code.write import code_of
from model.graph.module import NetworkModule
from model.networks.records import Network
from model.networks.summary.table import of_network as table_of
from model.networks.summary.text import as_markdown

_ELSEWHERE = {"epochs", "batch_size", "dropout"}  # which the line before and the layers say
_DATE = (1980, 1, 1, 0, 0, 0)  # of every file, so that the same run gives the same bytes
_EXAMPLE = '''"""Load the network and classify a picture: python example.py"""

import torch
from net import Net
from safetensors.torch import load_file

net = Net().eval()
net.load_state_dict(load_file("weights.safetensors"))
x = torch.zeros(1, {shape})  # a picture: (value / 255 - mean) / std, with mean {mean} and std {std}
with torch.no_grad():
    print(net(x))  # a logit for each of {classes}
'''


def as_zip(run: Run) -> bytes:
    """Return a zip with the class, its weights, an example and a README; it needs PyTorch and safetensors alone.

    Raises:
        InputError: The run was read without its weights.
    """
    network = network_of(run)
    weights = {key: tensor.clone().contiguous() for key, tensor in weights_by_name(run).items()}
    files = {
        "net.py": _code(network).encode(),
        "weights.safetensors": save(weights),
        "example.py": _example(network).encode(),
        "README.md": as_readme(run).encode(),
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, _DATE), data)
    return file.getvalue()


def _code(network: Network) -> str:
    assert isinstance(network.module, NetworkModule)  # noqa: S101 (every Network has one)
    return code_of(network.module, network.title)


def _example(network: Network) -> str:
    spec = network.input
    shape = ", ".join(map(str, spec.shape))
    return _EXAMPLE.format(shape=shape, mean=spec.mean, std=spec.std, classes=", ".join(network.classes))


def as_readme(run: Run) -> str:
    """Return what a README needs: the table of the layers, the recipe, the log, and how it was judged."""
    return "\n".join(_readme(run))


def _readme(run: Run) -> Iterator[str]:
    network, choices = network_of(run), run.progress.choices
    yield f"# {network.title}\n"
    yield as_markdown(table_of(network))
    yield "\n## Training\n"
    length = {"short": f"{choices.steps} steps", "epoch": "1 epoch"}.get(choices.length, f"{choices.epochs} epochs")
    yield f"Recipe `{choices.recipe}`, {length} in batches of {choices.batch_size}, seed {choices.seed}.\n"
    yield "| Choice | Value |\n|---|---|"
    said = asdict(recipe_of(choices)).items()
    yield from (f"| {name} | {value} |" for name, value in said if name not in _ELSEWHERE)
    yield "\n## Log\n"
    yield "| Epoch | Training loss | Held-out loss | Held-out accuracy |\n|---:|---:|---:|---:|"
    for row in history(run):
        yield (
            f"| {row['epoch']:.0f} | {row['training loss']:.4f} | {row['held-out loss']:.4f} "
            f"| {100 * row['held-out accuracy']:.2f} % |"
        )
    if run.setting:
        yield f"\nPyTorch {run.setting['torch']}, {run.setting['threads']} threads, {run.setting['machine']}."
    yield f"\n{run.progress.held_out:,} training images were held out and judged every choice. {say_looks(run)}"
    yield "\n## As text\n"
    yield f"```text\n{choices.design}\n```\n"


def say_looks(run: Run) -> str:
    """Say how often the test images were looked at, and what they said."""
    test = run.test
    if test.accuracy is None:
        return "The test images were not looked at."
    times = "once" if test.looks == 1 else f"{test.looks} times"
    return f"The {test.images:,} test images were looked at {times}: {100 * test.accuracy:.2f} % are right."


def verdict(run: Run, limits: Limits = Limits()) -> str:  # noqa: B008 (frozen)
    """Return what ``glass check`` says of a run with some limits.

    Its limits are "at most": one parameter and one epoch less than "fewer than".
    """
    asked = check.Limits(
        None if limits.parameters is None else limits.parameters - 1,
        limits.no_linear,
        None if limits.epochs is None else limits.epochs - 1,
        None if limits.accuracy is None else 100 * limits.accuracy,
    )
    counted = check.Counted(run.test.correct, run.test.images, "" if run.test.looks else say_looks(run).rstrip("."))
    return check.as_text(check.report(network_of(run), asked, history(run), counted, [], 0))
