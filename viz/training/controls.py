"""The training page's parts and controls; what they choose lives in the link."""

from collections.abc import Mapping, Sequence
from functools import partial

import streamlit as st

from model.errors import GlassError
from model.images.records import Digit
from model.networks.assignment import logged_run
from model.records import Numbers
from model.trace.records import Trace
from model.training import alterations
from model.training import seeds as studies
from model.training import snapshots as formation
from model.training.records import Choosing, Extent, Spread, Study
from model.training.report import DISPUTED
from viz.app import address, components, tables, widgets
from viz.app.charts import chart
from viz.app.error_boundary import or_say_why
from viz.app.markdown import plain
from viz.mistakes import cache as mistakes_cache
from viz.pictures.panels import tabled
from viz.training import cache, figures, origin, seeds
from viz.training import recipes as parts
from viz.training import snapshots as forming
from viz.training.figures import Curves

VIEW, EPOCH = "train_view", "epoch"
ALLOWED = {EPOCH: widgets.whole_number}
VIEWS = {"curves": "Curves", "epochs": "Epoch by epoch", "recipe": "The recipe", "live": "Train it yourself"}
RECIPES = ("glass", "assignment")
_IMAGES = 60_000  # that the final runs learn from


def reports(protocol: str) -> dict[str, Study]:
    """Return the reports of both recipes under a protocol; say of each that is not there or broken that it is so."""
    names = {recipe: f"{recipe}-{protocol}" for recipe in RECIPES}
    missing = [name for name in names.values() if not cache.has_study(name)]
    if missing:
        files = " and ".join(f"'model/training/reports/{name}.json'" for name in missing)
        st.info(plain(f"What {files} would measure is left out here: not there yet."))
    found = {}
    for recipe, name in names.items():
        if name in missing:
            continue
        try:
            found[recipe] = cache.study(name)
        except GlassError as error:
            st.warning(plain(f"{error} What it measures is left out here."))
    return found


def accuracy(searched: Mapping[str, Study]) -> None:
    """Show the accuracy after each epoch."""
    bands, logged = _bands(searched, "held_out"), logged_run.logged_run()
    drawn = figures.accuracy(bands, logged, logged_run.BAR)
    words = figures.say_accuracy(bands, logged, logged_run.BAR)
    chart(drawn, "accuracy-by-epoch", words, _curves(searched, "accuracy"))


def losses(searched: Mapping[str, Study]) -> None:
    """Show the loss of each epoch."""
    trained, held_out = _bands(searched, "training_loss"), _bands(searched, "validation_loss")
    logged = logged_run.logged_run()
    drawn = figures.loss(trained, held_out, logged)
    chart(drawn, "loss-by-epoch", figures.say_loss(trained, held_out, logged), _curves(searched, "loss"))


def flattery(final: Mapping[str, Study]) -> None:
    """Show every seed's test accuracy beside the peak that was reported."""
    logged = logged_run.logged_run()
    found = {name: (each.seeds, studies.spread(each.accuracies)) for name, each in final.items()}
    drawn = seeds.strip(found, logged, logged_run.BAR)
    said = [figures.say_flattery(logged, studies.spread(logged.accuracies[logged.around]))]
    if final:
        said.append(seeds.say_strip(found, logged_run.BAR))
        said.append(seeds.say_protocol(next(iter(final.values()))))
    card = or_say_why(mistakes_cache.weights_card) or {}
    said.append(f"**The app's own weights.** {origin.say_seed(card)}")
    alone = partial(figures.curve_columns, [], logged, "accuracy")
    numbers = (
        _table("Every seed", partial(seeds.value_columns, [*final.values()]))
        if final
        else _table("The logged run", alone)
    )
    chart(drawn, "every-seed", "\n\n".join(said), numbers)


def choosing(searched: Mapping[str, Study]) -> None:
    """Show what choosing the best epoch would have brought."""
    found: dict[str, tuple[Sequence[int], Choosing]] = {
        name: (each.seeds, studies.choosing(each.held_out)) for name, each in searched.items() if each.held_out.size
    }
    if not found:
        st.write("This needs the held-out accuracy of every epoch.")
    else:
        st.write(figures.say_choosing({name: each for name, (_, each) in found.items()}))
        _table("Best and last epoch", partial(figures.choosing_columns, found)).show()


def chance(final: Mapping[str, Study]) -> None:
    """Show the paired test between both recipes."""
    if len(final) < len(RECIPES):
        st.write("The paired test needs the results of both recipes.")
        return
    try:
        found = cache.paired(*(f"{recipe}-final" for recipe in RECIPES))
    except GlassError as error:
        st.warning(plain(str(error)))
        return
    both = _table("Both tests", partial(seeds.paired_columns, found))
    chart(seeds.paired(found), "right-by-one-alone", seeds.say_paired(found), both)


