"""Printed figures, found in a text: tables in torchsummary's, torchinfo's and Markdown's form, totals, and claims."""

import re
from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

Sizes = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PrintedRow:
    """What is printed for one step; None where nothing is.

    Args:
        line: The line of the text.
        name: What the step is called there.
        kind: The class that the name holds: ``Conv2d`` of ``Conv2d-1``; empty where there is none.
        shape: What it gives, without the batch.
        parameters: How many.
        field: The receptive field after it, (y, x).
        jump: Its jump.
        sizes: Sizes of what comes in and out, each with what it is: ``input``, ``output`` or ``either``.
    """

    line: int
    name: str
    kind: str = ""
    shape: Sizes | None = None
    parameters: int | None = None
    field: tuple[int, int] | None = None
    jump: int | None = None
    sizes: tuple[tuple[str, Sizes], ...] = ()


@dataclass(frozen=True, slots=True)
class PrintedTable:
    """A printed table.

    Args:
        form: ``torchsummary``, ``torchinfo``, ``Markdown`` or ``text``.
        line: Where it begins.
        rows: In the order they are printed.
        total: What it gives as the number of all parameters, and the line.
    """

    form: str
    line: int
    rows: tuple[PrintedRow, ...]
    total: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Printed:
    """All that a text prints.

    Args:
        tables: In the order they are printed.
        totals: Numbers of parameters outside of tables, each with its line.
    """

    tables: tuple[PrintedTable, ...]
    totals: tuple[tuple[int, int], ...] = ()


_NUMBER = r"\d{1,3}(?:,\d{3})+|\d+"
_SUMMARY = re.compile(rf"^\W*([A-Za-z_]\w*)-(\d+)\s+\[([-\d,\s]+)\]\s+({_NUMBER})\b")
_INFO = re.compile(r"Layer \(type[:\s(]")  # torchsummary has "Layer (type)"
_TOTAL = re.compile(
    rf"(?<!non-)(?<!non )\btotal\s+(?:number\s+of\s+)?(?:trainable\s+)?param\w*\W{{0,12}}({_NUMBER})"
    r"(?!,?\d|\.\d|\s*[kKmM%])",
    re.IGNORECASE,
)
_HEADERS: Mapping[str, re.Pattern[str]] = {
    "before": re.compile(
        r"\b(r|rf|j|jump|receptive field|field)[\s_-]*\(?(in|input)\b|input (rf|receptive|jump)", re.I
    ),
    "field": re.compile(r"receptive|\brf\b|^r$|\b(r|rf)[\s_-]*out|^field", re.I),
    "jump": re.compile(r"\bjump\b|\bj[\s_-]*out|^j$", re.I),
    "parameters": re.compile(r"param", re.I),
    "kernel": re.compile(r"kernel|filter|^k$", re.I),
    "input": re.compile(r"\binput\b|\bn[\s_-]*in\b|\bin (size|shape)|size in", re.I),
    "shape": re.compile(r"output|shape|\bn[\s_-]*out\b|size|dimension", re.I),
    "comment": re.compile(r"comment|description|remark|note|detail|explanation", re.I),
    "name": re.compile(r"layer|name|operation|block|step|type|module|path", re.I),
}
_SIZE = re.compile(r"(?<![\w.])(\d{1,4})((?:\s*[x×X*]\s*\d{1,4}){1,3})(?![\w]|\.\d)")
_OF_KERNEL = re.compile(r"^\W{0,3}(kernel|filter|conv|pool|max|avg|average|stride|matrix|window|gap|mp\b)", re.I)
_OUT, _IN = (
    re.compile(r"(output|out|result\w*)\W{0,9}(size|shape|channels)?\W{0,9}(as|is|of)?\W{0,9}$", re.I),
    re.compile(r"\b(input|in)\W{0,9}(size|shape)?\W{0,9}(as|is|of)?\W{0,9}$", re.I),
)
_FIELD = re.compile(
    r"(?:receptive[\s_-]*field|\brf\b|\brf(?=[\d=:]))[\s_]*(?:size|is|of|out|after\b[^|\d]{0,24})?[^\w\n|,;]{0,6}(\d{1,4})(?!\d|\.\d)(?:\s*[x×X*]\s*(\d{1,4})(?!\d))?",
    re.I,
)
_OUTPUT_SIDE = re.compile(r"\boutput[_ ]?(?:size|side|shape)?\s*[=:\-]+\s*(\d{1,4})(?!\s*[x×X*\d])", re.I)
_ENDLESS = re.compile(r"\d(?:,?\d){99,}")  # no figure, and more than Python reads as a number
_LONGEST_LINE = 1000  # characters of a line that are read
_NEAR = 80  # characters beside a size that may say what it is
_WORD = re.compile(r"[A-Za-z_]\w*(?:\.\w+)*(?:-\d+(?:\.\d+)?)?")


