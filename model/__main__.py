"""The command ``glass``; ``python -m model`` is the same."""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the command runs this file by its path
    from model.commands.cli import main

    sys.exit(main(sys.argv[1:]))
