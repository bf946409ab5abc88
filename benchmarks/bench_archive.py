"""The archive of closed trades beside ClickHouse's own `INSERT ... SELECT ... FROM postgresql(...)` of the same rows.

One run on engines of its own, PostgreSQL with fsync: the full protocol (plan, read, send, read back, compare, mark)
with its peak memory, the worker of the hybrid design, a pass with nothing to do and with 100 new trades, the time from
a close to its row in ClickHouse, what the application feels meanwhile, and the purge.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from benchmarks.archive.measure import Figure, Sizes, measure
from benchmarks.bench_volumes import make_durable, say
from dagster_project import migrations
from dagster_project.settings import load_settings
from dagster_project.stack.embedded import EmbeddedStack

PURGED = 2_000_000  # a larger table is not purged: it would take longer than everything else


def run(home: Path, sizes: Sizes) -> list[Figure]:
    """The figures of one size, on engines under `home`."""
    with EmbeddedStack(home, parts=("postgres", "clickhouse")) as stack:
        os.environ.update(stack.environment)
        settings = load_settings()
        migrations.apply(settings)
        make_durable(stack.postgres_url)
        return measure(settings, sizes, say)


def main() -> None:
    """Prints the figures; the exit code is 1 when a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks archive", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rows", type=int, default=Sizes().rows, metavar="N", help="closed trades to archive at once")
    parser.add_argument("--folder", type=Path, help="where the scratch data goes, instead of the temporary folder")
    arguments = parser.parse_args()
    sizes = replace(
        Sizes(),
        rows=arguments.rows,
        felt_rows=min(Sizes().felt_rows, arguments.rows),
        hybrid_rows=min(Sizes().hybrid_rows, arguments.rows),
        purge=arguments.rows <= PURGED,
    )
    with tempfile.TemporaryDirectory(prefix="bench-archive-", dir=arguments.folder) as folder:
        figures = run(Path(folder) / "home", sizes)
    if arguments.json:
        print(json.dumps([figure.as_dict() for figure in figures]))
    else:
        print("\n".join(figure.line() for figure in figures))
    sys.exit(any(figure.met is False for figure in figures))


if __name__ == "__main__":
    main()
