"""The controls of the saliency page; the address holds what they choose."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from model.images.records import Digit
from model.saliency import BASELINES, METHODS
from model.saliency.baselines import choices
from model.saliency.parts import default_layer, layers_for
from model.saliency.records import Attribution, AttributionPlan, Method, MethodOption, Output
from model.trace.records import LayerKind, Step, Trace
from viz.app import address, current, shared, sidebar, tables, widgets
from viz.app.markdown import escape_markdown
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
# The first that the network allows: it adds up exactly, in a thirtieth of the time of the second.
_DEFAULTS = ("deep_lift", "integrated_gradients")
_CAM_LAYERS = {LayerKind.CONVOLUTION, LayerKind.MAX_POOL}  # of the assignment's network
_MERGES = {"add", "multiply", "concatenation"}
_IN_PIXELS = ("window", "stride", "block")  # options that grow with the picture, so that the passes stay as many
_SIDE = 28  # pixels of the picture that their defaults are for
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
    every |= {METHOD: METHODS, BASELINE: BASELINES, LAYER: layers(trace), DRAW: _SEEDS}
    every |= {SIGNS: _SIGNS, OPACITY: _OPACITIES, SCALE: _ONE_SCALE, CLIP: [address.YES]}
    for option in (option for each in METHODS.values() for option in each.options):
        every[option.name] = [*every.get(option.name, ()), *_values(option)]
    return every


def choose_method() -> Method:
    """Let the user choose a method."""
    titles = {name: each.title for name, each in METHODS.items()}
    return METHODS[address.bind(st.selectbox, "Method", METHOD, titles, _default_method())]


def _default_method() -> str:
    return next((name for name in _DEFAULTS if name not in cache.refusals()), _DEFAULTS[-1])


def refuse(method: Method, page: str) -> bool:
    """If a method does not apply to the network of this run, say so, and link to one that does; tell whether.

    Args:
        method: The method that the person chose.
        page: The address of the page that shows it.
    """
    why = cache.refusals().get(method.name, "")
    if why:
        st.info(escape_markdown(why))
        other = METHODS[_default_method()]
        link = address.link(**{**default_options(), METHOD: other.name})
        (shown,) = (each for each in sidebar.all_pages() if each.url_path == page)
        st.page_link(shown, label=f"Show {other.title}", query_params=link)
    return bool(why)


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
        target = widgets.class_of(trace, "Explain class", TARGET, trace.prediction)
    with columns[1]:
        output = _output()
        against = _against(trace, target) if output == "difference" else None
    baselines = choices(shared.network().input, shared.network().classes)
    with columns[2]:
        baseline = address.bind(st.selectbox, "Baseline", BASELINE, baselines, "black")
    return AttributionPlan(_default_method(), target, output, against, baseline)


def _output() -> Output:
    """Let the user choose the score of the class that is explained."""
    titles = {str(name): title for name, title in _OUTPUTS.items()}
    chosen = address.bind(st.selectbox, "Score", address.EXPLAIN, titles, "logit")
    return next(name for name in _OUTPUTS if name == chosen)


def _against(trace: Trace, target: int) -> int:
    """Let the user choose the other class of a difference; by default the one with the largest logit."""
    strongest = str(next(k for k in (-trace.logits).argsort(kind="stable").tolist() if k != target))
    classes = {k: name for k, name in widgets.class_names(trace).items() if k != str(target)}
    instead = {str(target): strongest}  # if the user explains the class that was chosen here, it needs another one
    return int(address.bind(st.selectbox, "Less the logit of", AGAINST, classes, strongest, instead=instead))


def choose_options(plan: AttributionPlan, method: Method, trace: Trace) -> AttributionPlan:
    """Let the user choose the options of a method, and return the plan with them."""
    side = _side_of(trace)
    options = tuple((option.name, _option(option, side)) for option in method.options)
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


def baseline_file(found: Attribution, plan: AttributionPlan) -> tables.CsvFile:
    """Return the normalised baseline as CSV, (H, W), or one map for each channel."""
    label, name = "Download the baseline as CSV", f"baseline-{plan.baseline}"
    if found.baseline.ndim == 2:
        return tables.map_file(found.baseline, name, label)
    channels = {f"channel {number}": each for number, each in enumerate(found.baseline)}
    return tables.maps_file(label, channels, name)


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


def rows_with_maps(trace: Trace) -> tuple[list[str], list[str]]:
    """Return the rows whose maps can be explained, and those that cannot, because another way goes around them.

    A row with one unit in each map has nothing to show, and a dropout has its input's map.
    """
    every = [row.name for row in trace.rows if row.kind != LayerKind.DROPOUT and _has_maps(row)]
    if current.is_assignment():
        return every, []
    every += [step.name for step in trace.steps if step.kind in _MERGES and _has_maps(step)]
    every.sort(key=[step.name for step in trace.steps].index)
    alone = shared.network().graph.on_every_way()
    return [name for name in every if name in alone], [name for name in every if name not in alone]


def _has_maps(step: Step) -> bool:
    return step.output.ndim == 3 and step.output[0].size > 1


def plans_for_steps(plan: AttributionPlan, trace: Trace, steps: Iterable[str]) -> dict[str, AttributionPlan]:
    """Return the plans of one method for the image and for each of these steps."""
    at = {name: replace(plan, at=name, options=_scaled(METHODS[plan.method], _side(trace[name]))) for name in steps}
    layer = _default_layer() if METHODS[plan.method].uses_layer else None
    return {"": replace(plan, layer=layer, options=_scaled(METHODS[plan.method], _side_of(trace)))} | at


def _default_layer() -> str:
    return default_layer(shared.network().graph) or ""


def title_of_picture(plan: AttributionPlan) -> str:
    """Return the title of the picture's own map among those of the rows, with the step whose maps the method uses."""
    title = f"The {current.picture_word()}"
    return f"{title}, by {_default_layer()}" if METHODS[plan.method].uses_layer else title


