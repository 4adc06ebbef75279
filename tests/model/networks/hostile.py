"""Network files that somebody made to do harm: ``python -m tests.model.networks.hostile`` tells what each one takes.

Every case is a change of one small valid file. Each is read in a process of its own, which may take little memory.
"""

import io
import json
import resource
import struct
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from model.networks.file import read
from tests.fuzz import attempt

WHOLE = Path(__file__).with_name("torch-2.6.glass")
FILES = ("network.json", "weights.safetensors", "check.safetensors")
Parts = dict[str, bytes]
Header = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Case:
    """A file and the words that its refusal must have."""

    name: str
    make: Callable[[], bytes]
    said: str


def parts() -> Parts:
    """Return the three parts of the valid file."""
    with zipfile.ZipFile(WHOLE) as archive:
        return {name: archive.read(name) for name in FILES}


def document() -> dict[str, Any]:
    """Return what the valid file says of its network."""
    found: dict[str, Any] = json.loads(parts()["network.json"])
    return found


def packed(given: Parts, method: int = zipfile.ZIP_STORED) -> bytes:
    """Return a zip of some parts."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in given.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return file.getvalue()


def with_part(name: str, data: bytes, method: int = zipfile.ZIP_STORED) -> bytes:
    return packed(parts() | {name: data}, method)


def with_document(change: Callable[[dict[str, Any]], object]) -> bytes:
    """Return the valid file with another document."""
    changed = document()
    change(changed)
    return with_part("network.json", json.dumps(changed).encode())


def node(changed: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a node of a document."""
    found: dict[str, Any] = next(each for each in changed["nodes"] if each["name"] == name)
    return found


def with_setting(name: str, setting: str, value: Any) -> bytes:
    return with_document(lambda changed: node(changed, name)["settings"].update({setting: value}))


def with_node(op: str, settings: dict[str, Any], inputs: tuple[str, ...] = ("relu-1",), **more: Any) -> bytes:
    """Return the valid file with one more node after the first ReLU, whose result is not used."""
    made = {"name": "more-1", "op": op, "inputs": list(inputs), "settings": settings, "tensors": {}}
    made |= {"path": "", "kind": "", "line": ""} | more
    return with_document(lambda changed: changed["nodes"].insert(2, made))


def tensors(name: str) -> tuple[Header, bytes]:
    """Return the header and the numbers of a safetensors part."""
    data = parts()[name]
    length = struct.unpack("<Q", data[:8])[0]
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def with_header(change: Callable[[Header], object], name: str = FILES[1], numbers: bytes | None = None) -> bytes:
    """Return the valid file with another header of a safetensors part."""
    header, data = tensors(name)
    change(header)
    written = json.dumps(header).encode()
    return with_part(name, struct.pack("<Q", len(written)) + written + (data if numbers is None else numbers))


def with_numbers(key: str, value: float, name: str = FILES[1], *, everywhere: bool = False) -> bytes:
    """Return the valid file with another first number of a tensor, or with all of them replaced."""
    header, data = tensors(name)
    start, end = header[key]["data_offsets"]
    kind = np.dtype("<f4" if header[key]["dtype"] == "F32" else "<i8")
    numbers = np.frombuffer(data[start:end], kind).copy()
    numbers[: None if everywhere else 1] = value
    return with_header(lambda _: None, name, data[:start] + numbers.tobytes() + data[end:])


# The zip


def many_entries(count: int) -> bytes:
    """Return a zip whose directory lists one part many times."""
    local = struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 0, 0, 33, 0, 0, 0, 1, 0) + b"a"
    entry = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 0, 0, 33, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    directory = entry * count
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count & 0xFFFF, count & 0xFFFF, len(directory), len(local), 0)
    return local + directory + end


