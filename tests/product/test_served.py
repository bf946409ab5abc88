"""A running product: the README's every-day commands, and the Dagster UI in a headless browser: the graph, a partition
with its metadata, a week's backfill that ends green.

One file, because a home that is served costs two minutes of CPU.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import psutil
import pytest

from dagster_project.stack.leftovers import find_leftovers
from tests.product.conftest import DAYS, FIRST_DAY, Product, shell_lines

if TYPE_CHECKING:
    from playwright.sync_api import Page

# The first test waits until the home is served: 130 s alone on two cores, ten times that where everything is slow.
pytestmark = pytest.mark.timeout(1700)

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ASSET = "clickhouse/market/market_ohlcv"
FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: install your system's chromium package for the browser tests")
    from playwright.sync_api import sync_playwright

    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *sandbox])
        opened = browser.new_page(viewport={"width": 1600, "height": 1000})
        opened.set_default_timeout(180_000)
        yield opened
        browser.close()


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go: CANDLEHOUSE_SCREENSHOTS when a person wants to look, else a temporary folder."""
    wanted = os.environ.get("CANDLEHOUSE_SCREENSHOTS")
    folder = Path(wanted) if wanted else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def address(served: Product, path: str) -> str:
    return f"http://127.0.0.1:{served.port('dagster')}{path}"


def fingerprint(served: Product, window: str) -> list[dict]:
    """Count and order-independent hash of the candles in a window."""
    columns = "timestamp, open, high, low, close, volume"
    return served.ask("ch", f"SELECT sum(cityHash64({columns})) AS h, count() AS n FROM candles_stored WHERE {window}")


@contextmanager
def daemon_log_on_failure(served: Product, lines: int = 60) -> Iterator[None]:
    """Adds what the Dagster daemon last said, its idle ticks left out, to whatever fails in the block."""
    try:
        yield
    except Exception as error:
        log = re.sub(r"\x1b\[\d*m", "", (served.home / "logs" / "dagster-daemon.log").read_text())
        told = [line[:300] for line in log.splitlines() if "AssetDaemon" not in line]
        error.add_note("\n".join(told[-lines:]))
        raise


def test_the_asset_graph_shows_every_room(served: Product, page: Page, pictures: Path) -> None:
    page.goto(address(served, "/asset-groups"))
    for room in ("market", "trading", "transform"):
        page.get_by_text(room, exact=True).first.wait_for()
    page.screenshot(path=pictures / "graph.png")
    # A node whose graph does not fit the window is a box without a name, so one asset with its neighbours.
    page.goto(address(served, "/assets/clickhouse/candlehouse/trades_history?view=lineage&lineageScope=neighbors"))
    for asset in ("trades", "trades_history", "archive_parity"):
        page.get_by_text(asset, exact=True).first.wait_for()
    page.screenshot(path=pictures / "trading.png")


def test_a_partition_shows_what_was_collected(served: Product, page: Page, pictures: Path) -> None:
    last = FIRST_DAY + timedelta(days=DAYS - 1)
    page.goto(address(served, f"/assets/{ASSET}?view=partitions&partition={last}"))
    page.get_by_text("candles_expected").first.wait_for()
    page.get_by_text("coverage", exact=True).first.wait_for()
    page.get_by_text("BTC/USDT").first.wait_for()
    page.get_by_text("coverage", exact=True).first.scroll_into_view_if_needed()
    page.screenshot(path=pictures / "partition.png")


def test_a_backfill_of_a_lost_week_launched_from_the_ui_brings_every_candle_back(
    served: Product, page: Page, pictures: Path
) -> None:
    last = FIRST_DAY + timedelta(days=6)
    window = f"timestamp >= '{FIRST_DAY}' AND timestamp < '{last + timedelta(days=1)}'"
    before = fingerprint(served, window)
    served.candlehouse(
        "sql", "ch", "--write", f"ALTER TABLE market_ohlcv DELETE WHERE {window} SETTINGS mutations_sync = 1"
    )
    served.candlehouse(
        "sql", "pg", "--as", "ingest", "--write", f"DELETE FROM ops.ingest_windows WHERE window_start <= '{last}'"
    )
    (lost,) = served.ask("ch", f"SELECT count() AS n FROM candles_stored WHERE {window}")
    assert int(lost["n"]) == 0

    page.goto(address(served, f"/assets/{ASSET}?view=partitions"))
    page.get_by_role("button", name=re.compile("Materialize")).first.click()
    dialog = page.get_by_role("dialog")
    dialog.wait_for()
    page.screenshot(path=pictures / "dialog.png")
    older = dialog.get_by_text("Show all partitions")
    if older.count():
        older.click()
    field = dialog.get_by_role("textbox").first
    field.fill(f"[{FIRST_DAY}...{last}]")
    field.press("Enter")
    dialog.get_by_text("7 partitions").first.wait_for()
    page.screenshot(path=pictures / "range.png")
    dialog.get_by_role("button", name="Launch backfill").click()
    dialog.wait_for(state="hidden")
    page.goto(address(served, "/runs?view=backfills"))
    page.get_by_text("7 partitions").first.wait_for()
    with daemon_log_on_failure(served):
        page.get_by_text("Success", exact=True).first.wait_for(timeout=900_000)
    page.screenshot(path=pictures / "backfill.png")
    assert fingerprint(served, window) == before


