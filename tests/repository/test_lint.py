"""ruff, pyright and sqlfluff are part of the tests, so that pytest's own summary is what prints last."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from dagster_project.settings import PROJECT_ROOT

BIN = Path(sys.executable).parent


def run(*command: str) -> None:
    done = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-6000:]}\n{done.stderr[-3000:]}"


def test_ruff_finds_nothing() -> None:
    run(str(BIN / "ruff"), "check", ".")


def test_ruff_has_nothing_to_reformat() -> None:
    run(str(BIN / "ruff"), "format", "--check", ".")


def test_pyright_finds_nothing() -> None:
    run(str(BIN / "pyright"))


def test_sqlfluff_finds_nothing() -> None:
    folders = ("sql/postgres", "sql/clickhouse", "dbt_project/models")
    run(str(BIN / "sqlfluff"), "lint", "--disable-progress-bar", *folders)
