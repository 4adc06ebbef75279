"""A small sweep: one number of a layer in several variants, each with several seeds, compared on held-out images."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from model.design.assess import assess
from model.design.kinds import KINDS, check
from model.design.records import Design
from model.design.runs import kept
from model.design.runs.choices import MOST_EPOCHS, OFFERED, choose
from model.design.runs.records import Length, RunChoices, Variant
from model.design.text import read
from model.errors import InputError
from model.training.seeds import spread

_MOST_VARIANTS, _MOST_SEEDS, _MOST = 6, 5, 12


def sweep(
    design: Design,
    place: int,
    setting: str,
    values: Sequence[int],
    seeds: Sequence[int],
    *,
    recipe: str = OFFERED[0],
    length: Length = "short",
    epochs: int = MOST_EPOCHS,
    long: bool = False,
) -> dict[str, tuple[RunChoices, ...]]:
    """Return the runs of a small sweep, such as kernels 8, 12 and 16 with three seeds each.

    Args:
        design: What is changed.
        place: Which layer, from 0.
        setting: Which number of it.
        values: What it is in each variant.
        seeds: Of the runs of each.
        recipe: As in ``choose``.
        length: As in ``choose``.
        epochs: As in ``choose``.
        long: As in ``choose``.

    Raises:
        InputError: A variant is no network, or there are too many.
    """
    counts = len({*values}), len({*seeds})
    if not (1 <= counts[0] <= _MOST_VARIANTS and 1 <= counts[1] <= _MOST_SEEDS and counts[0] * counts[1] <= _MOST):
        raise InputError(
            f"A sweep has {_count(counts[0], 'value')} and {_count(counts[1], 'seed')}.",
            f"At most {_MOST_VARIANTS} values and {_MOST_SEEDS} seeds, and {_MOST} runs, are trained.",
            "Choose fewer.",
        )
    layer = design.layers[place]
    known = {each.name: each for each in KINDS[layer.kind].settings}
    if setting not in known:
        raise InputError(f"'{layer.kind}' has no {setting}.", f"It has {', '.join(known)}.", "Choose one of them.")
    found = {}
    for value in dict.fromkeys(values):
        changed = replace(layer, settings={**layer.settings, setting: check(layer.kind, known[setting], value)})
        variant = replace(design, layers=(*design.layers[:place], changed, *design.layers[place + 1 :]))
        runs = [choose(variant, recipe, (), length, epochs, seed, long=long) for seed in dict.fromkeys(seeds)]
        found[f"{setting} {value}"] = tuple(runs)
    return found


def table(planned: Mapping[str, Sequence[RunChoices]], place: Path | None = None) -> tuple[Variant, ...]:
    """Return the variants of a sweep with the mean and spread of their finished runs, on the held-out images."""
    variants = []
    for name, runs in planned.items():
        done = [kept.read(kept.id_of(each), place, weights=False) for each in runs if kept.is_kept(each, place)]
        shares = [run.progress.accuracy for run in done if run.progress.accuracy is not None]
        parameters = assess(read(runs[0].design)).parameters
        seeds = tuple(run.progress.choices.seed for run in done)
        variants.append(Variant(name, runs[0].design, parameters, seeds, spread(np.array(shares)) if shares else None))
    return tuple(variants)


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
