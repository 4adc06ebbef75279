"""A session of the app without a browser: it sends the messages of Streamlit's page, or any others."""

import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

_PATIENCE = 120  # seconds for a run under load


class Visitor:
    """An open session.

    Args:
        socket: Speaks with the server.
    """

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self.session = ""  # its id, after a page was opened

    def say(self, message: BackMsg) -> None:
        """Send any message."""
        self._socket.send(message.SerializeToString())

    def announce(self, size: int) -> None:
        """Send only the header of a message with this many bytes."""
        final_and_binary, masked_and_64_bits, mask = 0x82, 0xFF, 0  # RFC 6455, section 5.2
        self._socket.socket.sendall(struct.pack("!BBQL", final_and_binary, masked_and_64_bits, size, mask))

    def hear(self) -> ForwardMsg:
        """Return the server's next message."""
        message: ForwardMsg = ForwardMsg.FromString(self._socket.recv(_PATIENCE, decode=False))
        if message.WhichOneof("type") == "new_session":
            self.session = message.new_session.initialize.session_id
        return message

    def hear_until(self, kind: str) -> list[ForwardMsg]:
        """Return the server's messages up to the first of a kind."""
        heard = [self.hear()]
        while heard[-1].WhichOneof("type") != kind:
            heard.append(self.hear())
        return heard

    def ask(self, page: str, link: Mapping[str, str]) -> None:
        """Request a page without waiting for it."""
        message = BackMsg()
        message.rerun_script.page_name = page
        message.rerun_script.query_string = urlencode(link)
        self.say(message)

    def open(self, page: str, link: Mapping[str, str]) -> list[ForwardMsg]:
        """Open a page and return all messages of its run."""
        self.ask(page, link)
        return self.hear_until("script_finished")

    def leave(self) -> None:
        """Close the session at once."""
        self._socket.close()


@contextmanager
def visiting(address: str, origin: str | None = None) -> Iterator[Visitor]:
    """Open a new session, with an origin from a page of another site."""
    place = f"{address.replace('http', 'ws', 1)}/_stcore/stream"
    with connect(
        place,
        origin=origin,  # type: ignore[arg-type]
        subprotocols=["streamlit"],  # type: ignore[list-item]
        max_size=None,
        proxy=None,
    ) as socket:
        yield Visitor(socket)


def html_of(address: str, page: str, link: Mapping[str, str]) -> str:
    """Open a page in a new session and return all HTML and all charts of its first run."""
    with visiting(address) as visitor:
        elements = [message.delta.new_element for message in visitor.open(page, link)]
        kinds = {"html": lambda each: each.html.body, "plotly_chart": lambda each: each.plotly_chart.spec}
        return "".join(kinds[kind](each) for each in elements if (kind := each.WhichOneof("type")) in kinds)