def find(text: str, names: Collection[str] = ()) -> Printed:
    """Return all printed figures of a text.

    Args:
        text: Markdown, or what was printed.
        names: What steps are called; a line of text that names one may claim its receptive field.
    """
    lines = [_ENDLESS.sub("#", line[:_LONGEST_LINE]) for line in text.splitlines()]
    taken = set[int]()
    tables = [*_summaries(lines, taken), *_infos(lines, taken), *_markdown(lines, taken)]
    claims = tuple(_claims(lines, taken, names))
    if claims:
        tables.append(PrintedTable("text", claims[0].line, claims))
    totals = [(number, int(match[1].replace(",", ""))) for number, match in _totals(lines, taken)]
    return Printed(tuple(sorted(tables, key=lambda table: table.line)), tuple(totals))


def _totals(lines: Sequence[str], taken: set[int]) -> Iterator[tuple[int, re.Match[str]]]:
    for number, line in enumerate(lines, 1):
        match = _TOTAL.search(line.replace("*", "").replace("`", ""))
        if match and number not in taken:
            yield number, match


def _total_after(lines: Sequence[str], start: int, taken: set[int]) -> tuple[int, int] | None:
    """Return the total that stands under a table, with its line."""
    for number in range(start, min(start + 12, len(lines)) + 1):
        line = lines[number - 1]
        if _SUMMARY.match(line):
            return None
        match = _TOTAL.search(line)
        if match:
            taken.update(range(number, min(number + 3, len(lines)) + 1))
            return int(match[1].replace(",", "")), number
    return None


def _summaries(lines: Sequence[str], taken: set[int]) -> Iterator[PrintedTable]:
    """Find what torchsummary prints."""
    rows: list[PrintedRow] = []
    last = 0

    def finished() -> Iterator[PrintedTable]:
        if len(rows) > 1:
            taken.update(row.line for row in rows)
            yield PrintedTable("torchsummary", rows[0].line, tuple(rows), _total_after(lines, rows[-1].line + 1, taken))

    for number, line in enumerate(lines, 1):
        match = _SUMMARY.match(line)
        if match is None:
            continue
        if int(match[2]) <= last:
            yield from finished()
            rows = []
        last = int(match[2])
        row = PrintedRow(number, f"{match[1]}-{match[2]}", match[1], _without_batch(_whole(match[3])))
        rest = field_in(line[match.end() :])  # a comment behind the row
        rows.append(replace(row, parameters=int(match[4].replace(",", "")), field=rest))
    yield from finished()


def _whole(text: str) -> Sizes:
    return tuple(int(each) for each in re.findall(r"-?\d+", text))


def _without_batch(shape: Sizes) -> Sizes:
    return shape[1:] if len(shape) > 1 else shape


def _infos(lines: Sequence[str], taken: set[int]) -> Iterator[PrintedTable]:
    """Find what torchinfo prints: a tree in columns that begin where their titles do."""
    number = 0
    while number < len(lines):
        number += 1
        columns = _info_columns(lines[number - 1])
        if not columns:
            continue
        found, line = [], number
        while line < len(lines) and not _TOTAL.search(lines[line]):
            line += 1
            row = _info_row(lines[line - 1], line, columns)
            found += [row] if row else []
        depths = [depth for depth, _ in found]
        leaves = [row for (depth, row), deeper in zip(found, [*depths, 0][1:], strict=True) if deeper <= depth]
        taken.update(range(number, line + 1))
        if leaves:
            yield PrintedTable("torchinfo", number, tuple(leaves), _total_after(lines, line + 1, taken))
        number = line


