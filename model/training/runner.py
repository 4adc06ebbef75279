"""One seed from the images to a folder: weights and card, report, logits, and a checkpoint while it is unfinished."""

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from model.errors import CheckpointError
from model.mistakes import scores
from model.mistakes.records import Scores
from model.networks.assignment import weights
from model.training import checkpoint, report
from model.training.images import Images, read_images
from model.training.learner import blank
from model.training.loop import Run, train
from model.training.protocol import Plan
from model.training.report import Report
from model.training.workers import Workers


def seed_folder(folder: Path, seed: int) -> Path:
    """Return where, of several seeds, this one is.

    >>> seed_folder(Path("runs"), 3).as_posix()
    'runs/seed-03'
    """
    return folder / f"seed-{seed:02d}"


def run_seed(plan: Plan, seed: int, images: Images, folder: Path, resume: bool, workers: Workers) -> Report | None:
    """Train with one seed, judge it, and write what came of it.

    Args:
        plan: What decides the run, besides the seed.
        seed: Of everything random.
        images: MNIST's training images.
        folder: Where to write; it is there.
        resume: Whether to go on from the checkpoint in the folder; a finished run is left as it is.
        workers: Who shares the work; only the first of them writes.

    Returns:
        The report; None if the run was interrupted, or in another worker than the first.

    Raises:
        CheckpointError: There is nothing to go on from, or it is of another run.
        WorkerError: Another worker has ended.
    """
    told = plan.told(seed)
    if resume and not checkpoint.is_present(folder) and (found := _finished(folder, plan)):
        print(f"Seed {seed} is finished already, in '{folder}'.")
        return found
    after = checkpoint.read(folder, told) if resume else None
    training, validation = plan.rules.split(images)
    run = train(
        plan.recipe,
        training,
        validation,
        seed,
        workers=workers,
        after=after,
        keep=lambda progress: checkpoint.write(folder, progress, told),
    )
    return _conclude(plan, seed, run, validation, folder) if workers.number == 0 else None


def _finished(folder: Path, plan: Plan) -> Report | None:
    """Return the report of a finished run in the folder, if there is one of this plan."""
    path = folder / report.NAME
    if not path.is_file():
        return None
    found = report.read(path)
    if found.recipe != plan.described or found.protocol["name"] != plan.protocol:
        raise CheckpointError(
            f"The finished run in '{folder}' has another recipe or protocol.",
            "Only runs of one recipe and protocol belong together.",
            "Give another folder, or leave --resume out to start anew.",
        )
    return found


def _conclude(plan: Plan, seed: int, run: Run, validation: Images | None, folder: Path) -> Report | None:
    """Write the weights; then, unless it was interrupted, judge them and write that too."""
    if not run.epochs:
        print("\nInterrupted before the first epoch was finished: nothing was written.")
        return None
    kept = plan.rules.kept(run)
    finished = zip(run.epochs, run.states, strict=False)  # an interrupt may leave weights whose epoch was not noted
    states = {weights.epoch_name(epoch.number): state for epoch, state in finished}
    states = {weights.FINAL: states[weights.epoch_name(kept.number)], **states}
    for name in (report.NAME, scores.NAME):
        (folder / name).unlink(missing_ok=True)  # of an earlier run
    weights.write(folder, states, plan.card(seed, run, None))  # whatever comes now, the training is not lost
    words = f"Kept epoch {kept.number} of {len(run.epochs)}"
    if run.interrupted:
        print(f"\nInterrupted. {words}, in '{folder}'; the test images were not looked at. Go on with --resume.")
        return None
    judged = validation if validation is not None and not plan.rules.looks_at_test else _read_test(plan)
    digest = weights.read_card(folder)["sha256"][weights.FINAL]
    answers = _read_all(plan, states[weights.FINAL], judged, digest)
    found = plan.report(seed, run, _mistakes(answers), len(judged))
    accuracy = found.accuracies[seed]
    if plan.rules.looks_at_test:
        weights.write(folder, states, plan.card(seed, run, accuracy))
        scores.write(folder, answers)
    report.write(folder, found)
    checkpoint.remove(folder)
    print(f"{words}, {plan.rules.judged} accuracy {accuracy:.2%}, in '{folder}'.")
    return found


def _read_test(plan: Plan) -> Images:
    return read_images("test", plan.setting["device"])


def _read_all(plan: Plan, state: Mapping[str, Tensor], images: Images, digest: str) -> Scores:
    network = blank(plan.recipe).to(images.x.device)
    network.load_state_dict(state)
    return scores.of_network(network, images, digest)


def _mistakes(answers: Scores) -> dict[int, int]:
    """Return what is read in place of the label, by the position of the image."""
    wrong = (~answers.right).nonzero()[0]
    return dict(zip(wrong.tolist(), answers.read[wrong].tolist(), strict=True))
