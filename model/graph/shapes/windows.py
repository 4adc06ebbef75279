"""What convolutions and pools give: maps that become smaller, or larger again."""

import math
from collections.abc import Sequence

from model.graph.shapes.channels import fits
from model.graph.shapes.records import Given, Misfit, Result, Value, written


def conv(given: Given) -> Result:
    """Give the maps of a convolution."""
    channels, *sides = given.maps()
    weight, groups = given.tensors["weight"], given["groups"]
    if len(weight) != 4 or weight[1] * groups != channels or weight[0] % groups:
        raise Misfit(
            f"Its weight {written(weight)} in {groups} groups does not fit {channels} channels.",
            "It is (out, in / groups, height, width).",
        )
    _check_kernel(given)
    out = weight[0]
    fits(given, "bias", (out,))
    spread = [d * (k - 1) + 1 for d, k in zip(given["dilation"], weight[2:], strict=True)]
    if given["padding"] == "same":
        if given["stride"] != (1, 1):
            raise Misfit("Its padding is 'same' with a stride.", "'same' needs the stride (1, 1).")
    else:
        reach = zip(sides, given["padding"], spread, given["stride"], strict=True)
        sides = [(side + 2 * padding - size) // stride + 1 for side, padding, size, stride in reach]
    _check_sides(sides, given.value)
    columns = given.value.batch * math.prod(weight[1:]) * groups * math.prod(sides)
    return Result(Value(given.value.batch, (out, *sides)), columns // groups * out, columns)


def conv_transpose(given: Given) -> Result:
    """Give the maps of a transposed convolution."""
    channels, *sides = given.maps()
    weight, groups = given.tensors["weight"], given["groups"]
    if len(weight) != 4 or weight[0] != channels or channels % groups:
        raise Misfit(
            f"Its weight {written(weight)} in {groups} groups does not fit {channels} channels.",
            "It is (in, out / groups, height, width).",
        )
    _check_kernel(given)
    out, kernel = weight[1] * groups, weight[2:]
    fits(given, "bias", (out,))
    found = []
    for axis, side in enumerate(sides):
        stride, dilation, extra = (given[name][axis] for name in ("stride", "dilation", "output_padding"))
        if extra >= max(stride, dilation):
            raise Misfit(f"Its output padding is {extra}.", "It is smaller than the stride or the dilation.")
        reach = dilation * (kernel[axis] - 1) + 1
        found.append((side - 1) * stride - 2 * given["padding"][axis] + reach + extra)
    _check_sides(found, given.value)
    columns = given.value.batch * math.prod(kernel) * out * math.prod(sides)
    return Result(Value(given.value.batch, (out, *found)), columns // groups * channels, columns)


def _check_kernel(given: Given) -> None:
    kernel = given.tensors["weight"][2:]
    if kernel != given["kernel"]:
        raise Misfit(f"Its kernel is {written(given['kernel'])}, its weight's {written(kernel)}.", "They must agree.")


def _check_sides(sides: Sequence[int], value: Value) -> None:
    """Raise Misfit for maps without a pixel."""
    if min(sides) < 1:
        raise Misfit(f"It would give maps of {written(sides)} from {written(value.shape)}.", "Each side is at least 1.")


def pool(given: Given) -> Result:
    """Give one value for each window, as PyTorch counts windows at the border."""
    channels, *sides = given.maps()
    found = []
    for axis, side in enumerate(sides):
        kernel, stride, padding = (given[name][axis] for name in ("kernel", "stride", "padding"))
        dilation = given["dilation"][axis] if "dilation" in given.settings else 1
        if padding > kernel // 2:
            raise Misfit(f"Its padding is {padding} and its kernel {kernel}.", "A padding is at most half the kernel.")
        room = side + 2 * padding - dilation * (kernel - 1) - 1
        out = (room + (stride - 1 if given["ceil"] else 0)) // stride + 1 if room >= 0 or given["ceil"] else 0
        if given["ceil"] and (out - 1) * stride >= side + padding:
            out -= 1
        found.append(out)
    _check_sides(found, given.value)
    result = Value(given.value.batch, (channels, *found))
    return Result(result, comparisons=result.size * math.prod(given["kernel"]))


def adaptive(given: Given) -> Result:
    """Give maps of the size that is set."""
    channels, *_ = given.maps()
    return Result(Value(given.value.batch, (channels, *given["size"])))
