"""Questions answered: verdicts side by side with the right answer, and the score of all rows."""

from collections.abc import Mapping, Sequence
from html import escape

from model.layers.quiz.records import Asked, Verdict
from model.receptive_field.records import Growth, Window
from model.records import Unit
from model.trace.records import LayerKind, Step
from viz.pictures import swatches, words
from viz.pictures.mathematics import typeset

Verdicts = Mapping[Asked, Verdict]

NAMES = {
    Asked.SHAPE: "Output shape",
    Asked.PARAMETERS: "Parameters",
    Asked.FIELD: "Receptive field",
    Asked.UNIT: "Value of the unit",
}
FORMATS = {
    Asked.SHAPE: "channels x height x width",
    Asked.PARAMETERS: "how many numbers",
    Asked.FIELD: "pixels along a side",
    Asked.UNIT: "its value",
}
_WINDOWED = {LayerKind.CONVOLUTION, LayerKind.MAX_POOL, LayerKind.AVERAGE_POOL}
_MARKS = {True: "✓", False: "✗"}


def say_asked(what: Asked, unit: Unit) -> str:
    """Say what is asked, as the label of a field to type in."""
    channel, y, x = unit
    return f"Unit y {y}, x {x}, map {channel}" if what is Asked.UNIT else NAMES[what]


def say_facts(step: Step, window: Window, growth: Growth | None) -> str:
    """Say what there is to work an answer out from, and how it is handed in.

    Args:
        step: That is asked about.
        window: Of its units.
        growth: What it does to the receptive field, if that is asked.
    """
    facts = [f"What goes in has shape {words.shape(step.input.shape)}."]
    if step.kind in _WINDOWED:
        padding = f"padding {words.shape(window.padding)}" if any(window.padding) else "no padding"
        facts.append(f"Its window is {words.shape(window.kernel)}, stride {words.shape(window.stride)}, {padding}.")
    if step.kind is LayerKind.CONVOLUTION:
        biased = ", each with a bias" if "bias" in step.parameters else ""
        facts.append(f"It has {len(step.parameters['weight'])} kernels{biased}.")
    if growth:
        jump = growth.before.jump[0]
        facts.append(
            f"A unit that goes in sees {words.shape(growth.before.size)} pixels, and the next one looks "
            f"{jump} {'pixel' if jump == 1 else 'pixels'} further on (the jump)."
        )
    return " ".join([*facts, "A value may be off by 0.01, or by 1\xa0% of it. Leave open what you do not know."])


def verdict(of: Verdict) -> str:
    """Draw in HTML what was answered beside what is right, with the arithmetic and what the answer overlooks."""
    what = of.question.what
    lines = "".join(f"<li>{typeset(line)}</li>" for line in of.question.arithmetic)
    overlooked = f"<p>{escape(of.sentence)}</p>" if of.sentence else ""
    state = "right" if of.right else "wrong"
    return (
        f'<section class="answered {state}" aria-label="{NAMES[what]}: {state}"><h3>{NAMES[what]}</h3>'
        f"<dl><dt>You</dt><dd>{escape(say_given(of))} {_MARKS[of.right]}</dd>"
        f"<dt>It is</dt><dd>{escape(of.question.said)}</dd></dl>{overlooked}<ul>{lines}</ul></section>"
    )


def say_given(of: Verdict) -> str:
    """Say an answer the way the right one is said."""
    if of.question.what is Asked.PARAMETERS:
        return f"{int(of.given):,}"
    sides = of.given.split("x")
    if of.question.what is Asked.FIELD and len({*sides}) == 1:
        return f"{sides[0]} pixels"
    return of.given.replace("x", " × ").replace("-", "−")


def say_score(rows: Sequence[str], verdicts: Mapping[str, Verdicts]) -> str:
    """Say how many answers are right so far.

    Args:
        rows: The names of all rows.
        verdicts: Of the rows that were answered, by name.
    """
    given = [each for name in rows for each in verdicts.get(name, {}).values()]
    right = sum(each.right for each in given)
    if not given:
        return f"Nothing is answered yet; {len(rows) * len(Asked)} questions in {len(rows)} rows."
    return f"{right} of {len(given)} answers right; {len(rows) * len(Asked)} questions in {len(rows)} rows."


def score(rows: Sequence[str], verdicts: Mapping[str, Verdicts]) -> str:
    """Draw in HTML which questions of which row were answered right."""
    head = "".join(f'<th scope="col">{name}</th>' for name in NAMES.values())
    body = "".join(_row(name, verdicts.get(name, {})) for name in rows)
    return (
        '<div class="sideways" role="region" tabindex="0" aria-label="The score"><table class="ledger score">'
        f'<thead><tr><th scope="col">Row</th>{head}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def _row(name: str, of: Verdicts) -> str:
    return f'<tr><th scope="row">{escape(name)}</th>{"".join(_cell(of.get(what)) for what in Asked)}</tr>'


def _cell(of: Verdict | None) -> str:
    if of is None:
        return "<td>not yet</td>"
    return f"<td>{_MARKS[of.right]} {escape(say_given(of))}</td>"


def as_csv(rows: Sequence[str], verdicts: Mapping[str, Verdicts]) -> str:
    """Return the score as CSV, a line for each question of each row; what was not answered stays empty."""
    lines = [["row", "question", "answer", "right answer", "right", "what it overlooks"]]
    for name in rows:
        for what in Asked:
            of = verdicts.get(name, {}).get(what)
            cells = ["", "", "", ""]
            if of:
                cells = [of.given, of.question.said, "yes" if of.right else "no", of.sentence]
            lines.append([name, NAMES[what], *cells])
    return swatches.as_csv(lines)