def with_entry(change: Callable[[zipfile.ZipInfo], object]) -> bytes:
    """Return the valid file with another first entry."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number, (name, data) in enumerate(parts().items()):
            entry = zipfile.ZipInfo(name)
            if number == 0:
                change(entry)
            archive.writestr(entry, data, entry.compress_type)
    return file.getvalue()


def patched(field: int, value: bytes) -> bytes:
    """Return the valid file with some bytes of its first directory entry replaced."""
    data = bytearray(WHOLE.read_bytes())
    start = data.index(b"PK\x01\x02")
    data[start + field : start + field + len(value)] = value
    return bytes(data)


def overlapping() -> bytes:
    """Return the valid file with its second entry where the first one is."""
    data = bytearray(WHOLE.read_bytes())
    first = data.index(b"PK\x01\x02")
    second = data.index(b"PK\x01\x02", first + 4)
    data[second + 42 : second + 46] = data[first + 42 : first + 46]
    return bytes(data)


def bomb() -> bytes:
    return with_part(FILES[1], bytes(600_000_000), zipfile.ZIP_DEFLATED)


def long_deflate() -> bytes:
    """Return a part that unpacks to much more than its entry says."""
    data = bytearray(with_part(FILES[0], b" " * 50_000_000, zipfile.ZIP_DEFLATED))
    size = (900_000).to_bytes(4, "little")
    start = data.index(b"PK\x01\x02")
    data[start + 24 : start + 28] = data[22:26] = size
    return bytes(data)


def saved(*, zipped: bool) -> bytes:
    """Return weights alone, in one of PyTorch's two formats."""
    file = io.BytesIO()
    torch.save(nn.Linear(2, 1).state_dict(), file, _use_new_zipfile_serialization=zipped)
    return file.getvalue()


def zips() -> Iterator[Case]:
    """Yield damage to the zip."""
    name_field = 46
    yield Case("no zip", lambda: b"hello", "is not a zip")
    yield Case("weights", lambda: saved(zipped=True), "holds weights, as torch.save writes")
    yield Case("weights as they were saved before", lambda: saved(zipped=False), "holds weights, as torch.save writes")
    yield Case("safetensors", lambda: parts()[FILES[1]], "holds weights, as safetensors writes")
    yield Case("a directory of 300,000 entries", lambda: many_entries(300_000), "37,856 entries")
    yield Case("no entries", lambda: packed({}), "is not a zip")
    yield Case("two entries", lambda: packed(dict(list(parts().items())[:2])), "2 entries")
    yield Case("four entries", lambda: packed(parts() | {"more": b""}), "4 entries")
    yield Case("another name", lambda: patched(name_field, b"network.JSON"), "'network.JSON'")
    yield Case("an absolute name", lambda: patched(name_field, b"/etc/passwd!"), "'/etc/passwd!'")
    yield Case("a name that climbs", lambda: patched(name_field, b"../../a.json"), "'../../a.json'")
    yield Case("a duplicate", duplicate, "two entries 'network.json'")
    yield Case("an overlap", overlapping, "say different things")
    yield Case("encrypted", lambda: patched(8, b"\x01\x00"), "is encrypted")
    yield Case("other flags", lambda: patched(8, b"\x08\x00"), "has flags 0x0008")
    link = (0o120777 << 16).to_bytes(4, "little")
    yield Case("a link", lambda: patched(38, link), "is a link")
    yield Case("packed by bzip2", lambda: packed(parts(), zipfile.ZIP_BZIP2), "method 12")
    yield Case("packed by LZMA", lambda: packed(parts(), zipfile.ZIP_LZMA), "method 14")
    yield Case("a size that lies", lambda: patched(24, (999).to_bytes(4, "little")), "say different things")
    yield Case("a packed size that lies", lambda: patched(20, (999).to_bytes(4, "little")), "say different things")
    yield Case("more than it says", long_deflate, "longer or shorter than it says")
    yield Case("zeros that were packed", bomb, "would grow from")
    yield Case("a ratio", lambda: patched(24, (0x7FFFFFFF).to_bytes(4, "little")), "say different things")
    yield Case("a check sum", lambda: WHOLE.read_bytes().replace(b'"circle"', b'"Circle"'), "check sum differs")
    yield Case("cut", lambda: WHOLE.read_bytes()[:-9], "The zip's end is cut off")
    yield Case("a byte more", lambda: WHOLE.read_bytes() + b"!", "The zip's end is cut off")
    yield Case("a byte before", lambda: b"!" + WHOLE.read_bytes(), "is not a zip")
    yield Case("too large", lambda: b"PK\x03\x04" + bytes(800_000_000), "At most 769,")


