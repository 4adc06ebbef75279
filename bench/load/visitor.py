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
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

PATIENCE = 60.0  # seconds for one run


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a page: the seconds from the request to its end, the received bytes, and the error, if any."""

    seconds: float
    received: int
    wrong: str = ""


class Visitor:
    """One session; like a browser, it caches the large messages of the run before, which are not sent again."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._kept: set[str] = set()

    async def run(self, page: str, link: Mapping[str, str]) -> Run:
        """Run a page, and wait for its end; errors are returned, not raised."""
        began, received, wrong = time.perf_counter(), 0, ""
        kept: set[str] = set()
        try:
            async with asyncio.timeout(PATIENCE):
                await self._socket.send(_request(page, link, self._kept))
                while True:
                    frame = await self._socket.recv(decode=False)
                    received += len(frame)
                    message = ForwardMsg.FromString(frame)
                    kept |= _keeps(message)
                    wrong = wrong or fault(message)
                    if message.WhichOneof("type") == "script_finished":
                        break
        except TimeoutError:
            wrong = f"no end within {PATIENCE:.0f} s"
        except ConnectionClosed as error:
            wrong = f"the server closed the connection: {error}"
        self._kept = kept
        return Run(time.perf_counter() - began, received, wrong)


@asynccontextmanager
async def visiting(address: str) -> AsyncIterator[Visitor]:
    """Open a session at a server of this computer until the block ends."""
    async with connect(
        f"{address.replace('http', 'ws', 1)}/_stcore/stream",
        subprotocols=["streamlit"],  # type: ignore[list-item]
        max_size=None,
        proxy=None,
        open_timeout=PATIENCE,
    ) as socket:
        yield Visitor(socket)


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
