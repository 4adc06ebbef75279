"""A person without a browser, who opens pages and chooses with the messages of Streamlit's page."""

import asyncio
import time
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlencode

from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.RootContainer_pb2 import RootContainer
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

PATIENCE = 60.0  # seconds for one run
_RESULTS = {"plotly_chart", "alert"}  # elements that show a result, besides HTML and our own components
_SHOW_NOTHING = {"follow_links", "projector", "readout", "reconnection"}  # components
_IDEAS = 'class="to-try"'  # in HTML that shows no result


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a page.

    Attributes:
        seconds: From the request to its end.
        received: Bytes.
        wrong: The error, if any.
        first: Seconds from the request to the first figure of the page; to the end where it sent none.
        page: Its name.
    """

    seconds: float
    received: int
    wrong: str = ""
    first: float = 0.0
    page: str = ""


class Visitor:
    """One session; like a browser, it caches the large messages of the run before, which are not sent again."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._kept: set[str] = set()

    async def run(self, page: str, link: Mapping[str, str]) -> Run:
        """Run a page, and wait for its end; errors are returned, not raised."""
        began, received, wrong, first = time.perf_counter(), 0, "", 0.0
        kept, titled = set[str](), False
        try:
            async with asyncio.timeout(PATIENCE):
                await self._socket.send(_request(page, link, self._kept))
                while True:
                    frame = await self._socket.recv(decode=False)
                    received += len(frame)
                    message = ForwardMsg.FromString(frame)
                    kept |= _keeps(message)
                    wrong = wrong or fault(message)
                    titled = titled or is_title(message)
                    if not first and titled and is_result(message):
                        first = time.perf_counter() - began
                    if message.WhichOneof("type") == "script_finished":
                        break
        except TimeoutError:
            wrong = f"no end within {PATIENCE:.0f} s"
        except ConnectionClosed as error:
            wrong = f"the server closed the connection: {error}"
        self._kept = kept
        end = time.perf_counter() - began
        return Run(end, received, wrong, first or end, page)


@asynccontextmanager
async def visiting(address: str) -> AsyncIterator[Visitor]:
    """Open a session at a server of this computer until the block ends."""
    async with _connected(address) as socket:
        yield Visitor(socket)


def _connected(address: str) -> connect:
    return connect(
        f"{address.replace('http', 'ws', 1)}/_stcore/stream",
        subprotocols=["streamlit"],  # type: ignore[list-item]
        max_size=None,
        proxy=None,
        open_timeout=PATIENCE,
    )


def _request(page: str, link: Mapping[str, str], kept: Collection[str]) -> bytes:
    """Return a browser's request for a page run; messages with these hashes need not be sent again."""
    ask = BackMsg()
    ask.rerun_script.page_name = page
    ask.rerun_script.query_string = urlencode(link)
    ask.rerun_script.cached_message_hashes.extend(kept)
    return bytes(ask.SerializeToString())


def _keeps(message: ForwardMsg) -> set[str]:
    if message.WhichOneof("type") == "ref_hash":
        return {message.ref_hash}
    return {message.hash} if message.metadata.cacheable else set()


def is_title(message: ForwardMsg) -> bool:
    """Tell whether a message is the title of a page; what comes before it is the frame of every page."""
    return message.WhichOneof("type") == "delta" and message.delta.new_element.heading.tag == "h1"


def is_result(message: ForwardMsg) -> bool:
    """Tell whether a message puts a figure, or a sentence in its place, into the page."""
    if message.WhichOneof("type") != "delta" or message.metadata.delta_path[0] != RootContainer.MAIN:
        return False
    element = message.delta.new_element
    kind = element.WhichOneof("type")
    if kind == "html":
        return _IDEAS not in element.html.body
    if kind == "bidi_component":
        return element.bidi_component.component_name.rpartition(".")[2] not in _SHOW_NOTHING
    return kind in _RESULTS


def fault(message: ForwardMsg) -> str:
    """Return the error that a message shows, or of a failed run; else an empty string."""
    match message.WhichOneof("type"):
        case "script_finished" if message.script_finished != ForwardMsg.FINISHED_SUCCESSFULLY:
            return str(ForwardMsg.ScriptFinishedStatus.Name(message.script_finished))
        case "page_not_found":
            return "there is no such page"
        case "delta":
            element = message.delta.new_element
            if element.WhichOneof("type") == "exception":
                return str(element.exception.message or element.exception.type)
            if element.alert.format == Alert.ERROR:
                return str(element.alert.body)
    return ""
