"""Starts one part so that it does not outlive the process that started it.

    python -m dagster_project.stack.child --part redis --home DIR --signal TERM [--keep NAME ...] -- redis-server ...

The kernel sends `--signal` to the part when its starter dies, also by kill -9 (prctl PR_SET_PDEATHSIG). The part sees
the plain environment and the names given with `--keep` (`--keep-all`: everything), so that it cannot leak secrets of
the others. `CANDLEHOUSE_PART` and `CANDLEHOUSE_STACK` mark the process for `leftovers.py`. Only the standard library is
imported: this runs before every start of every part.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
PLAIN = ("PATH", "HOME", "USER", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TERM", "VIRTUAL_ENV", "LD_LIBRARY_PATH")


def plain_environment(keep: list[str]) -> dict[str, str]:
    """The variables a part may see: locale, paths and those in `keep`."""
    return {name: value for name, value in os.environ.items() if name in PLAIN or name[:3] == "LC_" or name in keep}


def main() -> None:
    """Set the parent death signal, clean the environment, become the part."""
    parser = argparse.ArgumentParser(prog="dagster_project.stack.child")
    parser.add_argument("--part", required=True)
    parser.add_argument("--home", required=True)
    parser.add_argument("--signal", default="TERM")
    parser.add_argument("--keep", action="append", default=[])
    parser.add_argument("--keep-all", action="store_true")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    command = arguments.command[1:] if arguments.command[:1] == ["--"] else arguments.command

    starter = os.getppid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(getattr(signal, f"SIG{arguments.signal}")), 0, 0, 0)
    if os.getppid() != starter:
        sys.exit("the process that starts the parts is gone")

    environment = dict(os.environ) if arguments.keep_all else plain_environment(arguments.keep)
    environment |= {"CANDLEHOUSE_PART": arguments.part, "CANDLEHOUSE_STACK": arguments.home}
    os.execvpe(command[0], command, environment)  # noqa: S606


if __name__ == "__main__":
    main()