def duplicate() -> bytes:
    whole = packed({FILES[0]: b"{}", "network.jsoN": b"{}", FILES[2]: b""})
    return whole.replace(b"network.jsoN", b"network.json")


# The JSON


def texts() -> Iterator[Case]:
    """Yield damage to the JSON as text."""

    def json_of(data: bytes) -> Callable[[], bytes]:
        return lambda: with_part(FILES[0], data)

    text = parts()[FILES[0]].decode()
    deep = b"[" * 100_000
    yield Case("depth of 100,000", json_of(deep), "100,000 brackets")
    yield Case("depth of 70,000", json_of(b'{"a":' * 70_000 + b"1" + b"}" * 70_000), "nested too deeply")
    yield Case(
        "5,000 digits", json_of(text.replace('"version":1', f'"version":{"9" * 5_000}').encode()), "5,000 digits"
    )
    yield Case("NaN", json_of(text.replace('"version":1', '"version":NaN').encode()), "the number NaN")
    yield Case("Infinity", json_of(text.replace('"version":1', '"version":-Infinity').encode()), "-Infinity")
    yield Case("1e999", json_of(text.replace('"version":1', '"version":1e999').encode()), "the number 1e999")
    yield Case("a key twice", json_of(text.replace('"version":1', '"version":1,"version":1').encode()), "a key twice")
    yield Case("half a character", json_of(text.replace("A small", "\\ud800").encode()), "lone surrogate")
    yield Case("half a character in a class", json_of(text.replace("circle", "\\udfff").encode()), "U+DFFF")
    yield Case("UTF-16", json_of(text.encode("utf-16")), "is not")
    yield Case("a byte order mark", json_of(b"\xef\xbb\xbf" + text.encode()), "is not JSON")
    yield Case("not UTF-8", json_of(b'"\xff"'), "is not UTF-8")
    yield Case("a list", json_of(b"[]"), "The document lacks")
    yield Case("no JSON", json_of(b"{"), "is not JSON")
    yield Case("2 MB", json_of(b" " * 2_000_000), "2,000,000 bytes")
    yield Case("many strings", json_of(b'["",' + b'"",' * 340_000 + b'""]'), "The document lacks")


def titles() -> Iterator[Case]:
    """Yield titles, classes and paths that are no plain text."""
    bad = {
        "HTML": ("<script>", "holds '<'"),
        "Markdown": ("![a](b)", "holds '['"),
        "a formula": ("=cmd()", "holds '='"),
        "a bidirectional mark": ("a\u202eb", "U+202E"),
        "a new line": ("a\nb", "U+000A"),
        "an entity": ("&lt;", "holds '&lt;'"),
        "a megabyte": ("a" * 900_000, "900,000 characters"),
        "nothing": ("", "is empty"),
        "no text": (7, "is no text"),
    }
    for name, (text, said) in bad.items():
        yield Case(f"title: {name}", partial(with_text, text, _retitle), said)
        yield Case(f"class: {name}", partial(with_text, text, _rename_class), said)
        if text:
            yield Case(f"path: {name}", partial(with_text, text, _move), said)


def with_text(text: object, put: Callable[[dict[str, Any], object], None]) -> bytes:
    """Return the valid file with another text somewhere."""
    return with_document(lambda changed: put(changed, text))


def _retitle(changed: dict[str, Any], text: object) -> None:
    changed["title"] = text


def _rename_class(changed: dict[str, Any], text: object) -> None:
    changed["classes"][0] = text


def _move(changed: dict[str, Any], text: object) -> None:
    changed["nodes"][0]["path"] = text


# The graph


