"""A session of the app without a browser: it speaks with the server as Streamlit's own page does, or as it likes."""

import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

_PATIENCE = 120  # seconds for a run, when many ask at once


class Visitor:
    """Somebody whose session is open.

    Args:
        socket: Speaks with the server.
    """

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self.session = ""  # its number, once a page has been opened

    def say(self, message: BackMsg) -> None:
        """Send any message."""
        self._socket.send(message.SerializeToString())

    def announce(self, size: int) -> None:
        """Send the head of a message of so many bytes, and nothing of the message itself."""
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
        """Ask for a page without waiting for it."""
        message = BackMsg()
        message.rerun_script.page_name = page
        message.rerun_script.query_string = urlencode(link)
        self.say(message)

    def open(self, page: str, link: Mapping[str, str]) -> list[ForwardMsg]:
        """Open a page and return all that its run sends."""
        self.ask(page, link)
        return self.hear_until("script_finished")

    def leave(self) -> None:
        """Close the session, whatever it is doing."""
        self._socket.close()


@contextmanager
def visiting(address: str, origin: str | None = None) -> Iterator[Visitor]:
    """Come as somebody new, from a page of another site where an origin is given."""
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
    """Open a page as somebody new and return all HTML and all charts that its first run shows."""
    with visiting(address) as visitor:
        elements = [message.delta.new_element for message in visitor.open(page, link)]
        kinds = {"html": lambda each: each.html.body, "plotly_chart": lambda each: each.plotly_chart.spec}
        return "".join(kinds[kind](each) for each in elements if (kind := each.WhichOneof("type")) in kinds)
