"""Ask one method which pixels, or which places of a step, spoke for a score."""

import copy
import dataclasses
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType

import torch
from torch import Tensor, nn

from model.records import Activation
from model.saliency import baselines, checks, gradients, removals
from model.saliency.records import Attribution, Method, Output
from model.saliency.scorer import Scorer, Task

LAYER = "Conv2d-19"
_GIVEN = "given"  # names a step that only puts out the activation explained, for Captum to look at

FUNCTIONS: Mapping[str, Callable[[Task], Tensor]] = MappingProxyType(
    {
        "saliency": gradients.saliency,
        "input_x_gradient": gradients.input_x_gradient,
        "integrated_gradients": gradients.integrated_gradients,
        "guided_backprop": gradients.guided_backprop,
        "deconvolution": gradients.deconvolution,
        "deep_lift": gradients.deep_lift,
        "gradient_shap": gradients.gradient_shap,
        "occlusion": removals.occlusion,
        "feature_ablation": removals.feature_ablation,
        "grad_cam": gradients.grad_cam,
        "guided_grad_cam": gradients.guided_grad_cam,
        "lrp": gradients.lrp,
        "smooth_grad": gradients.smooth_grad,
    }
)


def attribute(
    network: nn.Sequential,
    x: Tensor,
    target: int,
    method: str,
    *,
    output: Output = "logit",
    against: int | None = None,
    baseline: str = "black",
    layer: str | None = None,
    at: str | None = None,
    seed: int = 0,
    options: Mapping[str, float] | None = None,
) -> Attribution:
    """Explain a score by one method of Captum's.

    With ``at`` the method explains the activation of that step in the image's place: the steps behind it are a network
    of their own, whose baseline is what that step makes of the baseline, and the maps are added up to one value for
    each place. Grad-CAM, and guided Grad-CAM with both of its factors, then look at that step whatever ``layer`` says.

    Args:
        network: Its children in the order in which they run, from images to logits; it is only read.
        x: One normalised digit, (1, 1, 28, 28).
        target: The class.
        method: One of ``METHODS``.
        output: What of the class is explained: its logit, its log-probability, or by how much its logit is above that
            of ``against``.
        against: Another class, for a difference.
        baseline: One of ``BASELINES``.
        layer: The step whose maps Grad-CAM looks at: a convolution, a pool or a dropout; Conv2d-19 if none is named.
        at: The step whose activation is explained, or None for the image.
        seed: For what the method, or the baseline, draws.
        options: Of the method, by name; the others stay as they are in ``METHODS``.

    Raises:
        InputError: There is no such method, output, class, baseline, step or option, the method cannot explain this
            output, an option is out of range, or ``x`` is no normalised digit.

    Source: https://captum.ai, on a private copy; what is drawn comes from generators of the call's own.
    """
    started = time.perf_counter()
    chosen = checks.method(method)
    values = checks.options(chosen, options or {})
    checks.output(chosen, output)
    checks.image(x)
    nothing = baselines.picture(baseline, x, seed)
    steps = dict(copy.deepcopy(network).eval().named_children())
    against = checks.classes(_count_classes(steps, x), target, output, against)
    looked_at = _layer(steps, chosen, layer, at)
    scorer = Scorer(steps, output, target, against)
    task = Task(scorer, x, nothing, steps.get(looked_at or ""), seed, values)
    task = task if at is None else _behind(task, at)
    found = FUNCTIONS[method](task).detach().sum(1, keepdim=True)  # (1, 1, H, W)
    with torch.no_grad():
        score, baseline_score = (float(scorer(each)) for each in (x, nothing))
    return Attribution(
        method=method,
        target=target,
        against=against,
        output=output,
        values=_array(gradients.stretch(found, task.x)),
        raw=_array(found),
        baseline=_array(nothing),
        score=score,
        baseline_score=baseline_score,
        layer=looked_at,
        at=at,
        seconds=time.perf_counter() - started,
    )


def _count_classes(steps: Mapping[str, nn.Module], x: Tensor) -> int:
    with torch.no_grad():
        return int(nn.Sequential(*steps.values())(x).numel())


def _layer(steps: Mapping[str, nn.Module], chosen: Method, layer: str | None, at: str | None) -> str | None:
    """Return the step whose maps a method looks at, None if it looks at none; refuse steps that there are not."""
    if at is not None:
        checks.step(steps, at)
    if layer is not None or (at is None and chosen.uses_layer):
        layer = checks.layer(steps, layer or LAYER)
    return (at or layer) if chosen.uses_layer else None


def _behind(task: Task, at: str) -> Task:
    """Return the task that begins with the activation of a step."""
    steps = dict(task.scorer.named_children())
    place = list(steps).index(at) + 1
    before = nn.Sequential(*list(steps.values())[:place])
    behind = dict(list(steps.items())[place:])
    given = nn.Identity() if task.layer else None
    scorer = task.scorer.of_steps({_GIVEN: given, **behind} if given else behind)
    with torch.no_grad():
        return dataclasses.replace(task, scorer=scorer, x=before(task.x), baseline=before(task.baseline), layer=given)


def _array(maps: Tensor) -> Activation:
    array: Activation = maps[0, 0].detach().numpy().copy()
    array.setflags(write=False)
    return array
