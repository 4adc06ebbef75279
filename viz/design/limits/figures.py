"""Changes that would bring a design under a limit, as a list of links."""

from collections.abc import Callable, Sequence
from html import escape

from model.design.records import Design, WhatIf


def changes(found: Sequence[WhatIf], link: Callable[[Design], str]) -> str:
    """List changes in HTML, each a link to the design after it, with what it costs then.

    Args:
        found: The changes.
        link: Returns the address of a design.
    """
    items = "".join(
        f'<li><a href="{escape(link(each.design))}" target="_self">{escape(each.change)}</a>'
        f"<b>{each.parameters:,} parameters</b><span>{each.multiply_accumulates:,} multiply-accumulates</span></li>"
        for each in found
    )
    return f'<ul class="what-if">{items}</ul>'


def say(found: Sequence[WhatIf], parameters: int, limit: int) -> str:
    """Say how far a design is from a limit, and how many of the changes are enough."""
    over = parameters - limit + 1
    said = f"The design has {over:,} {'parameter' if over == 1 else 'parameters'} too many."
    if not found:
        return f"{said} No change was found."
    enough = sum(each.under for each in found)
    alone = {0: "No single change is enough", 1: "One of these changes is enough"}
    return f"{said} {alone.get(enough, f'{enough} of these {len(found)} changes are enough')}, each worked out."
