"""Write the versions of all required packages into constraints.txt: ``python -m tests.pins``.

Without hashes: PyTorch has a different file for each platform, CPU and GPU, with different dependencies; one list of
hashes would refuse most of them.
"""

from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.serving import ROOT

FILE = ROOT / "constraints.txt"
_HEAD = (
    "# Written by 'make pins': all that the requirements bring along on Linux. 'make app' and 'make test' keep to it.\n"
)


def required(path: Path) -> Iterator[Requirement]:
    """Yield the requirements of a file and of the files that it includes."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("-r "):
            yield from required(path.parent / line.removeprefix("-r "))
        elif line and not line.startswith("#"):
            yield Requirement(line)


def closure(asked: Iterator[Requirement]) -> dict[str, str]:
    """Return the installed version of each required package and of all dependencies, by name."""
    found: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    todo = [(requirement.name, extra) for requirement in asked for extra in ("", *requirement.extras)]
    while todo:
        name, extra = todo.pop()
        key = (canonicalize_name(name), extra)
        if key in seen:
            continue
        seen.add(key)
        package = distribution(name)
        found[canonicalize_name(name)] = package.version.partition("+")[0]  # without the build
        for needed in map(Requirement, package.requires or []):
            if needed.marker is None or needed.marker.evaluate({"extra": extra}):
                todo += [(needed.name, each) for each in ("", *needed.extras)]
    return found


def pinned(path: Path = FILE) -> dict[str, str]:
    """Return the versions that a file pins, by name."""
    return {canonicalize_name(each.name): str(each.specifier).removeprefix("==") for each in required(path)}


def main() -> None:
    """Write the file."""
    every = sorted(closure(required(ROOT / "requirements-dev.txt")).items())
    FILE.write_text(_HEAD + "".join(f"{name}=={version}\n" for name, version in every), encoding="utf-8")


if __name__ == "__main__":
    main()
