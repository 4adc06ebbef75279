"""What two or more inputs give together, and what stored tensors give."""

from model.graph.shapes.axes import check_axes, rearranged
from model.graph.shapes.records import Given, Misfit, Result, Value, written


def cat(given: Given) -> Result:
    """Join inputs along one axis."""
    axis, first = given["dim"], given.value
    check_axes([axis], first)
    others = {value.sides[:axis] + value.sides[axis + 1 :] for value in given.inputs}
    if len(others) > 1 or len({(bool(value.batch), len(value.sides)) for value in given.inputs}) > 1:
        shapes = ", ".join(written(value.shape) for value in given.inputs[:4])
        raise Misfit(f"It joins {shapes}.", "All axes but one must agree.")
    sides = list(first.sides)
    sides[axis] = sum(value.sides[axis] for value in given.inputs)
    return rearranged(first, sides)


def two(given: Given) -> Result:
    """Broadcast two tensors; a number in the place of the second changes no shape."""
    if ("value" in given.settings) == (len(given.inputs) == 2):
        raise Misfit("It has not two operands.", "It has two inputs, or one and a number.")
    if len(given.inputs) == 1:
        return Result(given.value)
    one, other = sorted(given.inputs, key=lambda value: not value.batch)  # one with a batch first
    if one.batch:
        small = other.batch in {0, one.batch} and len(other.sides) <= len(one.sides)
        aligned = other.batch and len(other.sides) == len(one.sides)
        if not small or not (
            aligned or (not other.batch and (other.sides[:1] == (1,) or len(other.sides) < len(one.sides)))
        ):
            raise Misfit(f"Its inputs are {one.sides} and {other.sides}.", "Batch must meet batch.")
    longest = max(len(one.sides), len(other.sides))
    rows = [(1,) * (longest - len(value.sides)) + value.sides for value in (one, other)]
    if any(a != b and 1 not in {a, b} for a, b in zip(*rows, strict=True)):
        raise Misfit(f"Its inputs are {one.sides} and {other.sides}.", "Sizes must agree or be 1.")
    return rearranged(one, [max(a, b) for a, b in zip(*rows, strict=True)])


def div(given: Given) -> Result:
    """Divide as ``two`` does; a number must not be 0."""
    if given.settings.get("value") == 0:
        raise Misfit("It divides by 0.", "A divisor is not 0.")
    return two(given)


def stored(given: Given) -> Result:
    """Give a stored tensor, which has no axis for the batch."""
    return Result(Value(0, given.tensors["value"]))
