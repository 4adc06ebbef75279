"""Open a network file: read it, say what is wrong with it, and show it at once."""

import shlex
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import streamlit as st

from model import networks
from model.errors import BusyError, GlassError, InputError
from model.images.upload import MAX_MEGABYTES
from model.kept_files import is_hash
from model.networks import store, summary
from model.networks.catalogue import CATALOGUE
from model.networks.limits import OPEN, OWN, Limits
from model.networks.records import Network
from model.networks.summary.records import Table
from model.networks.summary.table import of_network as table_of
from viz.app import address, current, network_switch, projector, tables, widgets
from viz.app.current import of_network
from viz.app.markdown import escape_markdown
from viz.app.queued_cache import turn
from viz.open.own_machine import is_own_machine

_LINK, _LONGEST_LINK = "network-link", 8_000  # characters; a drawing makes a link long
STEPS, _TOGETHER = "steps", 12  # steps that a projector shows at a time
_UNKNOWN = "why the link that was given last shows no network"
_READ = "the file that was read last, and why it was refused"
ROOT = Path(summary.__file__).parents[3]
_CAPTURE = ROOT / "model" / "graph" / "capture.py"
_GLASS = ROOT / ".venv" / "bin" / "glass"
_CAPTURE_COMMAND = "capture net.py:Net --weights net.pt --mean 0.1307 --std 0.3081 -o net.glass"
NOTEBOOK = """from capture import save  # capture.py, beside the notebook

save(net, "net.glass", (1, 28, 28), title="My network", mean=[0.1307], std=[0.3081])"""


def command(arguments: str = _CAPTURE_COMMAND) -> str:
    """Return a command of this project as it is typed: on one's own machine with the path where it is installed.

    Args:
        arguments: What follows the command.
    """
    installed = limits() is OWN and _GLASS.is_file()
    return f"{shlex.quote(str(_GLASS)) if installed else '.venv/bin/glass'} {arguments}"


def limits() -> Limits:
    """Return how large a network may be: on one's own machine larger than on a server that is open to others."""
    headers = {name: str(value) for name, value in st.context.headers.items()}
    return OWN if is_own_machine(st.get_option("server.address"), headers) else OPEN


def take_file() -> None:
    """Take a network file, and show its network; or say why it cannot be shown."""
    file = st.file_uploader(f"A network file (.glass), at most {MAX_MEGABYTES} MB", key="network-file")
    with st.container():  # always there, so that what is below keeps its place
        if file is None:
            st.session_state.pop(_READ, None)
            return
        read, refusal = st.session_state.get(_READ, ("", ""))
        if read != file.file_id:
            refusal = _read(file.file_id, file.getvalue())
        if refusal:
            st.error(escape_markdown(f"{refusal} The network before it stays."))


def take_link() -> None:
    """Take the link or the id of a network that is known, and show it; or say why it cannot be shown."""
    st.text_input(
        "Or the link of a network that was opened here",
        key=_LINK,
        max_chars=_LONGEST_LINK,
        placeholder="http://…/?net=… or an id",
        on_change=address.when_chosen(_LINK, _follow_link),
    )
    with st.container():  # always there, so that what is below keeps its place
        if refusal := st.session_state.get(_UNKNOWN):
            st.error(escape_markdown(f"{refusal} The network before it stays."))


def _follow_link(text: str) -> None:
    """Show the network of a link, or keep the sentence that says why not."""
    st.session_state.pop(_UNKNOWN, None)
    if not text.strip():
        return
    try:
        id = id_in(text)
        networks.by_id(id)
    except GlassError as error:
        st.session_state[_UNKNOWN] = str(error)
        return
    st.session_state[_LINK] = ""
    _show(id)


