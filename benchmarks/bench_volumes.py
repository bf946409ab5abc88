"""The designs' hot queries on the store of a fleet after two years, each beside the round trip of `SELECT 1`.

Fills an embedded PostgreSQL of its own (20 GB and the better part of an hour at full size; `--scale 0.01` takes a
minute), asks as `candlehouse_app` through the facades, and compares the vector search with exact search.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import psycopg

from benchmarks.volumes.load import load
from benchmarks.volumes.measure import HEADER, Figure, line, measure
from benchmarks.volumes.sizes import Sizes
from dagster_project import migrations
from dagster_project.settings import load_settings
from dagster_project.stack.embedded import EmbeddedStack


def run(home: Path, sizes: Sizes, searched: int) -> tuple[dict[str, float], list[Figure]]:
    """Seconds of loading by table, and the figures."""
    with EmbeddedStack(home, parts=("postgres", "clickhouse")) as stack:
        os.environ.update(stack.environment)
        settings = load_settings()
        migrations.apply(settings)
        seconds = load(stack.postgres_url, sizes, say)
        make_durable(stack.postgres_url)
        return seconds, measure(settings.role_url("app"), stack.postgres_url, sizes, searched, say)


def make_durable(url: str) -> None:
    """From here on a commit waits for the disk, as in `candlehouse up`: the stack of tests and benchmarks does not."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = on")
        connection.execute("ALTER SYSTEM SET full_page_writes = on")
        connection.execute("SELECT pg_reload_conf()")
        connection.execute("CHECKPOINT")


def say(text: str) -> None:
    """Progress, beside the result."""
    print(text, file=sys.stderr, flush=True)


def sizes_of(arguments: argparse.Namespace) -> Sizes:
    """Full size times --scale, single counts as given."""
    given = {
        "trades": arguments.trades,
        "decisions": arguments.decisions,
        "memories": arguments.memories,
        "dimensions": arguments.dimensions,
        "open_rows": arguments.open,
    }
    return replace(Sizes().scaled(arguments.scale), **{name: count for name, count in given.items() if count})


def main() -> None:
    """Prints the table; the exit code is 1 when a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks volumes", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full row counts")
    for name in ("trades", "decisions", "memories", "dimensions", "open"):
        parser.add_argument(f"--{name}", type=int, metavar="N")
    parser.add_argument("--searches", type=int, default=50, metavar="N", help="vector searches per kind of agent")
    parser.add_argument("--folder", type=Path, help="where the scratch data goes, instead of the temporary folder")
    arguments = parser.parse_args()
    sizes = sizes_of(arguments)
    with ExitStack() as until_end:
        folder = Path(until_end.enter_context(tempfile.TemporaryDirectory(dir=arguments.folder)))
        free = shutil.disk_usage(folder).free / 1e9
        if free < sizes.gigabytes:
            parser.error(f"{folder} has {free:.0f} GB free, this needs {sizes.gigabytes:.0f}: use --scale or --folder")
        seconds, figures = run(folder / "home", sizes, arguments.searches)
    if arguments.json:
        print(json.dumps({"load_seconds": seconds, "figures": [figure.as_dict() for figure in figures]}))
    else:
        print("\n".join([HEADER, *map(line, figures)]))
    sys.exit(any(figure.met is False for figure in figures))


if __name__ == "__main__":
    main()
