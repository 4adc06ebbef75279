"""The network that a server is started with: ``streamlit run viz/Home.py -- mine.glass``."""

import argparse
import sys
from collections.abc import Sequence

from model.errors import GlassError


def network_file(arguments: Sequence[str]) -> str:
    """Return the network file that a command line names, beside a folder of images or without one; else nothing.

    >>> network_file(["--images", "photographs", "mine.glass"]), network_file(["--images", "photographs"])
    ('mine.glass', '')
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    parser.add_argument("--images")  # of viz.app.picture_picker
    parser.add_argument("network", nargs="?", default="")
    try:
        return str(parser.parse_known_args(arguments)[0].network)
    except argparse.ArgumentError:  # no folder follows
        return ""


def with_file(arguments: Sequence[str]) -> None:
    """Keep the network file that the command line names; an address without any choice then shows its network.

    Where the file is refused, the server does not start, and prints the sentence.
    """
    file = network_file(arguments)
    if not file:
        return
    from model import networks  # noqa: PLC0415 (a server without a file starts without PyTorch)
    from viz.app import current  # noqa: PLC0415 (as above)

    try:
        id = networks.keep(file)
    except GlassError as error:
        sys.exit(f"{error}")
    current.start_with(id)
    print(f"\n  {networks.by_id(id).title} is at /?net={id}", flush=True)
