"""The archive in a process of its own, so that its memory can be told: prints seconds, rows, MB and times of steps."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from datetime import timedelta


@dataclass(frozen=True)
class Ran:
    """One process. `began` and `ended` are epoch seconds, `peak_mb` its largest resident set, `steps` seconds."""

    began: float
    ended: float
    rows: int
    batches: int
    peak_mb: float
    steps: dict[str, float]

    @property
    def seconds(self) -> float:
        """How long the call of `archive` took."""
        return self.ended - self.began


def start() -> subprocess.Popen[str]:
    """Starts the process; the engines are those of the environment."""
    return subprocess.Popen([sys.executable, "-m", "benchmarks.archive.child"], stdout=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen[str]) -> Ran:
    """Waits for it.

    Raises:
        RuntimeError: it failed.
    """
    output, _ = process.communicate()
    if process.returncode:
        raise RuntimeError(f"the archive ended with exit code {process.returncode}")
    return Ran(**json.loads(output))


def main() -> None:
    """Archives every closed trade."""
    from dagster_project.lib.archive.engine import archive
    from dagster_project.lib.archive.engines import both
    from dagster_project.lib.archive.policies import policy
    from dagster_project.settings import load_settings

    trades = replace(policy("trades"), settle=timedelta(0))
    with both(load_settings()) as (connection, client):
        began = time.time()
        done = archive(trades, connection, client)
        ended = time.time()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(vars(Ran(began, ended, done.rows, done.batches, peak, done.seconds))))


if __name__ == "__main__":
    main()