def graphs() -> Iterator[Case]:
    """Yield networks that cannot be, or that are too large."""
    yield Case("another format", lambda: with_document(lambda d: d.update(format="x")), "of the format 'x'")
    yield Case("another version", lambda: with_document(lambda d: d.update(version=2)), "version 2")
    yield Case("version true", lambda: with_document(lambda d: d.update(version=True)), "version True")
    yield Case("a key too much", lambda: with_document(lambda d: d.update(code="import os")), "has 'code' too much")
    yield Case(
        "an unknown operation", lambda: with_document(lambda d: d["nodes"][1].update(op="eval")), "computes 'eval'"
    )
    yield Case("dilation 2**62", lambda: with_setting("Conv2d-1", "dilation", [2**62, 1]), "4611686018427387904")
    yield Case("stride 0", lambda: with_setting("Conv2d-1", "stride", [0, 1]), "Its stride is 0")
    yield Case("a negative padding", lambda: with_setting("Conv2d-1", "padding", [-1, 1]), "Its padding is -1")
    yield Case("a padding of 2,000", lambda: with_setting("Conv2d-1", "padding", [2_000, 1]), "Its padding is 2000")
    yield Case("a false kernel", lambda: with_setting("Conv2d-1", "kernel", [5, 5]), "They must agree")
    yield Case("groups 0", lambda: with_setting("Conv2d-1", "groups", 0), "Its groups is 0")
    yield Case("groups that do not divide", lambda: with_setting("Conv2d-1", "groups", 3), "in 3 groups")
    yield Case("groups true", lambda: with_setting("Conv2d-1", "groups", True), "Its groups is True")
    yield Case("a kernel of text", lambda: with_setting("max_pool2d-4", "kernel", "ab"), "Its kernel is 'ab'")
    yield Case("a pool of 0", lambda: with_setting("max_pool2d-4", "kernel", [0, 4]), "Its kernel is 0")
    yield Case("a pool that is too large", lambda: with_setting("max_pool2d-4", "kernel", [9, 9]), "Each side is at")
    yield Case("eps 0", lambda: with_setting("BatchNorm2d-3", "eps", 0), "Its eps is 0")
    yield Case("a setting too much", lambda: with_setting("relu-1", "inplace", True), "has the settings 'inplace'")
    yield Case("adaptive pool to 0", lambda: with_node("adaptive_avg_pool2d", {"size": [0, 1]}), "Its size is 0")
    yield Case("adaptive pool to 30,000", lambda: with_node("adaptive_avg_pool2d", {"size": [30_000] * 2}), "30000")
    yield Case("a pad below 0", lambda: with_node("pad", {"pads": [-1, 0], "mode": "constant", "value": 0}), "is -1")
    yield Case("division by 0", lambda: with_node("div", {"value": 0}), "divides by 0")
    yield Case("a step of 0", lambda: with_node("slice", {"dim": 1, "start": 0, "end": 2, "step": 0}), "Its step is 0")
    avg = {"kernel": [2, 2], "stride": [2, 2], "padding": [0, 0], "ceil": False, "count_include_pad": True}
    yield Case("a divisor of 0", lambda: with_node("avg_pool2d", avg | {"divisor": 0}), "Its divisor is 0")
    yield Case("a view of another size", lambda: with_node("view", {"batch": 1, "shape": [7]}), "As many numbers")
    yield Case("softmax over the batch", lambda: with_node("softmax", {"dim": 0}), "works on the axes (0)")
    yield Case("a moved batch", lambda: with_node("permute", {"dims": [1, 0, 2, 3]}), "and the batch first")
    yield Case("a reference forward", lambda: with_node("relu", {}, ("Linear-5",)), "takes 'Linear-5'")
    yield Case("a cycle", lambda: with_document(lambda d: d["nodes"][0].update(inputs=["relu-1"])), "takes 'relu-1'")
    yield Case("two outputs", lambda: with_node("relu", {}), "Nothing uses 'more-1'")
    yield Case("a name twice", lambda: with_document(lambda d: d["nodes"][1].update(name="Conv2d-1")), "Two nodes have")
    yield Case(
        "logits elsewhere", lambda: with_document(lambda d: d.update(logits="relu-1")), "The logits are 'relu-1'"
    )
    yield Case("no nodes", lambda: with_document(lambda d: d.update(nodes=[])), "The")
    yield Case("2,001 nodes", lambda: with_document(lambda d: d.update(nodes=d["nodes"] * 200)), "nodes")
    yield Case("cat forty times", doubled, "take more than")
    yield Case("a broadcast", broadcast, "take more than")
    yield Case("transposed convolutions", transposed, "take more than")
    yield Case("a pool over a million places", pooled, "multiply-accumulates and comparisons")
    yield Case("a gigantic picture", lambda: with_document(lambda d: d["input"].update(height=10**9)), "1000000000")
    yield Case("two classes too few", lambda: with_document(lambda d: d.update(classes=["a"])), "has 1 classes")
    yield Case("a class twice", lambda: with_document(lambda d: d.update(classes=["a", "a", "b"])), "a name of its own")
    yield Case("a false count", lambda: with_document(lambda d: d["parameters"].update(used=1)), "counts 1 parameters")
    yield Case("std 0", lambda: with_document(lambda d: d["input"].update(std=[0, 1])), "The input's std is 0")
    yield Case(
        "a history of text", lambda: with_document(lambda d: d.update(history=[{"loss": "x"}])), "The history is"
    )


