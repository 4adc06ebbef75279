"""The saliency page's controls; what they choose lives in the link."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from model.images.records import Digit
from model.saliency import BASELINES, METHODS
from model.saliency.records import Attribution, AttributionPlan, Method, MethodOption, Output
from model.trace.records import LayerKind, Trace
from viz.app import address, tables, widgets
from viz.pictures.swatches import maps_as_csv
from viz.saliency import cache, figures
from viz.saliency.figures import Look

VIEW = "map_view"
VIEWS = {
    "one": "One method",
    "all": "All methods",
    "through": "Through the network",
}
METHOD, TARGET, AGAINST, BASELINE, LAYER, DRAW = "method", "target", "against", "baseline", "cam", "draw"
SIGNS, CLIP, OPACITY, SCALE = "signs", "clip", "opacity", "map_scale"
_OUTPUTS: Mapping[Output, str] = {
    "logit": "Its logit",
    "log_probability": "Its log-probability",
    "difference": "Rather than …",
}
USUAL_LAYER = "Conv2d-19"
_DEFAULT = "deep_lift"  # adds up to the last digit, and takes a thirtieth of integrated gradients' time
_LOOKED_AT = {LayerKind.CONVOLUTION, LayerKind.MAX_POOL}
_RELU = "relu"
_SEEDS = [str(seed) for seed in range(100)]
_OFF_ON = {"0": "off", "1": "on"}
_ONE_SCALE = {"each": "each map", "all": "all maps"}
_SIGNS = {"signed": "Signed", "absolute": "Absolute"}
_OPACITIES = {str(share): f"{share} %" for share in range(0, 101, 10)}


def allowed(trace: Trace) -> dict[str, Iterable[str]]:
    """Return what all that decides a map, or how it is painted, can be in the link."""
    classes = [str(k) for k in range(len(trace.logits))]
    every: dict[str, Iterable[str]] = {TARGET: classes, AGAINST: classes, address.EXPLAIN: _OUTPUTS}
    every |= {METHOD: METHODS, BASELINE: BASELINES, LAYER: _layers(trace), DRAW: _SEEDS}
    every |= {SIGNS: _SIGNS, OPACITY: _OPACITIES, SCALE: _ONE_SCALE, CLIP: [address.YES]}
    for option in (option for each in METHODS.values() for option in each.options):
        every[option.name] = [*every.get(option.name, ()), *_values(option)]
    return every


def method() -> Method:
    """Let the person choose a method."""
    titles = {name: each.title for name, each in METHODS.items()}
    return METHODS[address.bind(st.selectbox, "Method", METHOD, titles, _DEFAULT)]


def plan(trace: Trace) -> AttributionPlan:
    """Let the person choose a method, what it explains, and held against which baseline."""
    first, *others = st.columns([20, 22, 15, 22], gap="small")
    with first:
        chosen = method()
    wanted = asked(trace, others)
    found = fitting(wanted, chosen)
    if found.output != wanted.output:
        with others[1]:
            st.caption(f"{chosen.title} cannot explain it: the logit is explained instead.")
    return found


def plan_of_all(trace: Trace) -> tuple[AttributionPlan, bool]:
    """Let the person choose what all methods explain and held against what; return whether one scale is for all.

    There are as many columns as for one method: else the last of those stays until all maps are there, below the
    others, and everything jumps when it goes.
    """
    *others, last = st.columns([22, 15, 22, 20], gap="small")
    plan = asked(trace, others)
    with last:
        return plan, _together()


def asked(trace: Trace, columns: Sequence[DeltaGenerator]) -> AttributionPlan:
    """Let the person choose, in three columns, all that is not a matter of the method; the answer is explained."""
    with columns[0]:
        target = _target(trace)
    with columns[1]:
        output = _output()
        against = _against(trace, target) if output == "difference" else None
    with columns[2]:
        baseline = address.bind(st.selectbox, "Baseline", BASELINE, BASELINES, "black")
    return AttributionPlan(_DEFAULT, target, output, against, baseline)


def _target(trace: Trace) -> int:
    """Let the person choose the class that is explained; by default the network's answer."""
    classes = [str(k) for k in range(len(trace.logits))]
    answer = str(trace.prediction)
    return int(widgets.segments("Explain class", TARGET, classes, answer))


def _output() -> Output:
    """Let the person choose what of the class is explained."""
    words = {str(name): said for name, said in _OUTPUTS.items()}
    chosen = address.bind(st.selectbox, "What of it", address.EXPLAIN, words, "logit")
    return next(name for name in _OUTPUTS if name == chosen)


def _against(trace: Trace, target: int) -> int:
    """Let the person choose the class that the target is held against; by default the strongest of the others."""
    strongest = str(next(k for k in (-trace.logits).argsort(kind="stable").tolist() if k != target))
    classes = [str(k) for k in range(len(trace.logits)) if k != target]
    instead = {str(target): strongest}  # who explains the class that stood here means another one now
    return int(address.bind(st.selectbox, "Rather than", AGAINST, classes, strongest, instead=instead))


