"""Which step a printed row is about: by its name, its place in the order, and the figures that agree."""

import re
from collections.abc import Sequence

from model.parameters.printed import PrintedRow, PrintedTable, Sizes
from model.parameters.steps import Step

Pairs = list[tuple[PrintedRow, Step]]
_WORDS = (  # what a printed name says of a step, the most telling first
    ("norm", r"batch.?norm|\bbn|norm"),
    ("dropout", r"drop"),
    ("pool", r"pool|\bmp\d*\b|\bgap\b|global|average"),
    ("linear", r"linear|dense|fully|\bfc\d*\b"),
    ("softmax", r"softmax"),
    ("flatten", r"flatten|view|reshape"),
    ("relu", r"relu"),
    ("conv", r"conv|depthwise|pointwise|kernel|\d\s*[x×*]\s*\d"),
)
_CERTAIN = 6.0
_NAMED = 4.0  # more than a shape and a field that agree


def line_up(table: PrintedTable, steps: Sequence[Step]) -> Pairs | None:
    """Return each printed row with its step; None where a summary is of another network.

    Rows of composite modules, which a summary numbers too, are skipped, and so are rows that no step fits.
    """
    if table.form in {"torchsummary", "torchinfo"}:
        return _summary(table, steps)
    if table.form == "Markdown":
        numbered = [row for row in table.rows if row.kind]
        if len(numbered) == len(table.rows) and table.rows[0].shape is not None:
            found = _summary(table, steps)
            if found is not None:
                return found
        return _in_order(table.rows, steps)
    return _by_name(table.rows, steps)


def without_composites(table: PrintedTable, steps: Sequence[Step]) -> list[PrintedRow]:
    """Return the rows of a summary that are no composite modules."""
    kinds = {step.node.kind for step in steps}
    if table.form == "torchinfo":
        return list(table.rows)  # its tree says which are
    return [row for row in table.rows if row.kind in kinds or row.parameters]


def _summary(table: PrintedTable, steps: Sequence[Step]) -> Pairs | None:
    rows = without_composites(table, steps)
    leaves = [step for step in steps if step.node.kind]
    if [row.kind for row in rows] != [step.node.kind for step in leaves]:
        return None
    return list(zip(rows, leaves, strict=True))


def _by_name(rows: Sequence[PrintedRow], steps: Sequence[Step]) -> Pairs:
    """Line up claims that name a step; the second mention of a module that runs twice is its second call."""
    found: Pairs = []
    used = set[str]()
    for row in rows:
        named = [step for step in steps if row.name in {step.name, step.node.path}]
        free = [step for step in named if step.name not in used] or named
        if free:
            used.add(free[0].name)
            found.append((row, free[0]))
    return found


def _in_order(rows: Sequence[PrintedRow], steps: Sequence[Step]) -> Pairs:
    """Line up rows with steps so that both stay in order and as much as possible agrees."""
    best = [[0.0] * (len(steps) + 1) for _ in range(len(rows) + 1)]
    scores = [[_score(row, step) for step in steps] for row in rows]
    for i in range(len(rows) - 1, -1, -1):
        for j in range(len(steps) - 1, -1, -1):
            taken = scores[i][j] + best[i + 1][j + 1] if scores[i][j] > 0 else 0.0
            best[i][j] = max(best[i + 1][j], best[i][j + 1], taken)
    found: Pairs = []
    i = j = 0
    while i < len(rows) and j < len(steps):
        if scores[i][j] > 0 and best[i][j] == scores[i][j] + best[i + 1][j + 1]:
            found.append((rows[i], steps[j]))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i][j + 1]:
            j += 1
        else:
            i += 1
    return found


def _score(row: PrintedRow, step: Step) -> float:
    """Return how well a row fits a step; 0 where it cannot be about it."""
    name, path = row.name.strip().lower(), step.node.path.lower()
    certain = name in {step.name.lower(), path}
    within = bool(name) and path.startswith(f"{name}.")
    category = _category(row.name)
    if not certain and not (category and category == step.category):
        return 0.0
    score = 1.0 + _CERTAIN * certain + (2.0 if within else 0.0)
    score += _NAMED * (not certain and bool(_modules(name) & {path, path.rpartition(".")[2]}))
    agree: list[tuple[bool, float]] = [
        (row.shape is not None and row.shape == step.node.shape, 2.0),
        (row.parameters is not None and row.parameters == step.count, 1.5),
        (row.field is not None and step.field is not None and row.field == step.field.size, 1.0),
        (any(fits(sizes, step.node.shape) for what, sizes in row.sizes if what != "input"), 0.5),
        (any(fits(sizes, step.input) for what, sizes in row.sizes if what != "output"), 0.5),
    ]
    return score + sum(weight for holds, weight in agree if holds) + (0.01 if step.node.kind else 0.0)


def _category(name: str) -> str:
    return next((word for word, pattern in _WORDS if re.search(pattern, name, re.IGNORECASE)), "")


def _modules(name: str) -> set[str]:
    """Return the words of a printed name that may be names of modules.

    >>> sorted(_modules("conv b")), sorted(_modules("3x3 conv 2 (layer1.skip)"))
    (['b'], ['3x3', 'layer1.skip'])
    """
    words = re.findall(r"[\w.]+", name.lower())
    return {word for word in words if not word.isdigit() and not (word.isalpha() and _category(word))}


def fits(sizes: Sizes, shape: Sizes) -> bool:
    """Tell whether printed sizes are those of a shape (C, H, W), in either order, the channels left out or not.

    >>> fits((26, 26, 8), (8, 26, 26)), fits((26, 26), (8, 26, 26)), fits((26, 26, 1), (8, 26, 26))
    (True, True, False)
    """
    if len(shape) != 3:
        return sizes == shape or (len(shape) == 1 and sizes in {(1, 1, *shape), (*shape, 1, 1), (1, 1)})
    channels, height, width = shape
    return sizes in {(height, width), (height, width, channels), (channels, height, width)}
