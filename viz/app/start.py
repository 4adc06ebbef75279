"""The network that a server is started with: ``streamlit run viz/Home.py -- mine.glass``."""

import sys
from collections.abc import Sequence

from model.errors import GlassError


def with_file(arguments: Sequence[str]) -> None:
    """Keep the network file that the command line names; an address without any choice then shows its network.

    Where the file is refused, the server does not start, and prints the sentence.
    """
    if not arguments:
        return
    from model import networks  # noqa: PLC0415 (a server without a file starts without PyTorch)
    from viz.app import current  # noqa: PLC0415 (as above)

    try:
        id = networks.keep(arguments[0])
    except GlassError as error:
        sys.exit(f"{error}")
    current.start_with(id)
    print(f"\n  {networks.by_id(id).title} is at /?net={id}", flush=True)
