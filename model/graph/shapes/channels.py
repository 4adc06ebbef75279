"""What linear layers, norms and shuffles give: they depend on the number of channels or features."""

from model.graph.shapes.records import Given, Misfit, Result, Shape, Value, written


def unchanged(given: Given) -> Result:
    """Give the same shape."""
    return Result(given.value)


def linear(given: Given) -> Result:
    """Give as many features as the weight has rows."""
    weight, value = given.tensors["weight"], given.value
    if len(weight) != 2 or not value.shape or value.shape[-1] != weight[1]:
        raise Misfit(f"Its weight {written(weight)} does not fit an input {written(value.shape)}.", "It is (out, in).")
    fits(given, "bias", (weight[0],))
    result = Value(value.batch, (*value.shape[:-1], weight[0]))
    return Result(result, result.size * weight[1])


def _per_channel(given: Given) -> Result:
    """Give the same shape; each tensor has one number for each channel."""
    value = given.value
    if not value.batch or not 1 <= len(value.shape) <= 3:
        raise Misfit(f"Its input has the shape {value.sides}.", "It needs (N, C), (N, C, L) or (N, C, H, W).")
    for role in ("weight", "bias", "running_mean", "running_var"):
        fits(given, role, (value.shape[0],))
    return Result(value)


def batch_norm(given: Given) -> Result:
    """Give the same shape; statistics are either stored or of the batch."""
    fits(given, "num_batches_tracked", ())
    tracked = ("running_mean" in given.tensors) + ("running_var" in given.tensors)
    if tracked == 1 or given["batch_statistics"] == bool(tracked):
        raise Misfit("Its running statistics are not complete.", "It has both, or neither and batch_statistics.")
    return _per_channel(given)


def group_norm(given: Given) -> Result:
    """Give the same shape; the groups divide the channels."""
    found = _per_channel(given)
    if given.value.shape[0] % given["groups"]:
        raise Misfit(f"It has {given['groups']} groups for {given.value.shape[0]} channels.", "Groups are equal.")
    return found


def instance_norm(given: Given) -> Result:
    """Give the same shape of feature maps."""
    given.maps()
    return _per_channel(given)


def layer_norm(given: Given) -> Result:
    """Give the same shape; the last axes are normed."""
    shape, value = given["shape"], given.value
    if len(shape) > len(value.shape) or value.shape[len(value.shape) - len(shape) :] != shape:
        raise Misfit(f"It norms {written(shape)} of an input {written(value.shape)}.", "It must be the last axes.")
    for role in ("weight", "bias"):
        fits(given, role, shape)
    return Result(value)


def prelu(given: Given) -> Result:
    """Give the same shape; there is one slope, or one for each channel."""
    if given.tensors["weight"] not in {(1,), given.value.shape[:1]}:
        raise Misfit(f"Its weight is {written(given.tensors['weight'])}.", "It is (1,) or has a number a channel.")
    return Result(given.value)


def channel_shuffle(given: Given) -> Result:
    """Give the same shape; the groups divide the channels."""
    if given.maps()[0] % given["groups"]:
        raise Misfit(f"It has {given['groups']} groups for {given.maps()[0]} channels.", "Groups are equal.")
    return Result(given.value)


def pixel_shuffle(given: Given) -> Result:
    """Turn channels into larger maps."""
    channels, height, width = given.maps()
    factor = given["factor"]
    if channels % factor**2:
        raise Misfit(f"Its factor is {factor} for {channels} channels.", "Its square must divide them.")
    return Result(Value(given.value.batch, (channels // factor**2, height * factor, width * factor)))


def fits(given: Given, role: str, shape: Shape) -> None:
    """Raise Misfit where a tensor is there and has another shape."""
    found = given.tensors.get(role)
    if found is not None and found != shape:
        raise Misfit(f"Its {role} has the shape {written(found)}.", f"It must be {written(shape)}.")
