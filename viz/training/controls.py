"""Parts and controls of the training page. The address holds the choices."""

from collections.abc import Mapping, Sequence
from functools import partial

import streamlit as st

from model.errors import GlassError
from model.images.records import Digit
from model.networks.assignment import logged_run
from model.records import Numbers
from model.trace.records import Trace
from model.training import recipe_changes
from model.training.live.fresh import Suited
from model.training.records import BestEpochs, CurveBand, RecipeResult, Spread
from model.training.report import DISPUTED
from model.training.seeds import best_epochs, curve_band, spread
from model.training.snapshots import block_rows
from viz.app import address, components, current, projector, tables, widgets
from viz.app import shared as shared_by_all
from viz.app.charts import chart
from viz.app.error_boundary import or_show_error
from viz.app.markdown import escape_markdown
from viz.mistakes import cache as mistakes_cache
from viz.pictures.panels import tabled
from viz.training import cache, figures, history, origin, seeds, snapshots
from viz.training import recipes as parts
from viz.training.figures import Curves
from viz.training.live import cache as live

PAGE, VIEW, EPOCH = "training", "train_view", "epoch"
_SEE_ASSIGNMENT = "See how the assignment's network was trained"
ALLOWED = {EPOCH: widgets.whole_number}
VIEWS = {"curves": "Curves", "epochs": "Epoch by epoch", "recipe": "The recipe", "live": "Train it yourself"}
RECIPES = ("glass", "assignment")
_IMAGES = 60_000  # training images of the final runs


def reports(protocol: str) -> dict[str, RecipeResult]:
    """Return the reports of both recipes under a protocol; show a message for each missing or damaged one."""
    names = {recipe: f"{recipe}-{protocol}" for recipe in RECIPES}
    missing = [name for name in names.values() if not cache.has_result(name)]
    if missing:
        files = " and ".join(f"'model/training/reports/{name}.json'" for name in missing)
        st.info(escape_markdown(f"The results in {files} are left out here: the files do not exist yet."))
    found = {}
    for recipe, name in names.items():
        if name in missing:
            continue
        try:
            found[recipe] = cache.result(name)
        except GlassError as error:
            st.warning(escape_markdown(f"{error} Its results are left out here."))
    return found


def accuracy(searched: Mapping[str, RecipeResult]) -> None:
    """Show the accuracy after each epoch."""
    bands, logged = _bands(searched, "held_out"), logged_run.logged_run()
    goal = logged_run.REQUIRED_ACCURACY
    drawn, words = figures.accuracy(bands, logged, goal), figures.say_accuracy(bands, logged, goal)
    chart(drawn, "accuracy-by-epoch", words, _curves(searched, "accuracy"))


def losses(searched: Mapping[str, RecipeResult]) -> None:
    """Show the loss of each epoch."""
    trained, held_out = _bands(searched, "training_loss"), _bands(searched, "validation_loss")
    logged = logged_run.logged_run()
    drawn = figures.loss(trained, held_out, logged)
    chart(drawn, "loss-by-epoch", figures.say_loss(trained, held_out, logged), _curves(searched, "loss"))


def peak(final: Mapping[str, RecipeResult]) -> None:
    """Show every seed's test accuracy and the reported peak."""
    logged = logged_run.logged_run()
    found = {name: (each.seeds, spread(each.accuracies)) for name, each in final.items()}
    drawn = seeds.strip(found, logged, logged_run.REQUIRED_ACCURACY)
    said = [figures.say_peak(logged, spread(logged.accuracies[logged.around]))]
    if final:
        said.append(seeds.say_strip(found, logged_run.REQUIRED_ACCURACY))
        said.append(seeds.say_protocol(next(iter(final.values()))))
    card = or_show_error(mistakes_cache.weights_card) or {}
    said.append(f"**The app's own weights.** {origin.say_seed(card)}")
    alone = partial(figures.curve_columns, [], logged, "accuracy")
    numbers = (
        _table("Every seed", partial(seeds.value_columns, [*final.values()]))
        if final
        else _table("The logged run", alone)
    )
    chart(drawn, "every-seed", "\n\n".join(said), numbers)