def of_method(plan: AttributionPlan, chosen: Method, trace: Trace) -> AttributionPlan:
    """Let the person choose what this method alone can do, and return the plan with it."""
    options = tuple((option.name, _option(option)) for option in chosen.options)
    return replace(
        plan,
        layer=_layer(trace) if chosen.uses_layer else None,
        seed=_seed() if chosen.draws or plan.baseline == "noise" else 0,
        options=options,
    )


def fitting(plan: AttributionPlan, chosen: Method) -> AttributionPlan:
    """Return the plan for a method, with the logit in place of an output that it cannot explain."""
    able = plan.output in chosen.outputs
    return replace(
        plan,
        method=chosen.name,
        output=plan.output if able else "logit",
        against=plan.against if able else None,
    )


def map_file(digit: Digit, found: Attribution) -> tables.File:
    """Return a map of a digit as CSV."""
    name = f"{found.method}-{digit.key[:40]}.csv"
    return tables.File("Download this map as CSV", partial(figures.as_csv, found), name)


def numbers_of(titles: Mapping[str, str], found: Mapping[str, Attribution]) -> tables.Folded:
    """Return what each of several maps comes to as a table that can be unfolded; every value is in a file alone.

    Args:
        titles: Of the maps by name, in their order.
        found: The maps by name.
    """
    columns = partial(figures.table, titles, found, METHODS)
    values = {titles[name]: each.values for name, each in found.items()}
    name = "What each map comes to"
    files: dict[str, tables.Text] = {name: tables.text_of(columns), "Every value": partial(maps_as_csv, values)}
    return tables.Folded(name, columns, files)


def why_blank(digit: Digit, found: Attribution, plan: AttributionPlan) -> str:
    """Say why a map is blank, and whether the one with signs is blank too."""
    signed = _signed(plan)
    return figures.why_blank(found, cache.attribute(digit, signed) if signed else None)


def _signed(plan: AttributionPlan) -> AttributionPlan | None:
    """Return the plan for the same map without its last ReLU; None where it has none."""
    options = dict(plan.options)
    return replace(plan, options=tuple({**options, _RELU: 0.0}.items())) if options.get(_RELU) else None


def usual() -> dict[str, str]:
    """Return what takes all that methods alone can do out of a link, so that they are as they are side by side."""
    names = {option.name for each in METHODS.values() for option in each.options}
    return dict.fromkeys(sorted({*names, LAYER, DRAW}), "")


def link_alone(page: str, view: str, name: str) -> str:
    """Return the address that shows one method alone, as it is usually set.

    Args:
        page: That shows it.
        view: The parameter that chooses among the page's views; one map is what it shows by default.
        name: Of the method.
    """
    return address.address(page, **{**usual(), view: "", METHOD: name})


def rows_with_maps(trace: Trace) -> list[str]:
    """Return the rows that a method can be applied to: those whose maps have more than a place, and are their own."""
    return [row.name for row in trace.rows if row.kind is not LayerKind.DROPOUT and row.output[0].size > 1]


def title_of_digit(plan: AttributionPlan) -> str:
    """Return the title of the digit's own map among those of the rows, with the step whose maps are looked at."""
    return f"The digit, by {USUAL_LAYER}" if METHODS[plan.method].uses_layer else "The digit"


def titled(plan: AttributionPlan, asked: AttributionPlan) -> str:
    """Return the title of a method's map, which says so where it is not of the score that was asked for."""
    title = METHODS[plan.method].title
    return title if plan.output == asked.output else f"{title}: logit"


def every(plan: AttributionPlan) -> dict[str, AttributionPlan]:
    """Return the plan for each method, by its name."""
    return {name: fitting(plan, chosen) for name, chosen in METHODS.items()}


def _values(option: MethodOption) -> list[str]:
    count = round((option.most - option.least) / option.step)
    return [f"{option.least + number * option.step:g}" for number in range(count + 1)]


def _option(option: MethodOption) -> float:
    values, default = _values(option), f"{option.default:g}"
    if values == list(_OFF_ON):
        return float(widgets.segments(option.label, option.name, _OFF_ON, default, help=option.about))
    return float(address.bind(st.select_slider, option.label, option.name, values, default, help=option.about))


def _layer(trace: Trace) -> str:
    """Let the person choose whose maps are looked at."""
    return address.bind(st.selectbox, "Maps of", LAYER, _layers(trace), USUAL_LAYER)


def _layers(trace: Trace) -> list[str]:
    return [step.name for step in trace.steps if step.kind in _LOOKED_AT and step.maps[0].size > 1]


def _seed() -> int:
    """Let the person draw the random numbers anew."""
    return int(address.bind(st.selectbox, "Random numbers (seed)", DRAW, _SEEDS, "0"))


def look() -> Look:
    """Let the person choose how a map is painted."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        signs = widgets.segments("Values", SIGNS, _SIGNS)
        opacity = address.bind(st.select_slider, "Over the digit", OPACITY, _OPACITIES, "100", width=220)
        clipped = widgets.switch(
            "Clip the scale",
            CLIP,
            "Lets the largest hundredth of the values lie beyond the scale, so that others show.",
        )
    return Look(signs == "absolute", clipped, int(opacity))


def _together() -> bool:
    """Let the person choose between one scale for each map and one for all."""
    return widgets.segments("One scale for", SCALE, _ONE_SCALE) == "all"
