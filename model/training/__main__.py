"""Train a network that comes along: ``python -m model.training``, or ``--network padded``.

A protocol decides which images are for training and which for evaluation; see ``model/training/protocol.py``. Every
protocol uses the test images once, at the end, or never. ``torchrun --nproc-per-node 2 -m model.training``
splits each batch between processes; with ``--seeds``, it splits the seeds instead.
"""

import argparse
import dataclasses
import os
import re
import sys
from pathlib import Path

import torch
from tqdm import tqdm

from model.errors import GlassError, InputError, WorkerError
from model.images import mnist
from model.networks.catalogue import ASSIGNMENT, BUILT_IN
from model.training import checkpoint, machine, report
from model.training.images import Images, read_images, reads_mnist
from model.training.protocol import PROTOCOLS, THREADS, Plan
from model.training.recipe import RECIPES, Recipe, changed
from model.training.runner import run_seed, seed_folder
from model.training.workers import Workers, joined, leave

_INTERRUPTED = 130  # the exit code of shells


def main(arguments: list[str] | None = None) -> None:
    """Train from the command line; write the weights with their card, and a report."""
    parser = argparse.ArgumentParser(prog="python -m model.training", description=main.__doc__)
    parser.add_argument("--network", choices=BUILT_IN, default=ASSIGNMENT, help="which one (default: assignment)")
    parser.add_argument("--recipe", choices=sorted(RECIPES), help="how to train (default: as the network is called)")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="change a choice of the recipe"
    )
    parser.add_argument("--protocol", choices=[*PROTOCOLS], default="best", help="which images it uses")
    parser.add_argument("--seed", type=int, default=1, help="initial weights, order of images, dropout (default 1)")
    parser.add_argument("--seeds", help="several seeds, such as 1-10 or 1,4,7, each in its own folder")
    parser.add_argument("--epochs", type=int, help="default: as in the recipe")
    parser.add_argument("--device", default="cpu", help="cpu, cuda or mps (default cpu)")
    parser.add_argument("--threads", type=int, help="of the CPU (default: the fastest, by measurement)")
    parser.add_argument("--out", type=Path, default=Path("runs/latest"), help="folder to write (default runs/latest)")
    parser.add_argument("--resume", action="store_true", help="continue from the checkpoint in that folder")
    options = parser.parse_args(arguments)
    options.recipe = options.recipe or options.network
    machine.keep_freed_memory()
    try:
        with joined(options.device) as workers:
            _main(options, workers)
    except WorkerError as error:
        there = [str(path) for path in sorted(options.out.rglob(checkpoint.NAME))]
        sys.exit(f"error: {error} " + (f"Checkpoints: {', '.join(there)}." if there else "No epoch is finished yet."))
    except GlassError as error:
        sys.exit(f"error: {error}")


def _main(options: argparse.Namespace, workers: Workers) -> None:
    recipe, seeds, device = _recipe(options), _seeds(options.seeds), _device(options.device)
    folders = {seed: seed_folder(options.out, seed) for seed in seeds} or {options.seed: options.out}
    for folder in folders.values():
        _check_folder(folder)
    if reads_mnist(options.network) and not mnist.is_present() and workers.number == 0:
        _download()
    workers.gather(None)  # no process reads before the images are there
    images = read_images("train", device, options.network)
    _set_threads(options, recipe, images, [*folders.values()], workers)
    if seeds:
        _run_seeds(options, recipe, images, folders, workers)
        return
    plan = Plan(options.recipe, recipe, options.protocol, report.setting(device, workers.count), options.network)
    found = run_seed(plan, options.seed, images, options.out, options.resume, workers)
    if found is None and workers.number == 0:
        sys.exit(_INTERRUPTED)