def best_and_last_epoch(searched: Mapping[str, RecipeResult]) -> None:
    """Show the gain from choosing the best epoch."""
    found: dict[str, tuple[Sequence[int], BestEpochs]] = {
        name: (each.seeds, best_epochs(each.held_out)) for name, each in searched.items() if each.held_out.size
    }
    if not found:
        st.write("This part needs the held-out accuracy of every epoch.")
    else:
        st.write(figures.say_best_epochs({name: each for name, (_, each) in found.items()}))
        _table("Best and last epoch", partial(figures.best_epoch_columns, found)).show()


def paired_test(final: Mapping[str, RecipeResult]) -> None:
    """Show the paired test between both recipes."""
    if len(final) < len(RECIPES):
        st.write("The paired test needs the results of both recipes.")
        return
    try:
        found = cache.paired_test(*(f"{recipe}-final" for recipe in RECIPES))
    except GlassError as error:
        st.warning(escape_markdown(str(error)))
        return
    both = _table("Both tests", partial(seeds.paired_columns, found))
    chart(seeds.paired(found), "right-by-one-alone", seeds.say_paired(found), both)


def disputed(final: Mapping[str, RecipeResult]) -> None:
    """Show the accuracy with and without the disputed labels."""
    tested = [each for each in final.values() if each.undisputed.size]
    st.write(seeds.say_disputed(len(DISPUTED)))
    if tested:
        spreads: dict[str, tuple[Spread, Spread]] = {
            each.name: (spread(each.accuracies), spread(each.undisputed)) for each in tested
        }
        columns = seeds.disputed_columns(tested, spreads)
        st.html(parts.text_table(columns, "With and without the disputed labels"))
        tables.offer_columns("Download as CSV", columns, "disputed-labels.csv")


def block_after_each_epoch(digit: Digit, trace: Trace) -> None:
    """Let the user choose a block, a map and an epoch, and show the block after each epoch."""
    if not cache.has_snapshots():
        widgets.dead_end(
            "The network was not kept after each epoch of its training: a file holds its last weights alone.",
            PAGE,
            "See the assignment's network after each epoch",
        )
        return
    with projector.controls():
        left, middle, right = st.columns([11, 4, 10], vertical_alignment="bottom", gap="medium")
    with left:
        row = widgets.step(trace, block_rows(trace)).name
    found = or_show_error(lambda: cache.block_through_epochs(digit, row))
    if found is None:
        return
    with middle:
        channel = widgets.channel(found.maps.shape[1])
    with right:
        shared = widgets.shared_scale()
    numbers = [str(epoch) for epoch in found.epochs]
    epoch = int(address.read_one_of(EPOCH, numbers, numbers[-1]))
    panels = [*cache.kernel_panels(found, channel, one_scale=shared), *snapshots.maps(found, channel, shared=shared)]
    frames = snapshots.frames(found, channel, epoch, panels)
    columns = partial(snapshots.number_columns, found)
    with projector.stage():
        widgets.figure(
            lambda: components.epoch_player(frames, lambda chosen: address.write(**{EPOCH: str(chosen)})),
            snapshots.say(found, channel, shared=shared),
            tables.columns_file("Download every number as CSV", columns, f"{row}-epochs"),
        )
    st.caption(origin.say(cache.card()))
    st.header("Predictions after each epoch")
    st.html(tabled(snapshots.probability_columns(found), "Predictions after each epoch"))
    st.caption("Probabilities below 0.5\xa0% are left blank.")


def kept_history() -> None:
    """Show the numbers of each epoch that the network's author kept."""
    kept = shared_by_all.network().history
    if not kept:
        widgets.dead_end(
            "The file of this network holds no history of its training. To bring one along, save the network again "
            "with capture.save(..., history=...): for each epoch a dict of numbers, such as {'loss': 0.31}.",
            PAGE,
            _SEE_ASSIGNMENT,
        )
        return
    for number, (kind, names) in enumerate(history.kinds(kept).items(), start=1):
        words, columns = history.say(kept, names, kind), partial(history.columns, kept, names)
        table = tables.ExpandableTable(kind, columns, title="The numbers", key=f"history-table-{number}")
        chart(history.curves(kept, names, kind), f"history-{number}", words, table)
    st.caption("As the network's file says; the app has not measured it.")


