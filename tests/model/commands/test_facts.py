"""Real networks with their printed tables and claims as a README: what is found is what the facts say is wrong."""

import json
from pathlib import Path
from typing import Any

import pytest

from model.commands import table
from model.commands.check import mistakes
from model.commands.notebook import Piece
from model.commands.records import Mistake
from model.graph.capture import capture, to_bytes
from model.networks.file import read
from model.networks.records import Network
from model.parameters.comparison import Comparison
from model.parameters.printed import find
from tests.model.graph.facts import Facts, fact_files, needs_facts, read_facts, rebuilt

pytestmark = [needs_facts(), pytest.mark.slow(reason="each network is exported")]
CAUSES = {  # what the facts call a mistake, and the words that say it here
    "pool doubles RF": "doubles the field",
    "jump ignored after pool (+2 instead of +4)": "The jump of 2 is forgotten",
    "pool does not grow RF": "adds nothing here",
    "GAP not counted": "is not counted",
    "GAP RF by +6 only": "adds its 6 values",
    "map size wrong, so GAP RF wrong": "is taken over maps of 4",
    "typo (5 for 54)": "A digit is missing",
    "stride claimed at another layer than in the code": "a stride elsewhere",
}
SAMPLE = {"N11", "N54"}  # in every run: fields that are wrong in several ways, and a table of another version
PATHS = [
    pytest.param(path, id=path.stem, marks=() if path.stem in SAMPLE else pytest.mark.exhaustive)
    for path in fact_files()
]


def claims(facts: Facts) -> list[dict[str, Any]]:
    """Return the receptive fields that the author claims."""
    found = facts["claimed_receptive_fields"] or []
    return list(found["rows"] if isinstance(found, dict) else found)


def wrong_claims(facts: Facts) -> dict[str, tuple[str, str]]:
    """Return by path the claims that are wrong, as printed and right."""
    wrong = [each for each in claims(facts) if not each["right"]]
    return {each["layer"]: (str(each["claimed"]), str(each["computed"])) for each in wrong}


def readme(facts: Facts) -> str:
    """Write what the author printed: the table as torchsummary prints it, and the fields as a table of Markdown."""
    parts = ["# A network", ""]
    printed = facts["printed_table"]
    if printed:
        rule = "-" * 64
        rows = [f"{name:>20} {shape.replace(',', ', '):>25} {count:>15,}" for name, shape, count in printed["rows"]]
        parts += ["```", rule, f"{'Layer (type)':>20} {'Output Shape':>25} {'Param #':>15}", "=" * 64, *rows, "=" * 64]
        total = f"{printed['total']:,}"
        parts += [f"Total params: {total}", f"Trainable params: {total}", "Non-trainable params: 0", rule, "```", ""]
    if claims(facts):
        parts += ["| layer | receptive field |", "| --- | --- |"]
        parts += [f"| {claim['layer']} | {claim['claimed']} |" for claim in claims(facts)]
    return "\n".join(parts)


def network_of(facts: Facts) -> Network:
    """Return the network of a file."""
    return read(to_bytes(capture(rebuilt(facts, "modules"), facts["input_shape"])))


def expected_in_table(facts: Facts) -> set[tuple[str, str]]:
    """Return which figures of the printed table are wrong: the module's path, and shape, parameters or total."""
    printed, counts = facts["printed_table"], facts["parameters"]
    if not printed:
        return set()
    leaves = [each for each in facts["operations"] if each["as"] == "module"]
    kinds = {each["op"] for each in leaves}
    rows = [row for row in printed["rows"] if row[0].rpartition("-")[0] in kinds or row[2]]
    if [row[0].rpartition("-")[0] for row in rows] != [each["op"] for each in leaves]:
        return {("", "table")}
    found = set() if printed["total"] == counts["owned"] else {("", "total")}
    for (_, shape, count), each in zip(rows, leaves, strict=True):
        if json.loads(shape)[1:] != each["out"]:
            found.add((each["path"], "shape"))
        if count != _parameters(each):
            found.add((each["path"], "parameters"))
    return found


