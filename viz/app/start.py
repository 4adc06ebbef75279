"""What a server is started with: ``streamlit run viz/Home.py -- mine.glass --images FOLDER``, each of them or none."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from model.errors import GlassError


def with_file(arguments: Sequence[str]) -> None:
    """Keep the network file that the command line names; an address without any choice then shows its network.

    Where the file is refused, or the folder of pictures is none, the server does not start, and prints the sentence.
    """
    try:
        file, folder = _read(arguments)
    except argparse.ArgumentError as error:
        sys.exit(
            f"The command line cannot be read ({error}). It can name a network file, and '--images' with a folder."
        )
    if folder and not folder.is_dir():
        sys.exit(f"'{ascii(str(folder))[1:-1]}' is no folder. After '--images' comes a folder with pictures.")
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


def folder_of(arguments: Sequence[str]) -> Path | None:
    """Return the folder of pictures that the command line names, or None."""
    try:
        return _read(arguments)[1]
    except argparse.ArgumentError:  # these are not the arguments that the server was started with
        return None


def _read(arguments: Sequence[str]) -> tuple[str | None, Path | None]:
    """Return the network file and the folder of pictures.

    Raises:
        argparse.ArgumentError: No folder follows ``--images``.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    parser.add_argument("file", nargs="?")
    parser.add_argument("--images", type=Path)
    given, _others = parser.parse_known_args(arguments)
    return given.file, given.images.expanduser().absolute() if given.images else None