def card() -> None:
    """Show how the network was trained and tested, as its card says."""
    found = shared_by_all.network().card
    if not found:
        widgets.dead_end(
            "Only an included network has a card that says its recipe, its seed, and what it was tested on. An "
            "opened file can bring the numbers of each epoch along: capture.save(..., history=...).",
            PAGE,
            _SEE_ASSIGNMENT,
        )
        return
    st.write(f"{origin.say(found)} {origin.say_test(found)}")
    if recipe := found.get("recipe"):
        columns = parts.recipe_columns(recipe)
        st.html(parts.text_table(columns, "The recipe"))
        tables.offer_columns("Download the recipe as CSV", columns, "recipe")


def has_something(view: str) -> bool:
    """Tell whether a view of the network of this run shows more than what is missing."""
    if current.is_assignment():
        return True
    network = shared_by_all.network()
    return bool(
        {
            "curves": network.history,
            "recipe": network.card,
            "epochs": cache.has_snapshots(),
            "live": isinstance(live.suited(), Suited),
        }[view]
    )


def schedule() -> None:
    """Show the learning rate over a run of both recipes."""
    found: dict[str, tuple[Numbers, Numbers]] = cache.rates(RECIPES, _IMAGES)
    rates = _table("The learning rates", partial(parts.schedule_columns, found))
    chart(parts.schedule(found), "learning-rate", parts.say_schedule(found), rates)


def recipe_in_words() -> None:
    """Show how our recipe differs from the assignment's, and whether the results were measured with it."""
    theirs, ours = recipe_changes.choices("assignment"), recipe_changes.choices("glass")
    found = recipe_changes.changes(theirs, ours)
    drawn = parts.text_table(parts.choice_columns(found), "Differences of our recipe")
    choices = tables.columns_file("Download the choices as CSV", partial(parts.choice_columns, found), "recipe")
    widgets.figure(drawn, parts.say_same(ours, found), choices)
    for name in ("glass-final", "glass-search"):
        if _is_of_another_recipe(name, ours):
            st.warning(
                escape_markdown(f"'model/training/reports/{name}.json' was measured with another recipe than this one.")
            )


def _is_of_another_recipe(name: str, ours: Mapping[str, object]) -> bool:
    try:
        return cache.has_result(name) and bool(recipe_changes.changes(ours, cache.result(name).recipe))
    except GlassError:
        return False  # the place that reads it shows the message


def search() -> None:
    """Show the effect of each part of the recipe, and the log of the search."""
    if "glass" not in (found := reports("search")):
        st.write("The effect of each part is measured against our recipe, so this needs its results.")
        return
    base = found["glass"]
    trials, problems = cache.trials("glass-search")
    for problem in problems:
        st.warning(escape_markdown(f"{problem} This trial is left out."))
    alone = parts.parts(trials)
    if alone:
        differences = _table("The differences", partial(parts.trial_columns, alone, base))
        chart(parts.part_effects(alone), "effect-of-each-part", parts.say_part_effects(alone, base), differences)
    else:
        st.info("'model/training/reports/search' contains no trial with a single change yet.")
    if trials:
        st.header("The log of the search")
        st.write(f"Every saved trial, evaluated on the same {base.images:,} held-out images at its last epoch.")
        columns = parts.trial_columns(trials, base)
        st.html(parts.text_table(columns, "The log of the search"))
        tables.offer_columns("Download the log as CSV", columns, "search.csv")


def _bands(found: Mapping[str, RecipeResult], what: str) -> dict[str, CurveBand]:
    curves = {name: getattr(each, what) for name, each in found.items()}
    return {name: curve_band(each) for name, each in curves.items() if each.size}


def _curves(searched: Mapping[str, RecipeResult], what: Curves) -> tables.ExpandableTable:
    """Return the curves of every seed and of the logged run as a table."""
    columns = partial(figures.curve_columns, [*searched.values()], logged_run.logged_run(), what)
    return _table(f"Every {what} curve", columns)


def _table(name: str, columns: tables.Columns) -> tables.ExpandableTable:
    return tables.ExpandableTable(name, columns, title=name, key=f"table-{name}")
