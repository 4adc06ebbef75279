"""What a finished run gives: a network that opens on every page, and the test images when one asks."""

from pathlib import Path

import torch

from model.design import build
from model.design.runs import kept
from model.design.runs.pictures import pictures_to_judge
from model.design.runs.records import Run
from model.design.text import read
from model.errors import InputError
from model.graph.code.write import weights_of
from model.graph.module import NetworkModule
from model.kept_files import hash_of
from model.networks.records import Network
from model.networks.written import bytes_of_network
from model.training.images import Source, judge


def network_of(run: Run) -> Network:
    """Return the network of a run, with its history.

    Raises:
        InputError: The run was read without its weights.
    """
    design, progress = read(run.progress.choices.design), run.progress
    if not run.weights:
        raise InputError("The run has no weights here.", "Its file has them.", "Read it with its weights.")
    graph, tensors = build.graph_of(design)
    module = NetworkModule(graph, {key: torch.from_numpy(run.weights[key].copy()) for key in tensors}).eval()
    choices = progress.choices
    share = f"{100 * (progress.accuracy or 0):.2f} % of {progress.held_out:,} held-out images"
    how = f"Trained here for {choices.steps:,} steps by the recipe '{choices.recipe}', seed {choices.seed}: {share}."
    title = f"Design with {graph.used:,} parameters, seed {choices.seed}"
    spec, classes = build.input_of(design), build.classes_of(design)
    return Network("", title, graph, module, spec, classes, (how,), tuple(history(run)))


def file_of(run: Run) -> bytes:
    """Return the network of a run as a file; wherever it is opened, looks at the test images count for the run.

    Raises:
        InputError: The run was read without its weights.
    """
    data = bytes_of_network(network_of(run))
    kept.note_network(hash_of(data), run.id)
    return data


def history(run: Run) -> list[dict[str, float]]:
    """Return a row for each epoch; a run of one epoch or less has one row."""
    progress = run.progress
    marks = progress.marks if progress.choices.epochs > 1 else progress.marks[-1:]
    return [
        {
            "epoch": float(number),
            "training loss": mark.training_loss,
            "held-out accuracy": mark.correct / progress.held_out,
            "held-out loss": mark.loss,
        }
        for number, mark in enumerate(marks, 1)
    ]


def look_at_test_images(id: str, place: Path | None = None, images: Source | None = None) -> Run:
    """Judge a run by the test images, and count that somebody asked; no choice may depend on it.

    Raises:
        DataError: MNIST is missing or damaged.
        InputError: The run is not here any more.
    """
    run = kept.read(id, place)
    given = images or pictures_to_judge(read(run.progress.choices.design))
    return kept.count_look(id, judge(network_of(run).module, given).correct, len(given), place)


def weights_by_name(run: Run) -> dict[str, torch.Tensor]:
    """Return the weights of a run by the names of the exported class."""
    module = network_of(run).module
    assert isinstance(module, NetworkModule)  # noqa: S101 (it is made above)
    return weights_of(module)
