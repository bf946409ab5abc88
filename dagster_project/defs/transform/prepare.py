"""Prepares what the code location reads about the dbt project: one manifest per engine, parsed ahead of time.

    python -m dagster_project.defs.transform.prepare

Parsing takes seconds and needs no database; loading a manifest takes milliseconds. A manifest is parsed again only when
a file of the dbt project or dbt's version changed. Manifests live in dbt_project/target/<engine>, or under
CANDLEHOUSE_HOME when the checkout is read-only.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from dagster_project.settings import PROJECT_ROOT, load_settings

Engine = Literal["postgres", "clickhouse"]
ENGINES: tuple[Engine, ...] = ("postgres", "clickhouse")
DBT_PROJECT = PROJECT_ROOT / "dbt_project"
_SOURCES = ("dbt_project.yml", "profiles.yml", "models", "macros", "tests", "analyses")


class DbtFailed(Exception):
    """dbt could not read the project; the message is one line."""


def manifest_path(engine: Engine) -> Path:
    """Where the manifest of one engine is, or will be."""
    return _target(engine) / "manifest.json"


def ensure_manifests() -> list[Engine]:
    """Parses what changed since the last time and returns the engines that were parsed.

    Raises:
        DbtFailed: dbt refuses the project.
    """
    wanted = fingerprint()
    stale: list[Engine] = [engine for engine in ENGINES if not _is_current(engine, wanted)]
    if not stale:
        return []
    _target(ENGINES[0]).parent.mkdir(parents=True, exist_ok=True)
    with _only_one():
        parsers: dict[Engine, subprocess.Popen[str]] = {
            engine: _parse(engine) for engine in stale if not _is_current(engine, wanted)
        }
        for engine, parser in parsers.items():
            output, _ = parser.communicate()
            if parser.returncode:
                raise DbtFailed(f"dbt parse for {engine} failed: {_reason(output)}")
            (_target(engine) / "fingerprint").write_text(wanted)
    return list(parsers)


def _target(engine: Engine) -> Path:
    in_checkout = DBT_PROJECT / "target" / engine
    if (in_checkout / "manifest.json").exists() or os.access(DBT_PROJECT, os.W_OK):
        return in_checkout
    return load_settings().home / "dbt" / "manifests" / engine


def _is_current(engine: Engine, wanted: str) -> bool:
    stamp = _target(engine) / "fingerprint"
    return manifest_path(engine).exists() and stamp.exists() and stamp.read_text() == wanted


def fingerprint() -> str:
    """SHA-256 of the dbt project and of dbt's version."""
    digest = hashlib.sha256(" ".join(version(name) for name in ("dbt-core", "dbt-postgres", "dbt-clickhouse")).encode())
    for file in _files():
        digest.update(f"\0{file.relative_to(DBT_PROJECT)}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _files() -> Iterator[Path]:
    for name in _SOURCES:
        path = DBT_PROJECT / name
        yield from sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]


def _parse(engine: Engine) -> subprocess.Popen[str]:
    target = _target(engine)
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "dbt.cli.main", "--quiet", "--no-use-colors", "parse"),
            *("--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT), "--target", engine),
            *("--target-path", str(target), "--log-path", str(target)),
        ],
        env={**_without_databases(), "DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DO_NOT_TRACK": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _without_databases() -> dict[str, str]:
    """The environment without an installation's databases: one manifest is for all of them (see `parsed`)."""
    return {name: value for name, value in os.environ.items() if not name.startswith("DBT_")}


@contextmanager
def _only_one() -> Iterator[None]:
    from filelock import FileLock

    with FileLock(_target(ENGINES[0]).parent / "prepare.lock"):
        yield


def _reason(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return " ".join(lines[-4:])[:500] or "no reason given"


def main() -> int:
    """Prepare, and say what was parsed."""
    try:
        parsed = ensure_manifests()
    except DbtFailed as failed:
        print(failed, file=sys.stderr)
        return 1
    print(f"dbt manifests: {'parsed ' + ', '.join(parsed) if parsed else 'current'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