def id_in(text: str) -> str:
    """Return the id in a link of this app, or an id that stands alone.

    Raises:
        InputError: There is none.

    >>> id_in("http://127.0.0.1:8501/head?digit=project-3a&net=lenet"), id_in(" lenet ")
    ('lenet', 'lenet')
    """
    bare = text.strip()
    try:
        query = urlsplit(bare).query
    except ValueError:  # a host in brackets that do not match
        query = ""
    found = parse_qs(query).get(address.NET, [])
    id = found[-1] if found else bare
    if id in networks.BUILT_IN or is_hash(id):
        return id
    if query and not found:
        raise InputError(
            "This link names no network.",
            "A link of this app has net=... where it shows another network than the assignment's.",
            "Choose the network in the list below, or give its file.",
        )
    raise InputError(
        f"'{id[:60]}' is no network that is known here.",
        f"It can be one of {', '.join(networks.BUILT_IN)}, or the id of an opened file: 32 digits and letters.",
        "Give its file instead.",
    )


def _read(file_id: str, data: bytes) -> str:
    """Read a file and show its network, or return why it was refused."""
    try:
        with st.spinner("Reading the network"), turn():
            id = store.keep_bytes(data, limits())
    except BusyError as error:  # to be tried again
        return str(error)
    except GlassError as error:
        st.session_state[_READ] = file_id, str(error)
        return str(error)
    st.session_state[_READ] = file_id, ""
    _show(id)
    st.rerun()


def _show(id: str) -> None:
    asked = current.missing()
    if id == asked:  # the link is right as it is
        return
    other = "The link named another network, whose file is not here; now it names the one that was opened."
    network_switch.change_to(id, *([other] if asked else []))


def follow(query: str) -> None:
    """Show the network that a card's link names."""
    id = parse_qs(query.removeprefix("?")).get(address.NET, [current.DEFAULT])[0]
    if id in network_switch.choices():
        network_switch.change_to(id)


def link(id: str) -> str:
    """Return the address of this page with a network."""
    return address.address("open", net=id)


def step_link(name: str) -> str:
    """Return the address that works out a step."""
    return address.address("layer_by_layer", row=name)


def coming_along() -> list[Network]:
    """Return the networks that come along and can be read."""
    found = _readable(list(networks.BUILT_IN))
    return [replace(each, card={"teaches": CATALOGUE[each.id].teaches, **each.card}) for each in found]


def opened() -> list[Network]:
    """Return the networks that this person has opened."""
    return _readable([id for id in network_switch.choices() if id not in networks.BUILT_IN])


def _readable(ids: list[str]) -> list[Network]:
    found = []
    for id in ids:
        try:
            found.append(networks.by_id(id))
        except GlassError as error:
            st.error(escape_markdown(str(error)))
    return found


@of_network(max_entries=64)
def table() -> Table:
    """Return the table of the network of this run."""
    return table_of(current.structure())


def shown_steps(found: Table) -> slice:
    """Return which steps of the table are shown: all, or the part that the user chooses on a projector."""
    starts = [str(number) for number in range(1, len(found.rows) + 1, _TOGETHER)]
    address.expect({STEPS: starts})
    if not projector.is_on() or len(starts) < 2:
        return slice(None)
    parts = {start: f"{start} to {min(int(start) + _TOGETHER - 1, len(found.rows))}" for start in starts}
    with projector.controls():
        label = f"Steps of {escape_markdown(current.network().title)}"
        first = int(widgets.one_by_one(label, STEPS, parts)) - 1
    return slice(first, first + _TOGETHER)


def is_opened() -> bool:
    """Tell whether the network of this run was opened from a file, or chosen from those that come along."""
    return current.network_id() != current.DEFAULT or bool(address.read(address.NET, ""))


def say_missing() -> None:
    """Say which network the link names whose file is needed again."""
    if id := current.missing():
        said = f"Give the file of the network {id} here: everything else in the link is then as it was."
        st.info(escape_markdown(said))


def offer_capture() -> None:
    """Hand out capture.py."""
    tables.offer("Download capture.py", lambda: _CAPTURE.read_text(encoding="utf-8"), "capture.py", "text/x-python")
