"""Install nginx for the tests if it is missing: ``python -m tests.install_nginx``.

An installed one will do. Else Debian's is installed where that is allowed; where it is not this says so, and so do the
tests of replicas.
"""

import os
import shutil
import subprocess

from deploy import nginx


def main() -> None:
    """Look for nginx; if it is missing, install Debian's package."""
    if nginx.executable() is None and shutil.which("apt-get") and os.geteuid() == 0:
        print("No nginx yet: apt-get install nginx")
        for command in (["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", "nginx"]):
            subprocess.run(command, check=False)  # noqa: S603 (these two)
    if nginx.executable() is None:
        print("No nginx could be installed: the tests of replicas cannot run. Install nginx for them.")


if __name__ == "__main__":
    main()
