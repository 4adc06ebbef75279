"""Train one seed and write a folder: weights and card, report, logits, and a checkpoint until it is finished."""

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from model.errors import CheckpointError
from model.mistakes import scores
from model.mistakes.records import Scores
from model.networks.assignment import weights
from model.training import checkpoint, report
from model.training.images import Images, read_images
from model.training.loop import Run, train
from model.training.protocol import Plan
from model.training.report import Report
from model.training.trainer import uninitialised_network
from model.training.workers import Workers


def seed_folder(folder: Path, seed: int) -> Path:
    """Return the folder of one of several seeds.

    >>> seed_folder(Path("runs"), 3).as_posix()
    'runs/seed-03'
    """
    return folder / f"seed-{seed:02d}"


def run_seed(plan: Plan, seed: int, images: Images, folder: Path, resume: bool, workers: Workers) -> Report | None:
    """Train with one seed, evaluate, and write the result.

    Args:
        plan: Everything that decides the run except the seed.
        seed: The seed of everything random.
        images: The training images of the plan's network.
        folder: An existing folder to write to.
        resume: Whether to continue from the checkpoint in the folder; a finished run stays as it is.
        workers: The processes that share the work; only the first one writes.

    Returns:
        The report; None if the run was interrupted, and None in all processes but the first.

    Raises:
        CheckpointError: There is no checkpoint, or it belongs to another run.
        WorkerError: Another process ended.
    """
    identity = plan.identity(seed)
    if resume and not checkpoint.is_present(folder) and (found := _finished(folder, plan)):
        print(f"Seed {seed} is finished already, in '{folder}'.")
        return found
    resume_from = checkpoint.read(folder, identity) if resume else None
    training, validation = plan.rules.split(images)
    run = train(
        plan.recipe,
        training,
        validation,
        seed,
        id=plan.network,
        workers=workers,
        resume_from=resume_from,
        save=lambda progress: checkpoint.write(folder, progress, identity),
    )
    return _conclude(plan, seed, run, validation, folder) if workers.number == 0 else None


def _finished(folder: Path, plan: Plan) -> Report | None:
    """Return the report of a finished run with this plan in the folder, if there is one."""
    path = folder / report.NAME
    if not path.is_file():
        return None
    found = report.read(path)
    if found.recipe != plan.described or found.protocol["name"] != plan.protocol:
        raise CheckpointError(
            f"The finished run in '{folder}' has another recipe or protocol.",
            "All seeds must have the same recipe and protocol.",
            "Give another folder, or leave --resume out to start again.",
        )
    return found


def _conclude(plan: Plan, seed: int, run: Run, validation: Images | None, folder: Path) -> Report | None:
    """Write the weights; then, unless the run was interrupted, evaluate them and write the report."""
    if not run.epochs:
        print("\nInterrupted before the first epoch was finished: nothing is written.")
        return None
    kept = plan.rules.kept(run)
    finished = zip(run.epochs, run.states, strict=False)  # after an interrupt, the last weights may have no epoch
    states = {weights.epoch_name(epoch.number): state for epoch, state in finished}
    states = {weights.FINAL: states[weights.epoch_name(kept.number)], **states}
    for name in (report.NAME, scores.NAME):
        (folder / name).unlink(missing_ok=True)  # from an earlier run
    weights.write(folder, states, plan.card(seed, run, None))  # saved before the evaluation, which may fail
    words = f"Kept epoch {kept.number} of {len(run.epochs)}"
    if run.interrupted:
        print(f"\nInterrupted. {words}, in '{folder}'; the test images were not used. Continue with --resume.")
        return None
    judged = validation if validation is not None and not plan.rules.uses_test else _read_test(plan)
    digest = weights.read_card(folder)["sha256"][weights.FINAL]
    answers = _read_all(plan, states[weights.FINAL], judged, digest)
    found = plan.report(seed, run, _mistakes(answers), len(judged))
    accuracy = found.accuracies[seed]
    if plan.rules.uses_test:
        weights.write(folder, states, plan.card(seed, run, accuracy))
        scores.write(folder, answers)
    report.write(folder, found)
    checkpoint.remove(folder)
    print(f"{words}, {plan.rules.judged} accuracy {accuracy:.2%}, in '{folder}'.")
    return found


def _read_test(plan: Plan) -> Images:
    return read_images("test", plan.setting["device"], plan.network)


def _read_all(plan: Plan, state: Mapping[str, Tensor], images: Images, digest: str) -> Scores:
    network = uninitialised_network(plan.recipe, plan.network).to(images.x.device)
    network.load_state_dict(state)
    return scores.of_network(network, images, digest)


def _mistakes(answers: Scores) -> dict[int, int]:
    """Return the predicted class of each misclassified image, by its position."""
    wrong = (~answers.correct).nonzero()[0]
    return dict(zip(wrong.tolist(), answers.predicted[wrong].tolist(), strict=True))
