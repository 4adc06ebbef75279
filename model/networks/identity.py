"""What tells a running app from any other program: ``glass show`` uses an app that runs already."""

import hashlib
import os
from pathlib import Path

PATH = "/glass-network"
_DEFAULT = Path(__file__).resolve().parents[2] / "runs" / "networks"


def folder() -> Path:
    """Return the folder of opened networks: ``GLASS_NETWORKS``, or ``runs/networks`` of this project."""
    return Path(os.environ.get("GLASS_NETWORKS", _DEFAULT))


def of_this_app() -> dict[str, str]:
    """Return what an app says that it is, with a digest of where it keeps networks: the name of a folder is private."""
    place = hashlib.sha256(str(folder().resolve()).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return {"app": "glass-network", "networks": place}
