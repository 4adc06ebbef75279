"""Choose worksheets, and hand them out: on the page, on paper, and as a file."""

from collections.abc import Sequence

import streamlit as st

from model.images.records import Digit
from model.networks.summary.records import Table
from model.networks.summary.table import of_network as table_of
from model.parameters.comparison import Comparison
from model.worksheet import sheet
from model.worksheet.records import Worksheet
from viz.app import address, components, current, picker, projector, shared, tables, widgets
from viz.app.current import of_network
from viz.app.queued_cache import queued
from viz.sheets import of_paper
from viz.worksheet import figures

SEED, SHEETS, SHOWN, TASK = "seed", "sheets", "sheet_view", "task"
MOST = 40  # sheets at once: a class
VIEWS = {"sheet": "Worksheet", "answers": "Answers", "both": "Both"}
_FILE_ENDS = {"sheet": "", "answers": "-answers", "both": "-with-answers"}
_LARGEST = 9_999
_PAPER = (
    "body { margin: 0; background: #fff; font-family: system-ui, sans-serif } main { max-width: 54rem; margin: 0 auto; "
    "padding: 1rem } @page { size: A4; margin: 12mm } @media print { html { font-size: 11px } main { max-width: none; "
    "padding: 0 } }"
)


def chosen(digit: Digit) -> list[Worksheet]:
    """Let the user choose sheets, and return them."""
    left, right = st.columns(2)
    with left:
        about = "Each number gives other tasks; the same number gives the same sheet."
        seed = _number("Sheet", SEED, 1, 0, _LARGEST, about)
    with right:
        about = "A class set: one sheet for each student, from this one on."
        count = _number("How many", SHEETS, 1, 1, MOST, about)
    return [_sheet(digit.key, number, digit) for number in range(seed, min(seed + count, _LARGEST + 1))]


def _number(label: str, name: str, default: int, least: int, most: int, about: str) -> int:
    """Let the user choose a whole number, which the address holds."""
    key = f"widget-{name}"
    found = address.read_as(name, widgets.whole_number, default, f"Showing {default} instead.")
    if not least <= found <= most:
        address.notice(f"The link asks for {name} '{found}'. It can be {least} to {most}. Showing {default} instead.")
        found = default
    if st.session_state.get(key) != found:  # else the browser would be set back while someone clicks on
        st.session_state[key] = found

    def choose(number: int) -> None:
        address.write(**{name: "" if number == default else str(number)})

    on_change = address.when_chosen(key, choose)
    st.number_input(label, least, most, key=key, step=1, help=about, on_change=on_change)
    return int(st.session_state[key])


def view(sheets: Sequence[Worksheet]) -> tuple[str, str]:
    """Let the user choose between the tasks and their answers, and on a projector one task of the first sheet."""
    with projector.controls(), st.container(horizontal=True, gap="large"):
        shown = widgets.segments("Show", SHOWN, VIEWS)
        task = _task(sheets[0]) if projector.is_on() else ""
    return shown, task


def say(sheets: Sequence[Worksheet]) -> str:
    """Say what the sheets ask."""
    if len(sheets) == 1:
        return figures.say(sheets[0])
    return f"{len(sheets)} sheets, {sheets[0].seed} to {sheets[-1].seed}: each has other tasks."


def _task(of: Worksheet) -> str:
    tasks = {each.lower().replace(" ", "-"): each for each in figures.one_by_one(of)}
    return tasks[widgets.segments("Task", TASK, tasks)] if tasks else ""


def hand_out(sheets: Sequence[Worksheet], shown: str) -> None:
    """Offer to print what is shown, and to download it."""
    with st.container(horizontal=True, vertical_alignment="center"):
        components.print_button("Print")
        title = f"{VIEWS[shown]}: {current.network().title}"
        numbers = f"{sheets[0].seed}" + (f"-{sheets[-1].seed}" if len(sheets) > 1 else "")
        name = f"worksheet-{numbers}{_FILE_ENDS[shown]}"
        tables.offer("Download as HTML", lambda: _document(title, sheets, shown), f"{name}.html", "text/html")


def show(sheets: Sequence[Worksheet], shown: str, task: str) -> None:
    """Show sheets and answers as they are printed; on a projector the task that was chosen."""
    with projector.stage():
        st.html(figures.one_by_one(sheets[0])[task][shown == "answers"] if task else drawn(sheets, shown))


def drawn(sheets: Sequence[Worksheet], shown: str) -> str:
    """Draw the sheets, then their answers."""
    tasks = [figures.sheet(each) for each in sheets] if shown != "answers" else []
    solved = [figures.answers(each) for each in sheets] if shown != "sheet" else []
    return "".join([*tasks, *solved])


def _document(title: str, sheets: Sequence[Worksheet], shown: str) -> str:
    return figures.document(title, drawn(sheets, shown), _PAPER + of_paper("worksheet"))


@queued(max_entries=4 * MOST, show_spinner="Making the sheets")
def _sheet(key: str, seed: int, _digit: Digit) -> Worksheet:  # the key identifies the digit to the pixel
    network, trace = current.network(), shared.record(_digit)
    said = f"{current.picture_word().capitalize()}: {picker.describe(_digit)}."
    return sheet.make(
        network,
        _digit.pixels,
        said,
        trace,
        _table(),
        shared.arithmetic(),
        shared.fields(),
        shared.growth(),
        _comparison(),
        seed,
    )


@of_network(max_entries=64)
def _table() -> Table:
    return table_of(current.network())


@of_network(max_entries=64)
def _comparison() -> Comparison:
    return Comparison(current.network())