def pooled() -> bytes:
    """Return a network that takes the largest of a million values, a million times."""

    def change(changed: dict[str, Any]) -> None:
        pad = {"pads": [500, 500] * 2, "mode": "constant", "value": 0}
        window = {"kernel": [1024] * 2, "stride": [1, 1], "padding": [512] * 2, "ceil": False, "dilation": [1, 1]}
        more = {"tensors": {}, "path": "", "kind": "", "line": ""}
        made = {"name": "pad-1", "op": "pad", "inputs": ["relu-1"], "settings": pad}
        pool = {"name": "max_pool2d-1", "op": "max_pool2d", "inputs": ["pad-1"], "settings": window}
        changed["nodes"][2:2] = [made | more, pool | more]

    return with_document(change)


def doubled() -> bytes:
    """Return a network that joins a tensor to itself, forty times over."""

    def change(changed: dict[str, Any]) -> None:
        last = "relu-1"
        for number in range(40):
            made = {"name": f"cat-1.{number + 2}", "op": "cat", "inputs": [last] * 2, "settings": {"dim": 1}}
            last = str(made["name"])
            changed["nodes"].insert(number + 2, made | {"tensors": {}, "path": "", "kind": "", "line": ""})

    return with_document(change)


def broadcast() -> bytes:
    """Return a network that adds a column of 100,000 to a row of 100,000."""

    def change(changed: dict[str, Any]) -> None:
        made = []
        for name, op, inputs, settings in (
            *(("pad-1", "pad", ["relu-1"], {"pads": [500, 500] * 2, "mode": "constant", "value": 0}),),
            *(("view-1", "view", ["pad-1"], {"batch": 1, "shape": [4 * 1008 * 1008, 1]}),),
            *(("view-1.2", "view", ["pad-1"], {"batch": 1, "shape": [1, 4 * 1008 * 1008]}),),
            *(("add-1", "add", ["view-1", "view-1.2"], {}),),
        ):
            made.append({"name": name, "op": op, "inputs": inputs, "settings": settings})
        for number, each in enumerate(made):
            changed["nodes"].insert(2 + number, each | {"tensors": {}, "path": "", "kind": "", "line": ""})

    return with_document(change)