def _run_seeds(
    options: argparse.Namespace, recipe: Recipe, images: Images, folders: dict[int, Path], workers: Workers
) -> None:
    """Train every seed in its own folder and in one process, and write a report on all of them."""
    plan = Plan(options.recipe, recipe, options.protocol, report.setting(str(images.x.device), 1), options.network)
    reports = []
    for seed, folder in [*folders.items()][workers.number :: workers.count]:
        begun = checkpoint.is_present(folder) or (folder / report.NAME).is_file()
        reports.append(run_seed(plan, seed, images, folder, options.resume and begun, Workers()))
        if reports[-1] is None:
            sys.exit(_INTERRUPTED)
    found = [each for part in workers.gather(reports) for each in part]
    if workers.number == 0:
        together = report.join(found)
        report.write(options.out, together)
        print(f"{report.say(together)}, in '{options.out}'.")


def _seeds(text: str | None) -> list[int]:
    """Read seeds such as 1-10 or 1,4,7.

    >>> _seeds("1-3,7")
    [1, 2, 3, 7]
    """
    if text is None:
        return []
    parts = [re.fullmatch(r"(\d{1,4})(?:-(\d{1,4}))?", part.strip()) for part in text.split(",")]
    found = [seed for part in parts if part for seed in range(int(part[1]), int(part[2] or part[1]) + 1)]
    if not all(parts) or not found or len({*found}) < len(found):
        raise InputError(
            f"--seeds is '{text}'.", "It must look like 1-10 or 1,4,7, with no seed twice.", "Give other seeds."
        )
    return found


def _recipe(options: argparse.Namespace) -> Recipe:
    recipe = changed(RECIPES[options.recipe], options.set)
    for name in ("epochs", "threads"):
        value = getattr(options, name)
        if value is not None and value < 1:
            raise InputError(f"--{name} is {value}.", "It must be at least 1.", "Give another number.")
    if options.network != ASSIGNMENT and any(change.startswith("dropout=") for change in options.set):
        raise InputError(
            f"--set dropout does not go with --network {options.network}.",
            "Its author's code says what it drops.",
            "Leave it out.",
        )
    if not reads_mnist(options.network) and (recipe.affine or recipe.bend):
        raise InputError(
            f"--network {options.network} cannot train with distorted images.",
            "Distortions are for digits: what they move in is black.",
            "Add --set affine=None --set bend=0, or leave --recipe out.",
        )
    return recipe if options.epochs is None else dataclasses.replace(recipe, epochs=options.epochs)


def _set_threads(
    options: argparse.Namespace, recipe: Recipe, images: Images, folders: list[Path], workers: Workers
) -> None:
    """Use the requested number of threads, or that of the unfinished run, or a share of the cores, or measure."""
    unfinished = [folder for folder in folders if options.resume and checkpoint.is_present(folder)]
    if options.threads:
        torch.set_num_threads(options.threads)
    elif unfinished:
        torch.set_num_threads(int(checkpoint.read_identity(unfinished[0])[THREADS]))
    elif workers.count > 1:
        torch.set_num_threads(max(1, machine.candidates()[-1] // workers.count))
    elif images.x.device.type == "cpu":
        print(f"{machine.choose_threads(recipe, images, options.network)} threads: the fastest, by measurement.")


def _device(device: str) -> str:
    """Check that the device can be used. With several GPUs, each process takes its own."""
    if device == "cuda" and "LOCAL_RANK" in os.environ:
        device = f"cuda:{os.environ['LOCAL_RANK']}"
    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise InputError(
            f"--device {device} cannot be used here ({error}).", "cpu always works.", "Give another device."
        ) from error
    return device


def _check_folder(folder: Path) -> None:
    """Check before the training that its result can be written."""
    probe = folder / f".probe-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise InputError(
            f"--out {folder} cannot be written ({error.strerror}).", "It must be a folder.", "Give another one."
        ) from error


def _download() -> None:
    with tqdm(total=100, desc="downloading MNIST", unit="%") as bar:

        def advance(share: float) -> None:
            bar.update(round(share * 100) - bar.n)

        mnist.download(advance)


if __name__ == "__main__":
    main()
    leave()
