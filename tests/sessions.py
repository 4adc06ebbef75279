"""A session of the app without a browser: it speaks with the server as Streamlit's own page does."""

from collections.abc import Mapping
from urllib.parse import urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

_PATIENCE = 120  # seconds for a run, when many ask at once


def html_of(address: str, page: str, link: Mapping[str, str]) -> str:
    """Open a page as somebody new and return all HTML that its first run shows."""
    ask = BackMsg()
    ask.rerun_script.page_name = page
    ask.rerun_script.query_string = urlencode(link)
    place = f"{address.replace('http', 'ws', 1)}/_stcore/stream"
    with connect(place, subprotocols=["streamlit"], max_size=None, proxy=None) as socket:  # type: ignore[list-item]
        socket.send(ask.SerializeToString())
        shown: list[str] = []
        while True:
            message = ForwardMsg.FromString(socket.recv(_PATIENCE, decode=False))
            if message.WhichOneof("type") == "script_finished":
                return "".join(shown)
            element = message.delta.new_element
            if element.WhichOneof("type") == "html":
                shown.append(element.html.body)