def transposed() -> bytes:
    """Return a network whose maps grow a thousand times in each direction, twice."""

    def change(changed: dict[str, Any]) -> None:
        settings = {
            "stride": [1024] * 2,
            "padding": [0, 0],
            "kernel": [3, 3],
            "output_padding": [0, 0],
            "dilation": [1, 1],
            "groups": 1,
        }
        last = "relu-1"
        for number in (2, 3):
            made = {"name": f"up-1.{number}", "op": "conv_transpose2d", "inputs": [last], "settings": settings}
            last = str(made["name"])
            more = {"tensors": {"weight": "conv.weight"}, "path": "", "kind": "", "line": ""}
            changed["nodes"].insert(number, made | more)

    return with_document(change)


# The weights and the check


def weights() -> Iterator[Case]:
    """Yield damage to the tensors."""
    entry = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
    many = {f"t{number}": entry for number in range(300_000)}
    yield Case("300,000 tensors", lambda: with_header(lambda h: h.update(many)), "The header of")
    yield Case("20,000 tensors", lambda: with_header(lambda h: h.update(list(many.items())[:20_000])), "The header of")
    yield Case("a shape of [0, 10**12]", lambda: with_header(lambda h: h["fc.bias"].update(shape=[0, 10**12])), "shape")
    yield Case("half precision", lambda: with_header(lambda h: h["fc.bias"].update(dtype="F16")), "the type 'F16'")
    yield Case("a tensor that is missing", lambda: with_header(lambda h: h.pop("fc.bias")), "lie in a row")
    yield Case(
        "an overlap of tensors",
        lambda: with_header(lambda h: h["fc.bias"].update(data_offsets=[0, 12])),
        "lie in a row",
    )
    yield Case(
        "another shape", lambda: with_header(lambda h: h["fc.bias"].update(shape=[3, 1])), "Its bias has the shape"
    )
    yield Case("metadata", lambda: with_header(lambda h: h.update(__metadata__={"a": "b"})), "'__metadata__'")
    yield Case("a giant that nothing uses", giant, "which nothing uses")
    yield Case("a weight of NaN", lambda: with_numbers("fc.bias", float("nan")), "not finite")
    yield Case("an infinite weight", lambda: with_numbers("fc.bias", float("inf")), "not finite")
    yield Case("a negative variance", lambda: with_numbers("norm.running_var", -1), "No variance is below 0")
    yield Case("a negative counter", lambda: with_numbers("norm.num_batches_tracked", -1), "No variance is below 0")
    yield Case("other weights", lambda: with_numbers("fc.bias", 3), "gives other logits than its author's code")
    yield Case("a check of NaN", lambda: with_numbers("logits", float("nan"), FILES[2]), "not finite")
    yield Case(
        "a constant check", lambda: with_numbers("images", 1, FILES[2], everywhere=True), "pictures of one colour"
    )
    yield Case("the same logits", lambda: with_numbers("logits", 1, FILES[2], everywhere=True), "all the same")
    yield Case("no check", lambda: with_part(FILES[2], b"\x02\0\0\0\0\0\0\0{}"), "other tensors than its images")
    yield Case("no weights", lambda: with_part(FILES[1], b""), "The header of")


def giant(count: int = 20_000_000) -> bytes:
    """Return a file with a tensor that nothing uses."""
    header, data = tensors(FILES[1])
    end = len(data)
    header["z"] = {"dtype": "F32", "shape": [count], "data_offsets": [end, end + 4 * count]}
    return with_header(lambda h: h.update(header), numbers=data + bytes(4 * count))


def cases() -> list[Case]:
    """Return every case."""
    return [*zips(), *texts(), *titles(), *graphs(), *weights()]


def main() -> None:
    """Read each file in a process of its own; print what became of it: outcome, sentence, seconds, megabytes."""
    torch.set_num_threads(1)  # a process with threads must not fork
    read(WHOLE.read_bytes())  # so that nothing is brought in later
    found: dict[str, Any] = {}
    for case in [Case("control", WHOLE.read_bytes, ""), *cases()]:
        data = case.make()
        begin = _processor_time()
        outcome = attempt(read, data)
        found[case.name] = [outcome.what, outcome.why, _processor_time() - begin, outcome.megabytes]
    sys.stdout.write(json.dumps(found))


def _processor_time() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
