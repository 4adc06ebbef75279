"""Choose a method, the score that it explains, its options, and how a map is drawn."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from model.saliency import BASELINES, METHODS
from model.saliency.baselines import choices
from model.saliency.records import AttributionPlan, Method, MethodOption, Output
from model.trace.records import Trace
from viz.app import address, current, shared, sidebar, widgets
from viz.app.markdown import escape_markdown
from viz.saliency import cache
from viz.saliency.controls import AGAINST, BASELINE, CLIP, DRAW, LAYER, METHOD, OPACITY, SCALE, SIGNS, TARGET, plans
from viz.saliency.figures import MapStyle

_OUTPUTS: Mapping[Output, str] = {
    "logit": "Logit",
    "log_probability": "Log-probability",
    "difference": "Logit difference",
}
_SEEDS = [str(seed) for seed in range(100)]
_OFF_ON = {"0": "off", "1": "on"}
_ONE_SCALE = {"each": "each map", "all": "all maps"}
_SIGNS = {"signed": "Signed", "absolute": "Absolute"}
_OPACITIES = {str(share): f"{share} %" for share in range(0, 101, 10)}


def allowed(trace: Trace) -> dict[str, Iterable[str]]:
    """Return the values that the address can hold for each parameter of a map and its style."""
    classes = [str(k) for k in range(len(trace.logits))]
    every: dict[str, Iterable[str]] = {TARGET: classes, AGAINST: classes, address.EXPLAIN: _OUTPUTS}
    every |= {METHOD: METHODS, BASELINE: BASELINES, LAYER: plans.layers(trace), DRAW: _SEEDS}
    every |= {SIGNS: _SIGNS, OPACITY: _OPACITIES, SCALE: _ONE_SCALE, CLIP: [address.YES]}
    for option in (option for each in METHODS.values() for option in each.options):
        every[option.name] = [*every.get(option.name, ()), *_values(option)]
    return every


def choose_method() -> Method:
    """Let the user choose a method."""
    titles = {name: each.title for name, each in METHODS.items()}
    return METHODS[address.bind(st.selectbox, "Method", METHOD, titles, plans.default_method())]


def refuse(method: Method, page: str) -> bool:
    """If a method does not apply to the network of this run, say so, and link to one that does; tell whether.

    Args:
        method: The method that the person chose.
        page: The address of the page that shows it.
    """
    why = cache.refusals().get(method.name, "")
    if why:
        st.info(escape_markdown(why))
        other = METHODS[plans.default_method()]
        link = address.link(**{**plans.default_options(), METHOD: other.name})
        (shown,) = (each for each in sidebar.all_pages() if each.url_path == page)
        st.page_link(shown, label=f"Show {other.title}", query_params=link)
    return bool(why)


def choose_plan(trace: Trace) -> AttributionPlan:
    """Let the user choose a method, the score that it explains, and a baseline."""
    first, *others = st.columns([20, 22, 15, 22], gap="small")
    with first:
        method = choose_method()
    wanted = choose_score(trace, others)
    plan = plans.for_method(wanted, method)
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
    return AttributionPlan(plans.default_method(), target, output, against, baseline)


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
    side = plans.side_of(trace)
    options = tuple((option.name, _option(option, side)) for option in method.options)
    return replace(
        plan,
        layer=_layer(trace) if method.uses_layer else None,
        seed=_seed() if method.is_random or plan.baseline == "noise" else 0,
        options=options,
    )


def say_left_out() -> None:
    """Say which methods do not apply to the network of this run, and why."""
    refused = [f"- {escape_markdown(why)}" for why in cache.refusals().values()]
    if refused:
        st.markdown("\n".join(refused))


def _values(option: MethodOption) -> list[str]:
    count = round((option.most - option.least) / option.step)
    return [f"{option.least + number * option.step:g}" for number in range(count + 1)]


def _option(option: MethodOption, side: int) -> float:
    values, default = _values(option), f"{plans.default(option, side):g}"
    if values == list(_OFF_ON):
        return float(widgets.segments(option.label, option.name, _OFF_ON, default, help=option.about))
    return float(address.bind(st.select_slider, option.label, option.name, values, default, help=option.about))


def _layer(trace: Trace) -> str:
    """Let the user choose the step whose maps the method uses."""
    return address.bind(st.selectbox, "Maps of", LAYER, plans.layers(trace), plans.default_layer())


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


def ideas() -> tuple[str, ...]:
    """Return things to try."""
    first = "Explain the logit difference of the two most probable classes: which parts decide?"
    if current.takes_digits():
        first = "Choose a sample between two digits and explain the logit difference: which strokes decide?"
    return (
        first,
        "Change the baseline: how does the map change from a black image to a blurred one?",
        "Compare integrated gradients with deconvolution: which of them depends on the class that you explain?",
    )
