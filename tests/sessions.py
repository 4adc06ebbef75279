"""A session of the app without a browser: it speaks with the server as Streamlit's own page does."""

from collections.abc import Collection, Mapping
from urllib.parse import urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

PROTOCOL = "streamlit"
_PATIENCE = 120  # seconds for a run, when many ask at once


def stream_of(address: str) -> str:
    """Return where a server's sessions are spoken with."""
    return f"{address.replace('http', 'ws', 1)}/_stcore/stream"


def request(page: str, link: Mapping[str, str], kept: Collection[str] = ()) -> bytes:
    """Return what a browser says to have a page run.

    Args:
        page: Its name in the address.
        link: The choices in the address.
        kept: Hashes of messages that the session has received already, and that need not be sent again.
    """
    ask = BackMsg()
    ask.rerun_script.page_name = page
    ask.rerun_script.query_string = urlencode(link)
    ask.rerun_script.cached_message_hashes.extend(kept)
    return bytes(ask.SerializeToString())


def html_of(address: str, page: str, link: Mapping[str, str]) -> str:
    """Open a page as somebody new and return all HTML that its first run shows."""
    with connect(stream_of(address), subprotocols=[PROTOCOL], max_size=None, proxy=None) as socket:  # type: ignore[list-item]
        socket.send(request(page, link))
        shown: list[str] = []
        while True:
            message = ForwardMsg.FromString(socket.recv(_PATIENCE, decode=False))
            if message.WhichOneof("type") == "script_finished":
                return "".join(shown)
            element = message.delta.new_element
            if element.WhichOneof("type") == "html":
                shown.append(element.html.body)
