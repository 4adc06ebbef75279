"""The controls of the saliency page; the address holds what they choose."""

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
from viz.saliency.figures import MapStyle

VIEW = "map_view"
VIEWS = {
    "one": "One method",
    "all": "All methods",
    "through": "Through the network",
}
METHOD, TARGET, AGAINST, BASELINE, LAYER, DRAW = "method", "target", "against", "baseline", "cam", "draw"
SIGNS, CLIP, OPACITY, SCALE = "signs", "clip", "opacity", "map_scale"
_OUTPUTS: Mapping[Output, str] = {
    "logit": "Logit",
    "log_probability": "Log-probability",
    "difference": "Logit difference",
}
DEFAULT_LAYER = "Conv2d-19"
_DEFAULT = "deep_lift"  # adds up exactly, in a thirtieth of the time of integrated gradients
_CAM_LAYERS = {LayerKind.CONVOLUTION, LayerKind.MAX_POOL}
_RELU = "relu"
_SEEDS = [str(seed) for seed in range(100)]
_OFF_ON = {"0": "off", "1": "on"}
_ONE_SCALE = {"each": "each map", "all": "all maps"}
_SIGNS = {"signed": "Signed", "absolute": "Absolute"}
_OPACITIES = {str(share): f"{share} %" for share in range(0, 101, 10)}


def allowed(trace: Trace) -> dict[str, Iterable[str]]:
    """Return the values that the address can hold for each parameter of a map and its style."""
    classes = [str(k) for k in range(len(trace.logits))]
    every: dict[str, Iterable[str]] = {TARGET: classes, AGAINST: classes, address.EXPLAIN: _OUTPUTS}
    every |= {METHOD: METHODS, BASELINE: BASELINES, LAYER: _layers(trace), DRAW: _SEEDS}
    every |= {SIGNS: _SIGNS, OPACITY: _OPACITIES, SCALE: _ONE_SCALE, CLIP: [address.YES]}
    for option in (option for each in METHODS.values() for option in each.options):
        every[option.name] = [*every.get(option.name, ()), *_values(option)]
    return every


def choose_method() -> Method:
    """Let the user choose a method."""
    titles = {name: each.title for name, each in METHODS.items()}
    return METHODS[address.bind(st.selectbox, "Method", METHOD, titles, _DEFAULT)]


def choose_plan(trace: Trace) -> AttributionPlan:
    """Let the user choose a method, the score that it explains, and a baseline."""
    first, *others = st.columns([20, 22, 15, 22], gap="small")
    with first:
        method = choose_method()
    wanted = choose_score(trace, others)
    plan = for_method(wanted, method)
    if plan.output != wanted.output:
        with others[1]:
            st.caption(f"{method.title} cannot explain this score. It explains the logit instead.")
    return plan


def choose_plan_for_all(trace: Trace) -> tuple[AttributionPlan, bool]:
    """Let the user choose the score and the baseline of all methods, and whether they share one scale.

    There are as many columns as for one method: otherwise the last of those stays below the others until all maps are
    ready, and the page jumps when it disappears.
    """
    *others, last = st.columns([22, 15, 22, 20], gap="small")
    plan = choose_score(trace, others)
    with last:
        return plan, _one_scale()


def choose_score(trace: Trace, columns: Sequence[DeltaGenerator]) -> AttributionPlan:
    """Let the user choose, in three columns, the class, its score and a baseline; the method is the default one."""
    with columns[0]:
        target = _target(trace)
    with columns[1]:
        output = _output()
        against = _against(trace, target) if output == "difference" else None
    with columns[2]:
        baseline = address.bind(st.selectbox, "Baseline", BASELINE, BASELINES, "black")
    return AttributionPlan(_DEFAULT, target, output, against, baseline)


def _target(trace: Trace) -> int:
    """Let the user choose the class that is explained; by default the predicted class."""
    classes = [str(k) for k in range(len(trace.logits))]
    return int(widgets.segments("Explain class", TARGET, classes, str(trace.prediction)))


def _output() -> Output:
    """Let the user choose the score of the class that is explained."""
    titles = {str(name): title for name, title in _OUTPUTS.items()}
    chosen = address.bind(st.selectbox, "Score", address.EXPLAIN, titles, "logit")
    return next(name for name in _OUTPUTS if name == chosen)


def _against(trace: Trace, target: int) -> int:
    """Let the user choose the other class of a difference; by default the one with the largest logit."""
    strongest = str(next(k for k in (-trace.logits).argsort(kind="stable").tolist() if k != target))
    classes = [str(k) for k in range(len(trace.logits)) if k != target]
    instead = {str(target): strongest}  # if the user explains the class that was chosen here, it needs another one
    return int(address.bind(st.selectbox, "Less the logit of", AGAINST, classes, strongest, instead=instead))


def choose_options(plan: AttributionPlan, method: Method, trace: Trace) -> AttributionPlan:
    """Let the user choose the options of a method, and return the plan with them."""
    options = tuple((option.name, _option(option)) for option in method.options)
    return replace(
        plan,
        layer=_layer(trace) if method.uses_layer else None,
        seed=_seed() if method.is_random or plan.baseline == "noise" else 0,
        options=options,
    )