def disputed(final: Mapping[str, Study]) -> None:
    """Show accuracy with and without the disputed labels."""
    tested = [each for each in final.values() if each.undisputed.size]
    st.write(seeds.say_disputed(len(DISPUTED)))
    if tested:
        spreads: dict[str, tuple[Spread, Spread]] = {
            each.name: (studies.spread(each.accuracies), studies.spread(each.undisputed)) for each in tested
        }
        columns = seeds.disputed_columns(tested, spreads)
        st.html(parts.wordy(columns, "With and without the disputed labels"))
        tables.offer_columns("Download as CSV", columns, "disputed-labels.csv")


def forming_block(digit: Digit, trace: Trace) -> None:
    """Let the person choose a block, a map and an epoch, and show the block after each epoch."""
    left, middle, right = st.columns([11, 4, 10], vertical_alignment="bottom", gap="medium")
    with left:
        row = widgets.step(trace, formation.rows(trace)).name
    found = or_say_why(lambda: cache.block_through_epochs(digit, row))
    if found is None:
        return
    with middle:
        channel = widgets.channel(found.maps.shape[1])
    with right:
        shared = widgets.shared_scale()
    numbers = [str(epoch) for epoch in found.epochs]
    epoch = int(address.read_one_of(EPOCH, numbers, numbers[-1]))
    panels = [*cache.kernel_panels(found, channel, shared=shared), *forming.maps(found, channel, shared=shared)]
    frames = forming.frames(found, channel, epoch, panels)
    widgets.figure(
        lambda: components.formation(frames, lambda chosen: address.write(**{EPOCH: str(chosen)})),
        forming.say(found, channel, shared=shared),
        tables.columns_file("Download every number as CSV", partial(forming.number_columns, found), f"{row}-epochs"),
    )
    st.caption(origin.say(mistakes_cache.weights_card()))
    st.header("What is read after each epoch")
    st.html(tabled(forming.probability_columns(found), "What is read after each epoch"))
    st.caption("Probabilities below 0.5\xa0% are left blank.")


def schedule() -> None:
    """Show the learning rate over a run of both recipes."""
    found: dict[str, tuple[Numbers, Numbers]] = cache.rates(RECIPES, _IMAGES)
    rates = _table("The learning rates", partial(parts.schedule_columns, found))
    chart(parts.schedule(found), "learning-rate", parts.say_schedule(found), rates)


def recipe_in_words() -> None:
    """Show what our recipe does differently from the assignment's, and whether the results were measured with it."""
    theirs, ours = alterations.choices("assignment"), alterations.choices("glass")
    found = alterations.alterations(theirs, ours)
    drawn = parts.wordy(parts.choice_columns(found), "What our recipe does differently")
    choices = tables.columns_file("Download the choices as CSV", partial(parts.choice_columns, found), "recipe")
    widgets.figure(drawn, parts.say_same(ours, found), choices)
    for name in ("glass-final", "glass-search"):
        if _is_of_another_recipe(name, ours):
            st.warning(
                plain(f"'model/training/reports/{name}.json' was measured with another recipe than the one shown here.")
            )


def _is_of_another_recipe(name: str, ours: Mapping[str, object]) -> bool:
    try:
        return cache.has_study(name) and bool(alterations.alterations(ours, cache.study(name).recipe))
    except GlassError:
        return False  # said where it is read


def search() -> None:
    """Show what each part of the recipe is worth, and the search's log."""
    if "glass" not in (found := reports("search")):
        st.write("What each part is worth is measured against our recipe, so it needs those results.")
        return
    base = found["glass"]
    trials, problems = cache.trials("glass-search")
    for problem in problems:
        st.warning(plain(f"{problem} This trial is left out."))
    alone = parts.parts(trials)
    if alone:
        worth = _table("The differences", partial(parts.trial_columns, alone, base))
        chart(parts.worth(alone), "worth-of-each-part", parts.say_worth(alone, base), worth)
    else:
        st.info("'model/training/reports/search' holds no trial yet that changes one choice alone.")
    if trials:
        st.header("The search's log")
        st.write(f"Every trial that was kept, judged on the same {base.images:,} held-out images at its last epoch.")
        columns = parts.trial_columns(trials, base)
        st.html(parts.wordy(columns, "The search's log"))
        tables.offer_columns("Download the log as CSV", columns, "search.csv")


def _bands(found: Mapping[str, Study], what: str) -> dict[str, Extent]:
    curves = {name: getattr(each, what) for name, each in found.items()}
    return {name: studies.extent(each) for name, each in curves.items() if each.size}


def _curves(searched: Mapping[str, Study], what: Curves) -> tables.Folded:
    """Return every seed's curves of one kind, and the logged run's, as a table."""
    columns = partial(figures.curve_columns, [*searched.values()], logged_run.logged_run(), what)
    return _table(f"Every {what} curve", columns)


def _table(name: str, columns: tables.Columns) -> tables.Folded:
    return tables.Folded(name, columns, title=name, key=f"table-{name}")