def _parameters(operation: Facts) -> int:
    s = operation["settings"]
    if operation["op"] == "Conv2d":
        kernel = s["kernel_size"][0] * s["kernel_size"][1]
        return int(s["out_channels"] * (s["in_channels"] // s["groups"] * kernel + s["bias"]))
    if operation["op"] == "Linear":
        return int(s["out_features"] * (s["in_features"] + s.get("bias", True)))
    return int(2 * s["num_features"]) if operation["op"] == "BatchNorm2d" else 0


def found_in(mistakes: tuple[Mistake, ...]) -> tuple[set[tuple[str, str]], dict[str, tuple[str, str]]]:
    """Return the wrong figures of tables, and the wrong fields by path as printed and right."""
    figures, fields = set(), {}
    for each in mistakes:
        subject = each.where.rpartition(" (")[0]
        path = subject.partition("(")[2].partition(")")[0]
        what = subject.rpartition(" ")[2]
        if subject.endswith("receptive field"):
            fields[path] = (each.printed, each.right)
        else:
            figures.add(
                ("", "total") if subject.startswith("total") else ("", "table") if what == "table" else (path, what)
            )
    return figures, fields


@pytest.mark.parametrize("path", PATHS)
def test_what_is_found_is_what_is_wrong(path: Path) -> None:
    facts = read_facts(path)
    network = network_of(facts)
    compared = Comparison(network).compare(find(readme(facts)), "README.md")
    figures, fields = found_in(compared.mistakes)
    assert figures == expected_in_table(facts)
    wrong = {
        each["layer"]: (str(each["claimed"]), str(each["computed"])) for each in claims(facts) if not each["right"]
    }
    assert fields == wrong
    printed = facts["printed_table"]
    if ("", "table") not in figures:
        leaves = [each for each in facts["operations"] if each["as"] == "module"]
        assert compared.figures == len(claims(facts)) + (2 * len(leaves) + 1 if printed else 0)
    _assert_table(network, facts)


def _assert_table(network: Network, facts: Facts) -> None:
    """Compare field and jump of every row with the facts."""
    rows = {row["path"]: row for row in json.loads(table.as_json(table.of_network(network)))["rows"]}
    seen = 0
    for each in facts["operations"]:
        if each["as"] == "module" and len(each["out"]) == 3 and facts["reused_modules"] == {}:
            row = rows[each["path"]]
            if row["receptive_field"] is not None:
                assert (row["receptive_field"], row["jump"]) == (each["receptive_field"], each["jump"]), each["path"]
                seen += 1
    assert seen or facts["reused_modules"] or not fact_files()


# The same claims as comments in code


def source(facts: Facts) -> str:
    """Write the network as its author may have: a Sequential for each block, the claims as comments behind lines."""
    claimed = {each["layer"]: each["claimed"] for each in claims(facts)}
    blocks: dict[str, list[Facts]] = {}
    for each in facts["operations"]:
        if each["as"] == "module":
            blocks.setdefault(each["path"].partition(".")[0], []).append(each)
    lines = ["class Net(nn.Module):", "    def __init__(self):", "        super().__init__()"]
    for name, steps in blocks.items():
        if steps[0]["path"] == name:
            lines.append(f"        self.{name} = {_call(steps[0])}{_comment(claimed, name)}")
            continue
        lines.append(f"        self.{name} = nn.Sequential(")
        lines += [f"            {_call(each)},{_comment(claimed, each['path'])}" for each in steps]
        lines.append("        )")
    return "\n".join(lines)


def _call(operation: Facts) -> str:
    given = ", ".join(f"{name}={_plain(value)!r}" for name, value in operation["settings"].items())
    return f"nn.{operation['op']}({given})"


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _comment(claimed: dict[str, int], path: str) -> str:
    return f"  # RF = {claimed[path]}" if path in claimed else ""


def _is_flat(facts: Facts) -> bool:
    paths = [each["path"].split(".") for each in facts["operations"] if each["as"] == "module"]
    numbered = all(len(path) == 1 or (len(path) == 2 and path[1].isdigit()) for path in paths)
    return bool(claims(facts)) and numbered and not facts["reused_modules"]


COMMENTED = [path for path in fact_files() if _is_flat(read_facts(path))]


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, id=path.stem, marks=pytest.mark.exhaustive if number else ())
        for number, path in enumerate(COMMENTED)
    ],
)
def test_claims_in_comments_are_found_too(path: Path) -> None:
    facts = read_facts(path)
    wrong, compared, _ = mistakes(network_of(facts), [], [Piece("net.py", source(facts))], "Net")
    assert compared == len(claims(facts))
    expected = {
        each["layer"]: (str(each["claimed"]), str(each["computed"])) for each in claims(facts) if not each["right"]
    }
    assert found_in(tuple(wrong)) == (set(), expected)
