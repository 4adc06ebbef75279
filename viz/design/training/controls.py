"""Train a design: choices, start, pause and cancel; the curves of a run; and the runs that are kept."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import streamlit as st

from model.design import text
from model.design.records import Assessment, Design
from model.design.runs import kept
from model.design.runs.choices import LENGTHS, OFFERED, allows_long, choose, kind_of_pictures
from model.design.runs.export import as_readme, as_zip, verdict
from model.design.runs.records import Length, RunChoices, RunProgress, RunStatus
from model.design.runs.results import file_of, look_at_test_images
from model.errors import InputError
from model.images import mnist
from model.networks.limits import OWN
from model.training.live.pictures import MNIST
from viz.app import address, components, mnist_picker, projector, tables, widgets
from viz.app.charts import mount
from viz.app.error_boundary import or_say, or_show_error
from viz.app.markdown import escape_markdown
from viz.app.queued_cache import turn
from viz.design import cache, controls
from viz.design.inside import controls as inside
from viz.design.limits import controls as limits
from viz.design.sweep import controls as sweep
from viz.design.training import figures
from viz.open import controls as opening
from viz.training.live import cache as live

_STARTED = "the ids of the runs that this person has started"
_REFUSAL = "why a run was refused"
_LENGTH, _RECIPE, _RATE, _SEED = "run_length", "run_recipe", "run_rate", "run_seed"
_OWN = "own"
_RATES = {_OWN: "as in the recipe", **{rate: rate for rate in ("0.003", "0.01", "0.03", "0.1", "0.3")}}
_TITLES = {"short": "Short: 300 steps", "epoch": "One epoch", "full": "Full: 19 epochs"}
_RECIPES = {"glass": "Ours", "assignment": "The assignment's"}
_SEEDS = [str(seed) for seed in range(1, 21)]
_OFTEN, _EACH = 0.6, 0.06  # seconds between two updates: the minimum, and more for each person who watches
_MOST, _BESIDE = 40, 5  # runs in the table, and in the charts beside the one that is shown
ALLOWED: dict[str, address.Allowed] = {
    _LENGTH: LENGTHS,
    _RECIPE: OFFERED,
    _RATE: _RATES,
    _SEED: _SEEDS,
    **sweep.ALLOWED,
}


def show(design: Design, found: Assessment) -> None:
    """Let the user train a design, and show its run and all that are kept."""
    if not controls.is_network(found):
        return
    kind = or_say(lambda: kind_of_pictures(design))
    if kind == MNIST and not mnist.is_present():
        mnist_picker.offer_download("design-training")
        kind = None
    if kind is not None:
        _run(design)
    _table(_kept(design))  # after the stage: the run that it says is done is among them


def _run(design: Design) -> None:
    choices = _choose(design)
    if choices is None:
        return
    status = live.training_queue().status(controls.trainer(), choices)
    if status is not None and controls.is_gone(status):
        st.info("The run that was trained here is not kept any more. Train the design again.")
        status = None
    others = figures.named([each for each in _kept(design) if each[0].progress.choices != choices][:_BESIDE])
    with projector.stage():
        if status is not None and status.under_way:
            often = max(_OFTEN, _EACH * live.training_queue().watchers())
            st.fragment(_watch, run_every=often)(choices, others)
        else:
            _stage(choices, status, others)
    if kept.is_kept(choices):
        _result(design, choices)
    compare = partial(sweep.show, design, choices.recipe, choices.length, long=_allows_long())
    widgets.folded("A small sweep: several sizes, several seeds", compare)


def _choose(design: Design) -> RunChoices | None:
    """Let the user choose how it is trained; None, with a sentence, where that is not possible."""
    long = _allows_long()
    lengths = {name: title for name, title in _TITLES.items() if long or name != "full"}
    with projector.controls():
        first, second, third, fourth = st.columns([9, 5, 5, 3], vertical_alignment="bottom")
        with first:
            length = widgets.segments("How long", _LENGTH, lengths)
        with second:
            recipe = address.bind(st.selectbox, "Recipe", _RECIPE, _RECIPES, OFFERED[0])
        with third:
            rate = address.bind(st.selectbox, "Learning rate", _RATE, _RATES, _OWN)
        with fourth:
            seed = address.bind(st.selectbox, "Seed", _SEED, _SEEDS, _SEEDS[0])
    changes = () if rate == _OWN else (f"learning_rate={rate}",)
    return or_say(lambda: choose(design, recipe, changes, _length(length), seed=int(seed), long=long))


def _allows_long() -> bool:
    return allows_long(opening.limits() is OWN)


def _length(name: str) -> Length:
    (found,) = (each for each in LENGTHS if each == name)
    return found


def _watch(choices: RunChoices, others: Mapping[str, RunProgress]) -> None:
    """Show a run that waits or goes on; when it ends, run the whole page again."""
    status = live.training_queue().status(controls.trainer(), choices)
    if status is None or not status.under_way:
        st.rerun()
    _stage(choices, status, others)


def _stage(choices: RunChoices, status: RunStatus | None, others: Mapping[str, RunProgress]) -> None:
    """Show the state of a run, its buttons and its curves, beside those of others."""
    known = or_say(lambda: kept.read(kept.id_of(choices), weights=False)) if kept.is_kept(choices) else None
    finished = known.progress if known else None
    run = finished or (status.run if status else None)
    share, said = figures.say_status(status, choices)
    with st.container(horizontal=True, vertical_alignment="center", key="run-buttons"):
        _buttons(choices, status, is_kept=finished is not None)
        if finished is None:
            st.progress(share, said)
        else:
            st.write(f"Trained: {figures.say_choices(choices)}, in {finished.seconds:.0f} s.")
    if status is not None and status.problem:
        st.error(escape_markdown(status.problem))
    if run is None:
        st.write("The loss of the training images and the accuracy on the held-out images appear here.")
        return
    left, right = st.columns(2, gap="medium")
    with left:
        mount(figures.losses(run, others), "run-losses", f"Training loss. {figures.say_result(run)}")
    with right:
        mount(figures.accuracies(run, others), "run-accuracies", f"Held-out accuracy. {figures.say_result(run)}")
    st.write(figures.say_result(run, len(others)))
    if finished is not None:
        tables.expandable_table("The course of the run", partial(figures.curve_columns, run), key="run-numbers")


def _buttons(choices: RunChoices, status: RunStatus | None, *, is_kept: bool) -> None:
    queue, stage = live.training_queue(), status.stage if status else ""
    under_way = stage in {"waiting", "running"}

    def act(do: Callable[[str, RunChoices], object]) -> Callable[[], None]:
        def pressed() -> None:
            try:
                do(controls.trainer(), choices)
            except InputError as error:
                st.session_state[_REFUSAL] = str(error)

        return pressed

    def start(who: str, what: RunChoices) -> None:
        st.session_state.setdefault(_STARTED, []).append(kept.id_of(what))
        queue.start(who, what)

    if stage == "paused":
        st.button("Resume", type="primary", on_click=act(queue.resume))
    else:
        st.button("Train", type="primary", disabled=under_way or is_kept, on_click=act(start))
        st.button("Pause", disabled=not under_way, on_click=act(queue.pause))
    st.button("Cancel", disabled=not (under_way or stage == "paused"), on_click=act(queue.cancel))
    if refusal := st.session_state.pop(_REFUSAL, ""):
        st.error(escape_markdown(refusal))


def _kept(design: Design) -> Sequence[cache.Known]:
    """Return the runs that are kept, the newest first.

    On one's own machine these are all; on others those that this person has started, and those of the design: a link
    to it, or a reload, shows them again.
    """
    mine, shown = st.session_state.get(_STARTED, ()), text.write(design)
    return [
        (run, parameters)
        for run, parameters in cache.runs()
        if opening.limits() is OWN or run.id in mine or run.progress.choices.design == shown
    ][:_MOST]


def known(design: Design) -> tuple[int | None, float | None]:
    """Return the epochs and the accuracy of the latest run of a design; None where there is none.

    The accuracy is on the test images if somebody looked at them, else on the held-out images.
    """
    for run, _ in _kept(design):
        if run.progress.choices.design == text.write(design):
            tested = run.test.accuracy
            return run.progress.choices.epochs, run.progress.accuracy if tested is None else tested
    return None, None


def _result(design: Design, choices: RunChoices) -> None:
    """Open a finished run on every page, look at the test images, or take it away."""
    run = kept.read(kept.id_of(choices))
    with st.container(horizontal=True, vertical_alignment="center"):
        opened = st.button("Open it on every page", type="primary")
        looked = st.button("Look at the test images")
        for label, make, name, kind in (
            ("Class and weights (zip)", as_zip, "design.zip", "application/zip"),
            ("Network (.glass)", file_of, "design.glass", "application/zip"),
            ("For a README", as_readme, "design.md", "text/markdown"),
        ):
            st.download_button(label, partial(make, run), name, kind, type="tertiary", on_click="ignore")
    if opened:
        inside.open_network(partial(file_of, run), design)
    inside.link_to_pages(design)
    if looked:
        with st.spinner("Classifying the test images"), turn():
            run = or_show_error(lambda: look_at_test_images(run.id)) or run
    st.write(figures.say_test(run))
    asked = limits.current()
    widgets.folded("What glass check says", lambda: st.code(verdict(run, asked), language=None, wrap_lines=True))


def _table(known: Sequence[cache.Known]) -> None:
    """Show the runs that are kept; each leads to its own curves."""
    if not known:
        return
    st.header("Runs")
    runs, counts = zip(*known, strict=True)
    st.html(figures.table(runs, counts, _link))
    tables.offer_columns("Download the runs as CSV", lambda: figures.columns(runs, counts), "runs.csv")
    components.follow_links(".st-key-stage", address.follow)


def _link(choices: RunChoices) -> str:
    """Return the address that shows a run, with its design and its choices."""
    rate = choices.changes[0].partition("=")[2] if choices.changes else _OWN
    chosen = {_LENGTH: choices.length, _RECIPE: choices.recipe, _RATE: rate, _SEED: str(choices.seed)}
    return address.address("design", design=controls.link(text.read(choices.design)), **chosen)