def _info_columns(header: str) -> dict[str, tuple[int, int | None]]:
    """Return where each column of torchinfo begins and ends."""
    if not _INFO.search(header) or "Output Shape" not in header:
        return {}
    starts = [match.start() for match in re.finditer(r"\S+(?: \S+)*", header)]
    titles = [match[0] for match in re.finditer(r"\S+(?: \S+)*", header)]
    return dict(zip(titles, zip(starts, [*starts[1:], None], strict=True), strict=True))


def _info_row(text: str, line: int, columns: Mapping[str, tuple[int, int | None]]) -> tuple[int, PrintedRow] | None:
    """Return a row with its depth in the tree, or None for a rule or a module that never runs."""
    cells = {title: text[start:end] for title, (start, end) in columns.items()}
    name = re.search(r"[A-Za-z_]\w*", next(iter(cells.values())))
    shape = re.search(r"\[([\d,\s]+)\]", cells["Output Shape"])
    if name is None or shape is None:
        return None
    count = re.search(_NUMBER, cells.get("Param #", ""))
    parameters = int(count[0].replace(",", "")) if count else None
    row = PrintedRow(line, next(iter(cells.values())).strip(" │├└─|+"), name[0], _without_batch(_whole(shape[1])))
    return name.start(), replace(row, parameters=parameters)


def _markdown(lines: Sequence[str], taken: set[int]) -> Iterator[PrintedTable]:
    """Find Markdown's tables that have a column for layers and one for a figure."""
    end = 0  # of the table before
    for number in range(1, len(lines)):
        if number <= end or "|" not in lines[number - 1] or not _is_rule(lines[number]):
            continue
        columns = _columns(_split(lines[number - 1]))
        if not {"field", "jump", "parameters", "shape", "input", "comment"} & {*columns}:
            continue
        rows, line = [], number + 1
        while line < len(lines) and "|" in lines[line]:
            line += 1
            row = _markdown_row(_split(lines[line - 1]), columns, line)
            if row:
                rows.append(row)
        end = line
        if rows:
            taken.update(range(number, line + 1))
            yield PrintedTable("Markdown", number, tuple(rows), _total_after(lines, line + 1, taken))


def _is_rule(line: str) -> bool:
    return "-" in line and "|" in line and bool(re.fullmatch(r"[\s|:\-]+", line))


def _split(line: str) -> list[str]:
    cells = re.split(r"(?<!\\)\|", line.strip().removeprefix("|").removesuffix("|"))
    return [cell.strip().strip("`* ") for cell in cells]


def _columns(header: Sequence[str]) -> dict[str, int]:
    """Return which column holds what."""
    found: dict[str, int] = {}
    for number, title in enumerate(header):
        for name, pattern in _HEADERS.items():
            if pattern.search(title.replace("_", " ")) and name not in found:
                if name != "before":
                    found[name] = number
                break
    if "name" not in found and 0 not in found.values():
        found["name"] = 0
    return found


def _markdown_row(cells: Sequence[str], columns: Mapping[str, int], line: int) -> PrintedRow | None:
    cell = {name: cells[number] for name, number in columns.items() if number < len(cells)}
    name = cell.get("name", "")
    if not re.search(r"[A-Za-z]", name):
        return None
    kind = re.fullmatch(r"([A-Za-z_]\w*)-\d+", name.strip())
    row = PrintedRow(line, name.strip(), kind[1] if kind else "", sizes=tuple(sizes_in(cell.get("comment", ""))))
    shape = _shape_cell(cell.get("shape", ""))
    if shape is not None and shape[1]:
        row = replace(row, shape=shape[0])
    elif shape is not None:
        row = replace(row, sizes=(*row.sizes, ("output", shape[0])))
    given = _shape_cell(cell.get("input", ""))
    if given is not None:
        row = replace(row, sizes=(*row.sizes, ("input", given[0])))
    return replace(
        row,
        parameters=_single(cell.get("parameters", "")),
        field=_pair(cell.get("field", "")),
        jump=_single(cell.get("jump", "")),
    )


