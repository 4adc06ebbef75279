"""Printed figures compared with a network's: each that cannot be, with what is right and the mistake behind it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from model.graph.records import IMAGE
from model.networks.records import Network
from model.parameters.causes import explain
from model.parameters.lineup import Pairs, fits, line_up, without_composites
from model.parameters.printed import Printed, PrintedRow, PrintedTable, Sizes
from model.parameters.records import Line
from model.parameters.records import PrintedMistake as Mistake
from model.parameters.recurrences import of_printed
from model.parameters.steps import Step, between, steps_of


@dataclass(frozen=True, slots=True)
class Compared:
    """What was found in a text.

    Args:
        mistakes: In the order they are printed.
        figures: How many were compared.
        others: Where tables begin that are of other networks than the one that agrees.
    """

    mistakes: tuple[Mistake, ...]
    figures: int
    others: tuple[str, ...] = ()


_OTHER = 0.4  # with more wrong figures one of several tables is of another network; of summaries the best counts


class Comparison:
    """A network whose figures printed ones are compared with."""

    def __init__(self, network: Network) -> None:
        self.graph = network.graph
        self.steps = steps_of(network)
        self.names = {name for step in self.steps for name in (step.name, step.node.path) if name}
        self._by_name = {step.name: step for step in self.steps}
        self._elsewhere = 0
        self._unused = [each for each in network.graph.unused if each.parameters]

    def compare(self, printed: Printed, label: str, *, lines: bool = True) -> Compared:
        """Compare all figures of a text.

        Args:
            printed: What it prints.
            label: The name of its file.
            lines: Whether its lines can be found by their numbers.
        """
        found: list[tuple[int, Mistake]] = []
        figures, others = 0, []
        said = set[int]()
        totals = {number for _, number in printed.totals}
        if len(totals) == 1:  # a total elsewhere in the text belongs to a table without one
            self._elsewhere = next(iter(totals))
        for group in _alike(printed.tables):
            each = [(table, *self._of_table(table, label, lines)) for table in group]
            shares = [len(mistakes) / count if count else 1.0 for _, mistakes, count in each]
            most = max(_OTHER, min(shares)) if group[0].form == "Markdown" else min(shares)
            for (table, mistakes, count), share in zip(each, shares, strict=True):
                if table.form != "text" and share > most:
                    others.append(_place(label, table.line, lines))
                    continue
                figures += count
                found += mistakes
                said |= {table.total[0]} if table.total else set()
        for line, total in printed.totals:
            if total not in said and len({number for _, number in printed.totals}) == 1:
                figures += 1
                found += [(line, each) for each in self._total(total, None, _place(label, line, lines))]
        found.sort(key=lambda one: one[0])
        return Compared(tuple(mistake for _, mistake in found), figures, tuple(others))

    def _of_table(self, table: PrintedTable, label: str, lines: bool) -> tuple[list[tuple[int, Mistake]], int]:
        """Return the mistakes of a table, each with its line, and how many figures it has."""
        pairs = line_up(table, self.steps)
        if pairs is None:
            return [(table.line, self._of_another(table, _place(label, table.line, lines)))], 1
        version = self._version(table, pairs)
        found: list[tuple[int, Mistake]] = []
        figures = 0
        for row, step in pairs:
            place = _place(label, row.line, lines)
            for mistake in self.of_row(row, step, step, place, table, version):
                figures += 1
                found += [(row.line, mistake)] if mistake else []
        for row, mistake in self.fields(pairs, lambda row: _place(label, row.line, lines)):
            figures += 1
            found += [(row.line, mistake)] if mistake else []
        if table.total:
            figures += 1
            mistakes = self._total(table.total[0], table, _place(label, table.total[1], lines))
            found += [(table.total[1], each) for each in mistakes]
        return found, figures

    def _of_another(self, table: PrintedTable, place: str) -> Mistake:
        """Return the one mistake of a summary whose rows are not those of the network."""
        rows = without_composites(table, self.steps)
        leaves = [step for step in self.steps if step.node.kind]
        both = zip(rows, leaves, strict=False)
        first = next(
            (n for n, (row, step) in enumerate(both) if row.kind != step.node.kind), min(len(rows), len(leaves))
        )
        theirs = rows[first].name if first < len(rows) else "no row"
        ours = leaves[first].label if first < len(leaves) else "no row"
        total = sum(row.parameters or 0 for row in rows)
        return Mistake(
            f"the table ({place})",
            f"{len(rows)} layers, {total:,} parameters",
            f"{len(leaves)} layers, {self.graph.used:,} parameters",
            f"The table is of another version of the network, or of another network: where it has {theirs}, "
            f"this network has {ours}.",
        )

    def _version(self, table: PrintedTable, pairs: Pairs) -> str:
        """Return a sentence where a table adds up to its own total but not to the network's."""
        total = sum(row.parameters or 0 for row in table.rows)
        if not table.total or total != table.total[0] or total in {self.graph.used, self.graph.owned}:
            return ""
        return f"The rows add up to the printed total of {total:,}: the table is of another version of the network."

    # The figures of one row

    def of_row(
        self,
        row: PrintedRow,
        first: Step,
        last: Step,
        place: str,
        table: PrintedTable | None = None,
        version: str = "",
    ) -> Iterator[Mistake | None]:
        """Yield for each figure of a row its mistake, or None; the receptive field is left out.

        Args:
            row: What is printed.
            first: The first step that it is about.
            last: The last.
            place: Where it is printed.
            table: It is a row of.
            version: A sentence that says that the table is of another version.
        """
        if row.shape is not None:
            yield self._shape(row.shape, last, place, version)
        if row.parameters is not None:
            yield self._parameters(row.parameters, last, place, table, version)
        if row.jump is not None and last.field is not None:
            right = last.field.jump
            why = "Strides alone multiply the jump, each by its own number."
            wrong = row.jump not in right
            yield Mistake(f"{last.label} jump ({place})", str(row.jump), _pair(right), why) if wrong else None
        for what, sizes in row.sizes:
            yield self._sizes(what, sizes, first, last, place)

    def _shape(self, printed: Sizes, step: Step, place: str, version: str) -> Mistake | None:
        right = step.node.shape
        if printed == right or fits(printed, right):
            return None
        why = f"It gives {_times(right)} for each image."
        if step.category == "conv" and len(right) == len(printed) == 3 and printed[1:] == right[1:]:
            source = " Those are the channels of its input." if printed[0] == step.input[0] else ""
            why = f"Each of its {right[0]} kernels gives one map, so there cannot be {printed[0]}.{source}"
        elif step.category in {"conv", "pool"} and len(printed) == 3:
            why = f"Its window over {_times(step.input[1:])} values gives {_times(right[1:])}."
        return Mistake(f"{step.label} shape ({place})", _batched(printed), _batched(right), f"{why} {version}".strip())

    def _parameters(
        self, printed: int, step: Step, place: str, table: PrintedTable | None, version: str
    ) -> Mistake | None:
        right = step.count
        if printed == right:
            return None
        worked = " + ".join(_times(shape) for shape in step.parameters)
        why = f"It learns {worked} = {right:,} numbers." if worked else "It learns nothing."
        bias = step.parameters[1][0] if len(step.parameters) == 2 and len(step.parameters[1]) == 1 else 0
        weights = step.parameters[0][0] if step.parameters else 0
        if bias and printed == right - bias and step.category in {"conv", "linear"}:
            why += f" The bias is forgotten: {bias} numbers."
        elif not bias and weights and printed == right + weights and step.category in {"conv", "linear"}:
            why += f" It has no bias, and {weights} numbers are counted for one."
        elif table is not None and not version and len(table.rows) > 1:
            total = table.total[0] if table.total else self._elsewhere
            if sum(row.parameters or 0 for row in table.rows) - printed + right == total:
                why += f" Only with {right:,} do the rows add up to the printed total of {total:,}."
        where = f"{step.label} parameters ({place})"
        return Mistake(where, f"{printed:,}", f"{right:,}", f"{why} {version}".strip())

    def _sizes(self, what: str, sizes: Sizes, first: Step, last: Step, place: str) -> Mistake | None:
        given, gives = first.input, last.node.shape
        window = last.node.settings.get("kernel")
        if what == "either" and window is not None and sizes == tuple(window):
            return None
        accepted = {"input": [given], "output": [gives], "either": [given, gives]}[what]
        if any(fits(sizes, shape) for shape in accepted):
            return None
        if what == "either":
            near = given if len(given) == 3 and sizes[:2] == given[1:] else gives
            what = "input" if near is given else "output"
        right = given if what == "input" else gives
        said = self._source(first) if what == "input" else last.name
        return Mistake(
            f"{last.label} {what} ({place})",
            "x".join(map(str, sizes)),
            "x".join(map(str, _like(right, sizes))),
            f"{said} gives {_times(right)} (channels first).",
        )

    def _source(self, step: Step) -> str:
        source = step.node.inputs[0] if step.node.inputs else IMAGE
        return "The image" if source == IMAGE else source

    # Receptive fields

    def fields(self, pairs: Pairs, place: Callable[[PrintedRow], str]) -> Iterator[tuple[PrintedRow, Mistake | None]]:
        """Yield each printed receptive field, with its mistake where it is wrong; each goes on from the one before."""
        before: list[tuple[int, Step]] = []
        for row, step in pairs:
            if row.field is None or step.field is None:
                continue
            axis = 0 if row.field[0] != step.field.size[0] else 1
            printed, right = row.field[axis], step.field.size[axis]
            mistake = None
            if row.field != step.field.size:
                why = self._why(printed, right, step, before)
                mistake = Mistake(f"{step.label} receptive field ({place(row)})", str(printed), str(right), why)
            before.append((printed, step))
            yield row, mistake

    def _why(self, printed: int, right: int, step: Step, before: Sequence[tuple[int, Step]]) -> str:
        for start, source in reversed(before):
            passed = between(self._by_name, source.name, step.name)
            if passed is not None and source.field is not None:
                return explain(printed, right, start, passed, source.name, source.field.size[0])
        passed = between(self._by_name, IMAGE, step.name)
        if passed is None:
            return f"By the windows of the steps before it, it is {right}."
        return explain(printed, right, 1, passed, "the image", 1)

    def recurrences(self, printed: Printed) -> tuple[Line, ...]:
        """Return the recurrence that gives the wrong fields of a table, beside the right one; empty without any.

        Of several tables it is the first one that prints a wrong field, along a chain from the image.
        """
        for table in printed.tables:
            pairs = [(row, step) for row, step in line_up(table, self.steps) or () if row.field and step.field]
            if all(row.field == step.field.size for row, step in pairs if step.field):
                continue
            steps = between(self._by_name, IMAGE, pairs[-1][1].name)
            if steps is not None:
                return of_printed(steps, {step.name: row.field[0] for row, step in pairs if row.field})
        return ()

    # Totals

    def _total(self, total: int, table: PrintedTable | None, place: str) -> Iterator[Mistake]:
        used, owned = self.graph.used, self.graph.owned
        if total == owned:
            return
        never = ", ".join(f"{each.path} ({each.parameters:,})" for each in self._unused[:4])
        more = f" and {len(self._unused) - 4} more" if len(self._unused) > 4 else ""
        if total == used:
            yield Mistake(
                f"total of parameters ({place})",
                f"{total:,}",
                f"{owned:,}",
                f"Parameters never called are left out: {never}{more}. A summary counts what runs, {used:,}; "
                f"the network owns {owned:,}.",
            )
            return
        right = f"{used:,}" if used == owned else f"{used:,} used, {owned:,} owned"
        why = "It is of another version of the network, or typed wrongly."
        if table is not None and any(row.parameters is not None for row in table.rows):
            rows = sum(row.parameters or 0 for row in table.rows)
            if rows != total:
                why = f"The rows above it add up to {rows:,}."
            elif rows != used:
                why = "The rows add up to it: the table is of another version of the network."
        yield Mistake(f"total of parameters ({place})", f"{total:,}", right, why)


