"""A design against limits, each with its evidence; those of the assignment by default."""

from collections.abc import Callable, Iterator, Sequence

from model.design.records import Assessment, Design, Limits, Row
from model.parameters.records import Limit

_WINDOWS = {"conv", "max", "avg", "gap"}


def check(
    design: Design,
    found: Assessment,
    limits: Limits = Limits(),  # noqa: B008 (frozen)
    epochs: int | None = None,
    accuracy: float | None = None,
) -> tuple[Limit, ...]:
    """Return each limit that is asked for, with whether it holds and why.

    Args:
        design: The design.
        found: What is known of it.
        limits: Which limits.
        epochs: How many it was trained for; None where it was not trained.
        accuracy: The share of images that it classifies correctly; None where it was not trained.

    >>> from model.design.assess import assess
    >>> from model.design.text import read
    >>> design = read("conv 10 28")
    >>> [limit.holds for limit in check(design, assess(design), Limits(batch_norm=False, dropout=False))]
    [True, True, False, None, None]
    """
    return tuple(_limits(design, found, limits, epochs, accuracy))


def _limits(
    design: Design, found: Assessment, limits: Limits, epochs: int | None, accuracy: float | None
) -> Iterator[Limit]:
    if limits.parameters is not None:
        yield _fewer("parameters", found.parameters, limits.parameters, found)
    if limits.multiply_accumulates is not None:
        yield _fewer("multiply-accumulates", found.multiply_accumulates, limits.multiply_accumulates, found)
    if limits.no_linear:
        linear = _named(design, found, lambda kind: kind == "linear")
        evidence = f"{', '.join(linear)} {'is' if len(linear) == 1 else 'are'} fully connected" if linear else "none"
        yield Limit("no fully connected layer", not linear, evidence)
    if limits.mean_at_end:
        yield _mean_at_end(design, found.rows)
    for asked, kinds, what in (
        (limits.batch_norm, ("bn",), "batch norm"),
        (limits.dropout, ("dropout", "dropout2d"), "dropout"),
    ):
        if asked:
            named = _named(design, found, kinds.__contains__)
            yield Limit(f"uses {what}", bool(named), f"{len(named)} of them" if named else "none")
    if limits.epochs is not None:
        holds = None if epochs is None else epochs < limits.epochs
        yield Limit(f"fewer than {limits.epochs} epochs", holds, _trained(epochs, "trained for {}"))
    if limits.accuracy is not None:
        holds = None if accuracy is None else accuracy >= limits.accuracy
        said = None if accuracy is None else f"{100 * accuracy:.2f} %"
        yield Limit(f"at least {100 * limits.accuracy:g} % correct", holds, _trained(said, "{} of the images"))


def _fewer(what: str, value: int, most: int, found: Assessment) -> Limit:
    """Compare a sum; while a layer cannot run, the sum can only grow, so it may already be too large."""
    whole = all(row.works for row in found.rows)
    holds = value < most if whole or value >= most else None
    said = "" if whole else " in the layers that can run"
    return Limit(f"fewer than {most:,} {what}", holds, f"{value:,}{said}")


def _named(design: Design, found: Assessment, asked: Callable[[str], bool]) -> list[str]:
    return [row.name for layer, row in zip(design.layers, found.rows, strict=True) if asked(layer.kind)]


def _mean_at_end(design: Design, rows: Sequence[Row]) -> Limit:
    """A mean over the whole map, after which there are only 1 × 1 convolutions, as in the assignment."""
    name = "a mean over the whole map at the end"
    for layer, row in reversed([*zip(design.layers, rows, strict=True)]):
        pointwise = layer.kind == "conv" and layer.settings["size"] == (1, 1)
        if layer.kind not in _WINDOWS or pointwise:
            continue
        whole = layer.kind == "gap" or (layer.kind == "avg" and row.shape[1:] == (1, 1))
        return Limit(name, whole if row.works else None, f"the last window is that of {row.name} ({row.text})")
    return Limit(name, False, "there is none")


def _trained(value: object, said: str) -> str:
    return "not trained" if value is None else said.format(value)
