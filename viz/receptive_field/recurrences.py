"""The right recurrence of the receptive field beside a wrong one, step by step: a table in HTML, words and columns."""

from collections.abc import Mapping, Sequence
from html import escape

from model.parameters.records import Line


def table(lines: Sequence[Line], heading: str) -> str:
    """Draw both recurrences in HTML, one step in each line, and mark the first step where they differ.

    Args:
        lines: Each step in both recurrences.
        heading: Of the wrong one.
    """
    first, printed = parting(lines), any(line.is_printed for line in lines)
    body = "".join(
        _line(line, heading, is_first=line is first, left_out=printed and not line.is_printed) for line in lines
    )
    head = "".join(f'<th scope="col">{name}</th>' for name in ("Step", heading, "Right", "What goes wrong"))
    return f'<table class="recurrences cards wordy"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _line(line: Line, heading: str, *, is_first: bool, left_out: bool) -> str:
    wrong = line.size != line.right_size
    kind = "parting" if is_first else "apart" if wrong else ""
    here = "<b>The first difference.</b> " if is_first else ""
    chance = "" if wrong or not line.mistake else " By chance the number is right."
    aside = " (not printed)" if left_out else ""
    return (
        f'<tr class="{kind}"><th scope="row">{escape(line.name)}</th>'
        f'<td data-name="{heading}:">{_worked(line.wrong, line.size)}{aside}</td>'
        f'<td data-name="Right:">{_worked(line.right, line.right_size)}</td>'
        f'<td data-name="">{here}{escape(line.mistake)}{chance}</td></tr>'
    )


def _worked(arithmetic: str, size: int) -> str:
    return f"{escape(arithmetic.rpartition('=')[0])}= <b>{size}</b>" if arithmetic else f"<b>{size}</b>"


def parting(lines: Sequence[Line]) -> Line | None:
    """Return the first step after which the two recurrences give different fields."""
    return next((line for line in lines if line.size != line.right_size), None)


def say(lines: Sequence[Line]) -> str:
    """Say up to where both recurrences agree, where they first differ, and where they end."""
    first = parting(lines)
    if first is None:
        return "Both recurrences give the same field at each step."
    before = lines[lines.index(first) - 1] if lines.index(first) else None
    agree = f"Both agree up to {before.name}. " if before else ""
    chance = [line.name for line in lines[lines.index(first) :] if line.size == line.right_size]
    luck = f" After {' and '.join(chance)} two mistakes cancel, so the number is right by chance." if chance else ""
    return (
        f"{agree}They first differ at {first.name}: {first.size} instead of {first.right_size}.{luck} After "
        f"{lines[-1].name} the wrong rule gives {lines[-1].size} instead of {lines[-1].right_size}."
    )


def columns(lines: Sequence[Line]) -> dict[str, list[str]]:
    """Return both recurrences as columns."""
    return {
        "step": [line.name for line in lines],
        "wrong arithmetic": [line.wrong for line in lines],
        "wrong field": [str(line.size) for line in lines],
        "printed": ["yes" if line.is_printed else "no" for line in lines],
        "right arithmetic": [line.right for line in lines],
        "right field": [str(line.right_size) for line in lines],
        "mistake": [line.mistake for line in lines],
    }


def of_networks(each: Mapping[str, Sequence[Line]]) -> dict[str, list[str]]:
    """Return for each network by its title where a wrong rule first fails and what it gives in the end, as columns."""
    firsts = [parting(lines) for lines in each.values()]
    ends = [lines[-1] for lines in each.values()]
    return {
        "network": [*each],
        "first wrong at": [first.name if first else "nowhere" for first in firsts],
        "last step": [end.name for end in ends],
        "by this rule": [str(end.size) for end in ends],
        "right": [str(end.right_size) for end in ends],
    }