def title_of_map(plan: AttributionPlan, wanted: AttributionPlan) -> str:
    """Return the title of a method's map; it says so if the method explains the logit instead of the chosen score."""
    title = METHODS[plan.method].title
    return title if plan.output == wanted.output else f"{title}: logit"


def for_all_methods(plan: AttributionPlan, trace: Trace) -> dict[str, AttributionPlan]:
    """Return the plan for each method that applies to the network of this run, by its name."""
    side, layer = _side_of(trace), _default_layer()
    return {
        name: replace(
            for_method(plan, method), layer=layer if method.uses_layer else None, options=_scaled(method, side)
        )
        for name, method in applicable().items()
    }


def applicable() -> dict[str, Method]:
    """Return the methods that apply to the network of this run, by their names."""
    return {name: method for name, method in METHODS.items() if name not in cache.refusals()}


def say_left_out() -> None:
    """Say which methods do not apply to the network of this run, and why."""
    refused = [f"- {escape_markdown(why)}" for why in cache.refusals().values()]
    if refused:
        st.markdown("\n".join(refused))


def _side_of(trace: Trace) -> int:
    """Return the longer side of the picture, in pixels."""
    return max(map(int, trace.image.shape[1:]))


def _side(step: Step) -> int:
    return max(map(int, step.output.shape[1:]))


def _scaled(method: Method, side: int) -> tuple[tuple[str, float], ...]:
    """Return the defaults of options in pixels for maps of another size; nothing where the method's own are right."""
    found = ((option.name, _default(option, side)) for option in method.options if option.name in _IN_PIXELS)
    return tuple(found) if side > _SIDE else ()


def _default(option: MethodOption, side: int) -> float:
    scale = max(round(side / _SIDE), 1) if option.name in _IN_PIXELS else 1
    return min(option.default * scale, option.most)


def _values(option: MethodOption) -> list[str]:
    count = round((option.most - option.least) / option.step)
    return [f"{option.least + number * option.step:g}" for number in range(count + 1)]


def _option(option: MethodOption, side: int) -> float:
    values, default = _values(option), f"{_default(option, side):g}"
    if values == list(_OFF_ON):
        return float(widgets.segments(option.label, option.name, _OFF_ON, default, help=option.about))
    return float(address.bind(st.select_slider, option.label, option.name, values, default, help=option.about))


def _layer(trace: Trace) -> str:
    """Let the user choose the step whose maps the method uses."""
    return address.bind(st.selectbox, "Maps of", LAYER, layers(trace), _default_layer())


def layers(trace: Trace) -> list[str]:
    """Return the steps whose maps a method can use; a dropout has its input's maps."""
    kinds = {name: trace[name].kind for name in layers_for(shared.network().graph)}
    if current.is_assignment():
        return [name for name, kind in kinds.items() if kind in _CAM_LAYERS]
    return [name for name, kind in kinds.items() if kind != LayerKind.DROPOUT] or [*kinds]


def _seed() -> int:
    """Let the user choose other random numbers."""
    return int(address.bind(st.selectbox, "Seed of the random numbers", DRAW, _SEEDS, "0"))


def choose_style() -> MapStyle:
    """Let the user choose how a map is drawn."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        signs = widgets.segments("Values", SIGNS, _SIGNS)
        opacity = address.bind(
            st.select_slider, f"Opacity over the {current.picture_word()}", OPACITY, _OPACITIES, "100", width=220
        )
        clipped = widgets.switch(
            "Clip the scale",
            CLIP,
            "The largest 1 % of the values exceed the scale, so that smaller values become visible.",
        )
    return MapStyle(signs == "absolute", clipped, int(opacity))


def _one_scale() -> bool:
    """Let the user choose between one scale for each map and one for all."""
    return widgets.segments("One scale for", SCALE, _ONE_SCALE) == "all"