def jobs(served: Product) -> list[str]:
    """The jobs that the UI knows; none while it does not reach the code server."""
    query = "{repositoriesOrError {... on RepositoryConnection {nodes {jobs {name}}}}}"
    answer = httpx.post(address(served, "/graphql"), json={"query": query}, timeout=60).json()["data"]
    nodes = answer["repositoriesOrError"].get("nodes", [])
    return [job["name"] for node in nodes for job in node["jobs"]]


def test_a_killed_code_server_comes_back(served: Product) -> None:
    def code() -> dict:
        parts = json.loads(served.candlehouse("status", "--json", check=False))["parts"]
        return next(row for row in parts if row["part"] == "dagster-code")

    before = jobs(served)
    assert "archive_often" in before
    killed = code()["pid"]
    os.kill(killed, signal.SIGKILL)
    deadline = time.monotonic() + 600
    while (now := code())["pid"] == killed or not now["healthy"] or jobs(served) != before:
        assert time.monotonic() < deadline, now
        time.sleep(1)


def test_the_docs_of_a_mart_are_one_click_from_its_asset(served: Product, page: Page, pictures: Path) -> None:
    page.goto(address(served, "/assets/clickhouse/analytics/leaderboard?view=overview"))
    link = page.get_by_role("link", name=re.compile("model.candlehouse.leaderboard")).first
    docs = link.get_attribute("href") or ""
    assert docs == f"http://127.0.0.1:{served.port('docs')}/clickhouse/#!/model/model.candlehouse.leaderboard"
    page.goto(docs)
    page.get_by_role("heading", name="leaderboard").first.wait_for()
    page.get_by_text("win_rate_low", exact=True).first.wait_for()
    page.screenshot(path=pictures / "docs.png")
    page.locator(".launcher").first.click()
    page.locator("canvas").first.wait_for()
    page.screenshot(path=pictures / "lineage.png")
    page.goto(f"http://127.0.0.1:{served.port('docs')}/")
    for engine in ("postgres", "clickhouse"):
        page.get_by_role("link", name=engine).wait_for()


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


def test_status_json_is_for_programs(served: Product) -> None:
    rows = json.loads(served.candlehouse("status", "--json"))
    parts = {row["part"]: row for row in rows["parts"]}
    for part in ("postgres", "clickhouse", "redis", "dagster-code", "dagster-webserver", "dagster-daemon", "docs"):
        assert parts[part]["healthy"] is True, parts
    assert not re.search(r"://[^/@\s]*:[^/@\s]+@", json.dumps(rows)), "a password in an address"


def test_down_in_the_middle_of_a_run_leaves_nothing(served: Product) -> None:
    """Last in this file: it stops the product."""
    parts = {row["part"]: row for row in json.loads(served.candlehouse("status", "--json"))["parts"]}
    code = psutil.Process(parts["dagster-code"]["pid"])
    idle = {child.pid for child in code.children(recursive=True)}
    launch = (
        'mutation {launchPipelineExecution(executionParams: {selector: {jobName: "archive_often", repositoryName:'
        ' "__repository__", repositoryLocationName: "candlehouse"}}) {__typename}}'
    )
    answer = httpx.post(address(served, "/graphql"), json={"query": launch}, timeout=60).json()["data"]
    assert answer["launchPipelineExecution"]["__typename"] == "LaunchRunSuccess"
    deadline = time.monotonic() + 300
    while {child.pid for child in code.children(recursive=True)} <= idle:
        assert time.monotonic() < deadline, "the run does not start"
        time.sleep(0.1)
    served.candlehouse("down")
    assert find_leftovers(served.home) == []
