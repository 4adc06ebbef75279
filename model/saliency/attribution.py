"""Compute one attribution: which pixels, or which places of a step, contribute to a score."""

import dataclasses
import functools
import math
import time
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from model.graph.module import NetworkModule, after
from model.networks.records import ImageSpec
from model.records import Activation
from model.saliency import baselines, validation
from model.saliency.gradients import stretch
from model.saliency.parts import Parts, parts_of
from model.saliency.records import Attribution, Method, Output
from model.saliency.registry import FUNCTIONS
from model.saliency.scorer import NETWORK, Scorer, Task
from model.trace import run
from model.trace.private import private_copy

LAYER = "Conv2d-19"
_INPUT = "input"  # the name of a step that returns the activation explained unchanged, so that Captum can hook it


def attribute(
    network: nn.Module,
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
    image: ImageSpec | None = None,
    scored: bool = True,
) -> Attribution:
    """Explain a score by one of Captum's methods.

    With ``at``, the method explains the activation of that step instead of the image: the steps after it become a
    network of their own, its baseline is the step's output for the baseline, and the maps are added up to one value
    for each place. Grad-CAM, and both factors of guided Grad-CAM, then use that step and ignore ``layer``.

    Args:
        network: With a graph, or a sequence of steps from images to logits; it is not changed.
        x: One normalised image, (1, C, H, W); for a sequence a digit, (1, 1, 28, 28).
        target: The class.
        method: One of ``METHODS``.
        output: The score: the logit of the class, its log-probability, or its logit less the logit of ``against``.
        against: Another class, for a difference.
        baseline: One of ``BASELINES``.
        layer: The step whose maps Grad-CAM uses. In a graph any step with maps, by default see ``default_layer``; in a
            sequence a convolution, a pool or a dropout, by default Conv2d-19.
        at: The step whose activation is explained, or None for the image.
        seed: For the random numbers of the method or the baseline.
        options: Options of the method, by name; the others have the defaults of ``METHODS``.
        image: How ``x`` is normalised, for baselines; by default as a digit, or, in colour, not at all.
        scored: Whether to compute both scores too, a third of the time of the quickest methods. Else they are nan: a
            map that is only compared with others needs none.

    Raises:
        InputError: There is no such method, output, class, baseline, step or option, the method cannot explain this
            output or does not apply to this network, an option is out of range, ``x`` is not an image that the network
            takes, or there is a way around the step ``at``.

    Source: https://captum.ai, on a private copy of the network and with random generators of this call's own.
    """
    started = time.perf_counter()
    chosen = validation.method(method)
    values = validation.options(chosen, options or {})
    validation.output(chosen, output)
    validation.image(network, x)
    private = private_copy(network)
    parts, count = parts_of(private), _count_classes(private, x)
    baseline_image = baselines.image(baseline, x, seed, image, count)
    validation.applies(chosen, parts)
    against = validation.classes(count, target, output, against)
    used_layer = _layer(parts, chosen, layer, at)
    scorer = Scorer.of_network(private, output, target, against)
    task = Task(scorer, x, baseline_image, parts.steps.get(used_layer or ""), seed, values)
    task = task if at is None else _task_from(task, at)
    channels = FUNCTIONS[method](task).detach()  # (1, C, H, W), or (1, 1, H, W)
    found = channels.sum(1, keepdim=True)  # (1, 1, H, W)
    score = baseline_score = math.nan
    if scored:
        with torch.no_grad():
            score, baseline_score = (float(scorer(each)) for each in (x, baseline_image))
    return Attribution(
        method=method,
        target=target,
        against=against,
        output=output,
        values=_array(stretch(found, task.x)),
        raw=_array(found),
        channels=_whole_array(stretch(channels, task.x)[0]),
        baseline=_array(baseline_image) if baseline_image.shape[1] == 1 else _whole_array(baseline_image[0]),
        score=score,
        baseline_score=baseline_score,
        layer=used_layer,
        at=at,
        seconds=time.perf_counter() - started,
    )


def _count_classes(private: nn.Module, x: Tensor) -> int:
    if isinstance(private, NetworkModule):
        return math.prod(private.graph[private.graph.logits].shape)
    with torch.no_grad():
        return int(Scorer.of_network(private, "logit", 0, None).logits(x).numel())


def _layer(parts: Parts, chosen: Method, layer: str | None, at: str | None) -> str | None:
    """Return the step whose maps a method uses, or None if it uses none; refuse a step that does not exist."""
    if at is not None:
        validation.step(parts, at)
    if layer is not None or (at is None and chosen.uses_layer):
        layer = validation.layer(parts, layer or parts.layer or LAYER)
    return (at or layer) if chosen.uses_layer else None


def _task_from(task: Task, at: str) -> Task:
    """Return the task that begins with the activation of a step."""
    steps = dict(task.scorer.named_children())
    network = steps.get(NETWORK, task.scorer)
    if isinstance(network, NetworkModule):
        rest = after(network, at)
        following: dict[str, nn.Module] = {NETWORK: rest} if rest else {}
    else:
        following = dict(list(steps.items())[list(steps).index(at) + 1 :])
    before = functools.partial(run, network, give=at)
    layer = nn.Identity() if task.layer else None
    scorer = task.scorer.of_steps({_INPUT: layer, **following} if layer else following)
    with torch.no_grad():
        return dataclasses.replace(task, scorer=scorer, x=before(task.x), baseline=before(task.baseline), layer=layer)


def _array(maps: Tensor) -> Activation:
    return _whole_array(maps[0, 0])


def _whole_array(maps: Tensor) -> Activation:
    array: Activation = maps.detach().numpy().copy()
    array.setflags(write=False)
    return array
