"""Look up every pinned package in OSV, the open database of advisories: ``python -m tests.audit``."""

import re
import subprocess
import sys

from tests.pins import FILE
from tests.serving import ROOT

_FOUND = re.compile(r"Found \d+ known vulnerabilit")


def main() -> int:
    """Print the known faults; return 0 only if all packages were looked up and no fault is known."""
    options = ["--vulnerability-service=osv", "--disable-pip", "--no-deps", "--progress-spinner=off"]
    command = [sys.executable, "-m", "pip_audit", *options, f"--requirement={FILE}"]
    asked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 (our own)
    if asked.returncode == 0 or _FOUND.search(asked.stderr):
        print(asked.stderr.strip(), asked.stdout.strip(), sep="\n")
        return asked.returncode
    why = (asked.stderr.strip().splitlines() or ["no reason given"])[-1]
    print(
        "Nothing was checked: the database of advisories (osv.dev) cannot be reached or does not answer. It needs a "
        f"connection to the internet. Run 'make audit' where there is one. The last thing heard: {why}"
    )
    return 2


if __name__ == "__main__":
    sys.exit(main())
