"""A checkout's own `make run`, on a home of its own and free ports, fed by a small recorded folder."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from dagster_project.settings import PROJECT_ROOT

CANDLEHOUSE = PROJECT_ROOT / ".venv" / "bin" / "candlehouse"
FIRST_DAY = date(2025, 10, 13)
DAYS = 9
SYMBOL = "BTC/USDT"


@dataclass(frozen=True)
class Product:
    """How a person runs the product here: the environment, and what a command printed."""

    environment: dict[str, str]
    home: Path

    def run(self, *command: str, seconds: float = 500, check: bool = True) -> str:
        """The output of a command of the checkout."""
        done = subprocess.run(
            command,
            cwd=PROJECT_ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        output = done.stdout + done.stderr
        assert not check or done.returncode == 0, f"{command} ended with {done.returncode}:\n{output[-4000:]}"
        return output

    def candlehouse(self, *words: str, seconds: float = 500, check: bool = True) -> str:
        """The output of `candlehouse ...`."""
        return self.run(str(CANDLEHOUSE), *words, seconds=seconds, check=check)

    def ask(self, warehouse: str, query: str) -> list[dict]:
        """The rows of `candlehouse sql --json`."""
        return json.loads(self.candlehouse("sql", warehouse, "--json", query))

    def port(self, part: str) -> int:
        """The port that a part of the running stack chose."""
        return json.loads((self.home / "stack.json").read_text())["ports"][part]


def environment_for(home: Path, sources: str) -> dict[str, str]:
    """The environment of a person, with a home and ports of our own."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("CANDLEHOUSE_", "DAGSTER", "DBT_"))
    }
    parts = ("POSTGRES", "CLICKHOUSE", "REDIS", "VENUE", "DAGSTER", "DOCS")
    ports = {f"CANDLEHOUSE_{part}_PORT": "0" for part in parts}
    return {
        **kept,
        **ports,
        "CANDLEHOUSE_HOME": str(home),
        "CANDLEHOUSE_SOURCES": sources,
        "NO_COLOR": "1",
        "COLUMNS": "160",
    }


def shell_lines() -> list[str]:
    """The commands that the README prints, without their comments."""
    blocks = re.findall(r"```sh\n(.*?)```", (PROJECT_ROOT / "README.md").read_text(), re.S)
    lines = [line.split("  #")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line]


def installed() -> None:
    """Skips unless `make` installed this checkout: otherwise `make run` here would rebuild the environment under us."""
    stamp = PROJECT_ROOT / ".venv" / ".runtime-installed"
    lock = PROJECT_ROOT / "requirements.lock"
    pyproject = PROJECT_ROOT / "pyproject.toml"
    if not stamp.exists() or stamp.stat().st_mtime < max(lock.stat().st_mtime, pyproject.stat().st_mtime):
        pytest.skip("this virtual environment was not installed by make: run `make test`")


def write_recording(folder: Path) -> None:
    """Nine days of one-minute candles of one market and one agent's account, as recorded files."""
    folder.mkdir(parents=True)
    with (folder / "BTC_USDT-1m.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["timestamp", "open", "high", "low", "close", "volume"])
        start = int(datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day, tzinfo=UTC).timestamp())
        price = 100_000.0
        for minute in range(DAYS * 1440):
            closed = price + ((minute * 7919) % 41 - 20) / 4
            low, high = min(price, closed) - 0.25, max(price, closed) + 0.5
            writer.writerow([(start + 60 * minute) * 1000, price, high, low, closed, 1 + (minute % 17) / 8])
            price = closed


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The product, with nothing started yet; whatever runs at the end of the module is stopped: a served home works on,
    beside the tests that follow."""
    installed()
    root = tmp_path_factory.mktemp("product")
    write_recording(root / "recorded")
    made = Product(environment_for(root / "home", f"replay:{root / 'recorded'}"), root / "home")
    yield made
    made.candlehouse("down", check=False)


@pytest.fixture(scope="module")
def served(product: Product) -> Product:
    """The product after `candlehouse up --detach`: board built, Dagster UI and daemon running."""
    product.candlehouse("up", "--detach", seconds=1300)
    return product
