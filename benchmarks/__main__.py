"""`python -m benchmarks [NAME ...] [--json]`: runs the benchmarks and prints their ratios.

A single NAME takes options of its own (`python -m benchmarks volumes --scale 0.01`).

Every figure is a ratio against a peer or a bare engine measured in the same run: the machine's speed is not ours.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

LONG = ("marts", "queries", "volumes")  # an hour and tens of gigabytes: only when it is named


def main() -> int:
    """Runs the named benchmarks (when none is named all but LONG), one process each; the exit code is the worst."""
    found = {file.stem.removeprefix("bench_"): file for file in sorted(Path(__file__).parent.glob("bench_*.py"))}
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of: {', '.join(found)}")
    parser.add_argument("--json", action="store_true", help="print each result as one JSON document")
    arguments, more = parser.parse_known_args()
    if more and len(arguments.names) != 1:
        parser.error(f"{' '.join(more)}: options of a benchmark need its NAME in front")
    unknown = [name for name in arguments.names if name not in found]
    if unknown:
        parser.error(f"no benchmark named {', '.join(unknown)}: choose from {', '.join(found)}")
    worst = 0
    for name in arguments.names or [name for name in found if name not in LONG]:
        print(f"== {name}", file=sys.stderr, flush=True)
        command = [
            sys.executable,
            "-m",
            f"benchmarks.{found[name].stem}",
            *(["--json"] if arguments.json else []),
            *more,
        ]
        worst = max(worst, subprocess.run(command, check=False).returncode)
    return worst


if __name__ == "__main__":
    sys.exit(main())
