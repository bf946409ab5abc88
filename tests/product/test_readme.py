"""The README's commands, run as printed."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest

from dagster_project.settings import PROJECT_ROOT
from tests.product.conftest import DAYS, Product, environment_for, installed

README = (PROJECT_ROOT / "README.md").read_text()
MODELS = {"Claude Sonnet 4.5", "DeepSeek Chat V3.1", "Gemini 2.5 Pro", "GPT 5", "Grok 4", "Qwen3 Max"}


def shell_lines() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", README, re.S)
    lines = [line.split("  #")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line]


def test_make_run_once_from_recorded_real_data_twice(shared_data: Path, tmp_path: Path) -> None:
    installed()
    assert "make run" in shell_lines()
    product = Product(environment_for(tmp_path / "home", f"replay:{shared_data}"), tmp_path / "home")
    started = time.monotonic()
    first = product.run("make", "run", "ONCE=1")
    between = time.monotonic()
    second = product.run("make", "run", "ONCE=1")
    ended = time.monotonic()
    for output in (first, second):
        assert all(model in output for model in MODELS), output[-3000:]
        assert "Traceback" not in output
    assert re.search(r"took [\d.]+ s, .* uses [\d.]+ [MG]B", first), first[-1500:]
    assert ended - between < between - started
    status = product.candlehouse("status", "--json", check=False)
    assert "RUNNING" not in status


def test_every_day_commands_work_on_a_running_stack(served: Product, shared_data: Path) -> None:
    lines = [line for line in shell_lines() if line.startswith("candlehouse ")]
    assert len(lines) >= 5
    given = {"DIR": str(shared_data / "arena")}
    for line in lines:
        words = re.findall(r'"[^"]*"|\S+', line.removeprefix("candlehouse "))
        if "ID" in words:  # after the line that imports trades
            (trade,) = served.ask("pg", "SELECT min(id) AS id FROM trades")
            given["ID"] = trade["id"]
        arguments = [given[word] if word in given else word.strip('"') for word in words]
        output = served.candlehouse(*arguments)
        assert output.strip(), line


def test_a_second_up_finds_the_running_stack(served: Product) -> None:
    output = served.candlehouse("up", "--detach")
    assert "already running" in output


def test_all_recorded_candles_are_there_and_closed(served: Product) -> None:
    (row,) = served.ask("ch", "SELECT count() AS n, uniqExact(timestamp) AS distinct FROM candles_stored")
    assert int(row["n"]) == int(row["distinct"]) == DAYS * 1440
    (ledger,) = served.ask("pg", "SELECT count(*) AS n FROM ops.ingest_windows WHERE state = 'complete'")
    assert int(ledger["n"]) == DAYS


def test_bad_sources_and_bad_home_are_one_line(tmp_path: Path) -> None:
    installed()
    for sources, home, said in (
        ("replay:/nowhere/at/all", tmp_path / "a", "correct the path"),
        ("telegraph", tmp_path / "b", "live, sandbox, replay:DIR"),
    ):
        product = Product(environment_for(home, sources), home)
        output = product.candlehouse("up", "--once", check=False)
        assert said in output
        assert "Traceback" not in output


def test_status_json_is_for_programs(served: Product) -> None:
    rows = json.loads(served.candlehouse("status", "--json"))
    parts = {row["part"]: row for row in (rows if isinstance(rows, list) else rows["parts"])}
    for part in ("postgres", "clickhouse", "redis", "dagster-webserver", "dagster-daemon"):
        assert parts[part]["healthy"] is True, parts
    assert not re.search(r"://[^/@\s]*:[^/@\s]+@", json.dumps(rows)), "a password in an address"


@pytest.mark.parametrize(
    "command", ["up", "down", "status", "migrate", "import", "replay", "sql", "doctor", "board", "docs"]
)
def test_help_has_an_example(product: Product, command: str) -> None:
    output = product.candlehouse(command, "--help")
    assert "Example" in output