def for_method(plan: AttributionPlan, method: Method) -> AttributionPlan:
    """Return the plan for a method, with the logit instead of an output that it cannot explain."""
    able = plan.output in method.outputs
    return replace(
        plan,
        method=method.name,
        output=plan.output if able else "logit",
        against=plan.against if able else None,
    )


def map_file(digit: Digit, found: Attribution) -> tables.CsvFile:
    """Return a map of a digit as CSV."""
    name = f"{found.method}-{digit.key[:40]}.csv"
    return tables.CsvFile("Download this map as CSV", partial(figures.as_csv, found), name)


def numbers_of(titles: Mapping[str, str], found: Mapping[str, Attribution]) -> tables.ExpandableTable:
    """Return the sums of several maps as a table that can be unfolded; only a file holds all values.

    Args:
        titles: By name, in the order of the maps.
        found: The maps, by name.
    """
    columns = partial(figures.table, titles, found, METHODS)
    values = {titles[name]: each.values for name, each in found.items()}
    name = "The sum of each map"
    files: dict[str, tables.Text] = {name: tables.text_of(columns), "Every value": partial(maps_as_csv, values)}
    return tables.ExpandableTable(name, columns, files)


def why_blank(digit: Digit, found: Attribution, plan: AttributionPlan) -> str:
    """Say why a map is blank, and whether the signed map is blank too."""
    signed = _signed(plan)
    return figures.why_blank(found, cache.attribute(digit, signed) if signed else None)


def _signed(plan: AttributionPlan) -> AttributionPlan | None:
    """Return the plan for the same map without its last ReLU, or None if it has none."""
    options = dict(plan.options)
    return replace(plan, options=tuple({**options, _RELU: 0.0}.items())) if options.get(_RELU) else None


def default_options() -> dict[str, str]:
    """Return parameters that remove all options of methods from an address, so that each has its default."""
    names = {option.name for each in METHODS.values() for option in each.options}
    return dict.fromkeys(sorted({*names, LAYER, DRAW}), "")


def link_to_method(page: str, view: str, name: str) -> str:
    """Return the address that shows one method with its default options.

    Args:
        page: The page that shows it.
        view: The parameter for the view of the page; its default view shows one map.
        name: The name of the method.
    """
    return address.address(page, **{**default_options(), view: "", METHOD: name})


def rows_with_maps(trace: Trace) -> list[str]:
    """Return the rows whose maps can be explained: those with more than one place, except dropout."""
    return [row.name for row in trace.rows if row.kind is not LayerKind.DROPOUT and row.output[0].size > 1]


def title_of_digit(plan: AttributionPlan) -> str:
    """Return the title of the digit's own map among those of the rows, with the step whose maps the method uses."""
    return f"The digit, by {DEFAULT_LAYER}" if METHODS[plan.method].uses_layer else "The digit"


def title_of_map(plan: AttributionPlan, wanted: AttributionPlan) -> str:
    """Return the title of a method's map; it says so if the method explains the logit instead of the chosen score."""
    title = METHODS[plan.method].title
    return title if plan.output == wanted.output else f"{title}: logit"


def for_all_methods(plan: AttributionPlan) -> dict[str, AttributionPlan]:
    """Return the plan for each method, by its name."""
    return {name: for_method(plan, method) for name, method in METHODS.items()}


def _values(option: MethodOption) -> list[str]:
    count = round((option.most - option.least) / option.step)
    return [f"{option.least + number * option.step:g}" for number in range(count + 1)]


def _option(option: MethodOption) -> float:
    values, default = _values(option), f"{option.default:g}"
    if values == list(_OFF_ON):
        return float(widgets.segments(option.label, option.name, _OFF_ON, default, help=option.about))
    return float(address.bind(st.select_slider, option.label, option.name, values, default, help=option.about))


def _layer(trace: Trace) -> str:
    """Let the user choose the step whose maps the method uses."""
    return address.bind(st.selectbox, "Maps of", LAYER, _layers(trace), DEFAULT_LAYER)


def _layers(trace: Trace) -> list[str]:
    return [step.name for step in trace.steps if step.kind in _CAM_LAYERS and step.maps[0].size > 1]


def _seed() -> int:
    """Let the user choose other random numbers."""
    return int(address.bind(st.selectbox, "Seed of the random numbers", DRAW, _SEEDS, "0"))


def choose_style() -> MapStyle:
    """Let the user choose how a map is drawn."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        signs = widgets.segments("Values", SIGNS, _SIGNS)
        opacity = address.bind(st.select_slider, "Opacity over the digit", OPACITY, _OPACITIES, "100", width=220)
        clipped = widgets.switch(
            "Clip the scale",
            CLIP,
            "The largest 1 % of the values exceed the scale, so that smaller values become visible.",
        )
    return MapStyle(signs == "absolute", clipped, int(opacity))


def _one_scale() -> bool:
    """Let the user choose between one scale for each map and one for all."""
    return widgets.segments("One scale for", SCALE, _ONE_SCALE) == "all"