def _shape_cell(text: str) -> tuple[Sizes, bool] | None:
    """Return the sizes in a cell, and whether they are channels first after a batch: [-1, 8, 26, 26]."""
    listed = re.search(r"\[([-\d,\s]+)\]|\(([-\d,\s]+)\)", text)
    if listed:
        found = _whole(listed[0])
        if len(found) in {2, 4}:
            return (found[1:], True) if len(found) == 4 or found[0] < 0 else (found, False)
        return found, False
    size = _SIZE.search(text)
    if size:
        return _whole(size[0].replace("-", "")), False
    alone = re.fullmatch(r"\s*(\d{1,4})\s*", text)
    return ((int(alone[1]), int(alone[1])), False) if alone else None


def _single(text: str) -> int | None:
    match = re.match(rf"\s*({_NUMBER})\s*$", text)
    return int(match[1].replace(",", "")) if match else None


def _pair(text: str) -> tuple[int, int] | None:
    match = re.match(r"\s*\(?(\d{1,4})(?!\d|\.\d)(?:\s*[x×X*,]\s*(\d{1,4})(?!\d))?\)?", text)
    return (int(match[1]), int(match[2] or match[1])) if match else None


def _claims(lines: Sequence[str], taken: set[int], names: Collection[str]) -> Iterator[PrintedRow]:
    """Find receptive fields beside the name of a step: the last name before one, or the first after it.

    Where a line names one step alone, sizes that it calls input and output are about that step.
    """
    for number, line in enumerate(lines, 1):
        if number in taken:
            continue
        named = [(match.start(), match[0]) for match in _WORD.finditer(line) if match[0] in names]
        sizes = tuple(each for each in sizes_in(line) if each[0] != "either")
        if sizes and len({name for _, name in named}) == 1:
            yield PrintedRow(number, named[0][1], sizes=sizes)
        if not named:
            continue
        starts = [start for start, _ in named]
        for match in _FIELD.finditer(line):
            _, name = named[max(bisect_left(starts, match.start()) - 1, 0)]
            yield PrintedRow(number, name, field=(int(match[1]), int(match[2] or match[1])))


def field_in(text: str) -> tuple[int, int] | None:
    """Return the receptive field that some words claim.

    >>> field_in("output 11x11, RF = 14"), field_in("receptive field 5x5")
    ((14, 14), (5, 5))
    """
    match = _FIELD.search(text)
    return (int(match[1]), int(match[2] or match[1])) if match else None


def sizes_in(text: str) -> Iterator[tuple[str, Sizes]]:
    """Yield the sizes of maps that some words name, with what each is; sizes of kernels are left out.

    >>> list(sizes_in("3*3 kernel over 28 * 28 * 1 to 26 * 26 * 8"))
    [('input', (28, 28, 1)), ('output', (26, 26, 8))]
    >>> list(sizes_in("26x26x8 | RF: 3x3"))
    [('either', (26, 26, 8))]
    """
    text = _FIELD.sub(lambda match: "#" * len(match[0]), text)
    found: list[tuple[str, Sizes]] = []
    for match in _SIZE.finditer(text):
        before, after = text[max(0, match.start() - _NEAR) : match.start()], text[match.end() : match.end() + _NEAR]
        sizes = _whole(match[0])
        if _OF_KERNEL.match(after) or len(sizes) > 3:
            continue
        what = "output" if _OUT.search(before) else "input" if _IN.search(before) else "either"
        found.append((what, sizes))
    if len(found) > 1 and all(what == "either" for what, _ in found):
        found = [("input", found[0][1]), ("output", found[-1][1])]
    elif len(found) == 2 and found[1][0] == "output" and found[0][0] == "either":
        found[0] = ("input", found[0][1])
    yield from found
    side = _OUTPUT_SIDE.search(text)
    if side and not found:
        yield "output", (int(side[1]), int(side[1]))
