"""The plans of maps: which methods and which steps have one, with options that suit the size of the picture."""

from collections.abc import Iterable
from dataclasses import replace

from model.saliency import METHODS, parts
from model.saliency.records import AttributionPlan, Method, MethodOption
from model.trace.records import LayerKind, Step, Trace
from viz.app import address, current, shared
from viz.saliency import cache
from viz.saliency.controls import DRAW, LAYER, METHOD

# The first that the network allows: it adds up exactly, in a thirtieth of the time of the second.
_DEFAULTS = ("deep_lift", "integrated_gradients")
_DEFAULT_OF_LARGE = "input_x_gradient"  # of one gradient, where integrated gradients take fifty
_CAM_LAYERS = {LayerKind.CONVOLUTION, LayerKind.MAX_POOL}  # of the assignment's network
_MERGES = {"add", "multiply", "concatenation"}
_IN_PIXELS = ("window", "stride", "block")  # options that grow with the picture, so that the passes stay as many
_SIDE = 28  # pixels of the picture that their defaults are for


def default_method() -> str:
    """Return the name of the method that is shown first."""
    if not shared.is_small(shared.network()):
        return _DEFAULT_OF_LARGE
    return next((name for name in _DEFAULTS if name not in cache.refusals()), _DEFAULTS[-1])


def for_method(plan: AttributionPlan, method: Method) -> AttributionPlan:
    """Return the plan for a method, with the logit instead of an output that it cannot explain."""
    able = plan.output in method.outputs
    return replace(
        plan,
        method=method.name,
        output=plan.output if able else "logit",
        against=plan.against if able else None,
    )


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


def for_steps(plan: AttributionPlan, trace: Trace, steps: Iterable[str]) -> dict[str, AttributionPlan]:
    """Return the plans of one method for the image and for each of these steps."""
    at = {name: replace(plan, at=name, options=_scaled(METHODS[plan.method], _side(trace[name]))) for name in steps}
    layer = default_layer() if METHODS[plan.method].uses_layer else None
    return {"": replace(plan, layer=layer, options=_scaled(METHODS[plan.method], side_of(trace)))} | at


def default_layer() -> str:
    """Return the step whose maps a method uses first; an empty string where there is none."""
    return parts.default_layer(shared.network().graph) or ""


def title_of_picture(plan: AttributionPlan) -> str:
    """Return the title of the picture's own map among those of the rows, with the step whose maps the method uses."""
    title = f"The {current.picture_word()}"
    return f"{title}, by {default_layer()}" if METHODS[plan.method].uses_layer else title


def title_of_map(plan: AttributionPlan, wanted: AttributionPlan) -> str:
    """Return the title of a method's map; it says so if the method explains the logit instead of the chosen score."""
    title = METHODS[plan.method].title
    return title if plan.output == wanted.output else f"{title}: logit"


def for_all_methods(plan: AttributionPlan, trace: Trace) -> dict[str, AttributionPlan]:
    """Return the plan for each method that applies to the network of this run, by its name."""
    side, layer = side_of(trace), default_layer()
    return {
        name: replace(
            for_method(plan, method), layer=layer if method.uses_layer else None, options=_scaled(method, side)
        )
        for name, method in applicable().items()
    }


def applicable() -> dict[str, Method]:
    """Return the methods that apply to the network of this run, by their names."""
    return {name: method for name, method in METHODS.items() if name not in cache.refusals()}


def side_of(trace: Trace) -> int:
    """Return the longer side of the picture, in pixels."""
    return max(map(int, trace.image.shape[1:]))


def _side(step: Step) -> int:
    return max(map(int, step.output.shape[1:]))


def _scaled(method: Method, side: int) -> tuple[tuple[str, float], ...]:
    """Return the defaults of options in pixels for maps of another size; nothing where the method's own are right."""
    found = ((option.name, default(option, side)) for option in method.options if option.name in _IN_PIXELS)
    return tuple(found) if side > _SIDE else ()


def default(option: MethodOption, side: int) -> float:
    """Return the default of an option for a picture whose longer side has so many pixels."""
    scale = max(round(side / _SIDE), 1) if option.name in _IN_PIXELS else 1
    return min(option.default * scale, option.most)


def layers(trace: Trace) -> list[str]:
    """Return the steps whose maps a method can use; a dropout has its input's maps."""
    kinds = {name: trace[name].kind for name in parts.layers_for(shared.network().graph)}
    if current.is_assignment():
        return [name for name, kind in kinds.items() if kind in _CAM_LAYERS]
    return [name for name, kind in kinds.items() if kind != LayerKind.DROPOUT] or [*kinds]