def _alike(tables: Sequence[PrintedTable]) -> list[list[PrintedTable]]:
    """Group tables of which a text holds one for each network that it describes."""
    groups: dict[object, list[PrintedTable]] = {}
    for table in tables:
        has = frozenset(
            name
            for name in ("shape", "parameters", "field")
            if any(getattr(row, name) is not None for row in table.rows)
        )
        form = "summary" if table.form in {"torchsummary", "torchinfo"} else table.form
        groups.setdefault((form, has), []).append(table)
    return list(groups.values())


def _place(label: str, line: int, lines: bool) -> str:
    return f"{label}:{line}" if lines else label


def _times(shape: Sequence[int]) -> str:
    return "×".join(map(str, shape))


def _batched(shape: Sequence[int]) -> str:
    return f"[{', '.join(map(str, (-1, *shape)))}]"


def _pair(pair: tuple[int, int]) -> str:
    return str(pair[0]) if pair[0] == pair[1] else f"{pair[0]}×{pair[1]}"


def _like(shape: Sizes, printed: Sizes) -> Sizes:
    """Write a shape (C, H, W) in the order of what is printed."""
    if len(shape) != 3:
        return shape
    channels, height, width = shape
    if len(printed) == 2:
        return height, width
    first = len(printed) == 3 and printed[1:] == (height, width) and printed[:2] != (height, width)
    return (channels, height, width) if first else (height, width, channels)
