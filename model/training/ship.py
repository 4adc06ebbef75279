"""Put a trained network into the project: ``python -m model.training.ship padded RUN``.

RUN is a folder written by ``python -m model.training --network padded --protocol best``, or by ``--protocol final``
with several seeds, of which the median is shipped. The network's own folder then holds its file, its card, and a
snapshot of each epoch if these are small. The assignment's network, whose recipe is compared with another, has
``model.training.publish``.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

from safetensors.torch import load as parse
from torch import Tensor

from model.errors import GlassError, InputError
from model.graph.capture import save
from model.kept_files import hash_of
from model.networks.assignment import weights
from model.networks.authors import author_network
from model.networks.built_in import card_folder, history
from model.networks.catalogue import ASSIGNMENT, BUILT_IN, CATALOGUE
from model.networks.file import bytes_of
from model.training import report
from model.training.images import HELD_OUT
from model.training.report import Report
from model.training.runner import seed_folder

_PROTOCOLS = ("best", "final")
_MOST = 2_000_000  # bytes of all snapshots; without them the network is shipped as it is after training


def ship(id: str, run: Path, shipped: Path | None = None) -> Path:
    """Write the file of a trained network, its card, and its snapshots.

    Args:
        id: One of ``BUILT_IN`` but the assignment's.
        run: The folder of a finished run.
        shipped: The folder to write; by default that of the network.

    Returns:
        The network's file.

    Raises:
        InputError: The run is of another network or protocol.
        WeightsError: Its weights are missing or damaged.
    """
    found = report.read(run / report.NAME)
    if found.recipe.get("network") != id or found.protocol["name"] not in _PROTOCOLS:
        raise InputError(
            f"The run in '{run}' is of the network '{found.recipe.get('network')}', protocol "
            f"'{found.protocol['name']}'.",
            f"It must be of '{id}', protocol {' or '.join(_PROTOCOLS)}.",
            f"Train with --network {id} --protocol {_PROTOCOLS[0]}.",
        )
    several = len(found.results) > 1
    chosen = next(each for each in found.results if each.seed == found.median_seed)
    run = seed_folder(run, chosen.seed) if several else run
    entry, folder, states = CATALOGUE[id], shipped or card_folder(id), _states(run)
    card = weights.read_card(run) | {"test_images": found.images} | (_seeds(found) if several else {})
    if any(each["validation_correct"] is not None for each in card["epochs"]):
        card["held_out_images"] = HELD_OUT
    author = author_network(id).eval()
    author.load_state_dict(states.pop(weights.FINAL))
    path, image = folder / f"{id}.glass", entry.input
    folder.mkdir(parents=True, exist_ok=True)
    past = history(card)
    save(
        author,
        path,
        image.shape,
        title=entry.title,
        classes=entry.classes,
        mean=image.mean,
        std=image.std,
        history=past,
    )
    kept = states if sum(map(_size, states.values())) < _MOST else {}
    described = {"network": id, "teaches": entry.teaches, "file": hash_of(bytes_of(path)), **card}
    weights.write(folder, kept, described | {"mistakes": chosen.mistakes})
    return path


def _seeds(found: Report) -> dict[str, Any]:
    """Return the results of all seeds, in the form of the card."""
    accuracy = report.summary(found.accuracies)
    of_recipe = {"median_seed": found.median_seed, "test_accuracy": accuracy, "seconds_an_epoch": found.seconds}
    return {"seeds": {"chosen": "the median seed by test accuracy, not the best one", found.recipe["name"]: of_recipe}}


def _states(run: Path) -> dict[str, dict[str, Tensor]]:
    return {name: parse(weights.read_bytes(run, name)) for name in weights.read_card(run)["sha256"]}


def _size(state: dict[str, Tensor]) -> int:
    return sum(tensor.nbytes for tensor in state.values())


def main(arguments: list[str] | None = None) -> None:
    """Put a trained network into the project."""
    parser = argparse.ArgumentParser(prog="python -m model.training.ship", description=main.__doc__)
    parser.add_argument("network", choices=[id for id in BUILT_IN if id != ASSIGNMENT], help="which one")
    parser.add_argument("run", type=Path, help="the folder of its run")
    options = parser.parse_args(arguments)
    try:
        path = ship(options.network, options.run)
    except GlassError as error:
        sys.exit(f"error: {error}")
    print(f"{path}, {path.stat().st_size:,} bytes.")


if __name__ == "__main__":
    main()
