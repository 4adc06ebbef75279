"""What goes into the file: it comes out as it was, and what does not fit is left out and named."""

import base64
import json
import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viz.walkthrough import payload


def unpack(text: str) -> dict[str, Any]:
    """Read a content as the browser does; arrays come back as arrays."""
    data = zlib.decompress(base64.b64decode(text))
    (length,) = struct.unpack_from("<I", data)
    head, start = json.loads(data[4 : 4 + length]), 4 + length
    assert start % 8 == 0

    def given(value: Any) -> Any:
        if isinstance(value, dict) and "array" in value:
            return np.frombuffer(data, value["array"], value["length"], start + value["begin"])
        if isinstance(value, dict):
            return {key: given(each) for key, each in value.items()}
        return [given(each) for each in value] if isinstance(value, list) else value

    found: dict[str, Any] = given(head)
    return found


def step(name: str, *inputs: str, values: int = 10, weights: int = 0) -> dict[str, Any]:
    """Return a step with so many random values, which do not become smaller, and weights."""
    draw = np.random.default_rng(len(name))
    recipe = {"rule": "sum", "arrays": {"weight": draw.random(weights, np.float32)}} if weights else None
    pictures = ["data:,"]
    return {
        "name": name,
        "inputs": inputs,
        "values": draw.random(values, np.float32),
        "pictures": pictures,
        "recipe": recipe,
    }


def content(*steps: dict[str, Any]) -> dict[str, Any]:
    return {"image": step("image"), "steps": list(steps)}


def lacks(found: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each["lacks"] for each in found["steps"]}


def test_what_goes_in_comes_out() -> None:
    arrays: dict[str, NDArray[Any]] = {
        "a": np.asarray([1.5, -2], np.float32),
        "b": np.asarray([np.pi], np.float64),
        "c": np.asarray([-1, 7, 9], np.int32),
    }
    found = unpack(payload.encode({"text": "Ⓐ </script> \"'", "numbers": [1, 2.5, None], **arrays}))
    assert (found["text"], found["numbers"]) == ("Ⓐ </script> \"'", [1, 2.5, None])
    for name, array in arrays.items():
        assert (found[name].dtype, found[name].tolist()) == (array.dtype, array.tolist())


def test_what_fits_is_all_there() -> None:
    found = payload.fitted(content(step("a", "image", weights=9), step("b", "a")), 1_000_000)
    assert lacks(found) == {"a": "", "b": ""}
    assert payload.lacking(found) == {}
    assert found["steps"][0]["recipe"]["arrays"]["weight"].size == 9


def test_the_largest_weights_are_left_out_first_and_their_step_keeps_its_values() -> None:
    every = content(step("a", "image", weights=9), step("b", "a", weights=9_000), step("c", "b", weights=900))
    found = payload.fitted(every, 10_000)
    assert lacks(found) == {"a": "", "b": "weights", "c": ""}
    assert payload.lacking(found) == {"weights": ["b"]}
    one = found["steps"][1]
    assert (one["recipe"], one["values"].size, len(one["pictures"])) == (None, 10, 1)
    assert len(payload.encode(found)) <= 10_000


def test_without_values_nothing_that_takes_them_is_worked_out() -> None:
    every = content(
        step("a", "image", values=9_000), step("b", "a", weights=90), step("c", "b", weights=90), step("d", "b", "a")
    )
    found = payload.fitted(every, 10_000)
    assert lacks(found) == {"a": "values", "b": "inputs", "c": "", "d": "inputs"}
    assert (found["steps"][0]["values"], found["steps"][0]["pictures"]) == (None, [])
    assert found["steps"][1]["recipe"] is None
    assert found["steps"][2]["recipe"] is not None
    assert len(payload.encode(found)) <= 10_000


def test_a_content_is_not_changed() -> None:
    every = content(step("a", "image", values=9_000, weights=9_000))
    payload.fitted(every, 5_000)
    assert every["steps"][0]["values"].size == 9_000
    assert "lacks" not in every["steps"][0]
