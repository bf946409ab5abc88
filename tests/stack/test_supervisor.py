"""The supervised stack: ports, sources, secrets, a second start, an orderly stop."""

from __future__ import annotations

import json
import os
import socket
import threading
from dataclasses import replace
from datetime import date
from pathlib import Path

import psutil
import pytest

from dagster_project.settings import ROLES, role_name
from dagster_project.stack.embedded import EmbeddedStack
from dagster_project.stack.errors import StackError
from dagster_project.stack.leftovers import find_leftovers
from dagster_project.stack.lifecycle import Stack, open_stack
from dagster_project.stack.sockets import LONGEST_SOCKET, require_private, socket_path
from dagster_project.stack.sources import Sources, choose_sources, write_sources
from tests.stack.conftest import local_settings
from tests.stack.engines import DIARIES


def test_every_part_runs_and_answers(running: Stack) -> None:
    rows = {row.part: row for row in running.status()}
    for part in ("postgres", "clickhouse", "redis", "venue"):
        assert rows[part].state in ("STARTING", "RUNNING")
        assert rows[part].healthy
        assert rows[part].pid > 0
    assert rows["postgres"].url == f"postgresql://candlehouse@127.0.0.1:{running.settings.port('postgres')}/candlehouse"


def test_everything_listens_on_loopback_only(running: Stack) -> None:
    ours = {leftover.process.pid for leftover in find_leftovers(running.home)}
    assert len(ours) >= 4
    listening = [
        connection.laddr
        for connection in psutil.net_connections("inet")
        if connection.laddr and connection.status == psutil.CONN_LISTEN and connection.pid in ours
    ]
    assert len(listening) >= 4
    assert {address[0] for address in listening} == {"127.0.0.1"}


def test_no_password_on_command_lines_in_logs_or_in_files_others_could_read(running: Stack) -> None:
    known = json.loads((running.home / "secrets.json").read_text())
    assert set(known) == {"postgres", "clickhouse", "redis", *(role_name(role) for role in ROLES)}
    lines = [" ".join(process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"])]
    assert any(str(running.home) in line for line in lines)
    for secret in known.values():
        assert not any(secret in line for line in lines)
    private = {running.home / "secrets.json", running.home / "run" / "redis.conf"}
    texts = [
        path for folder in ("run", "logs", "dagster") for path in (running.home / folder).rglob("*") if path.is_file()
    ]
    assert running.home / "run" / "supervisord.conf" in texts
    for path in {*texts, *private}:
        found = [name for name, secret in known.items() if secret in path.read_text(errors="replace")]
        assert not found or path in private, f"{path} holds the password of {found}"
    for path in private:
        assert path.stat().st_mode & 0o077 == 0
    assert running.home.stat().st_mode & 0o077 == 0


def test_a_part_sees_its_own_secret_only(running: Stack) -> None:
    secrets = {name: running.settings.secret(name) for name in ("postgres", "clickhouse", "redis")}
    pids = {name: state.pid for name, state in running.supervisor.states().items() if state.pid}
    for part, pid in pids.items():
        seen = " ".join(psutil.Process(pid).environ().values())
        assert [name for name, secret in secrets.items() if secret in seen] == (
            ["clickhouse"] if part == "clickhouse" else []
        )


def test_a_second_start_finds_the_first_and_harms_nothing(running: Stack) -> None:
    before = {name: state.pid for name, state in running.supervisor.states().items()}
    second = open_stack(local_settings(running.home))
    with second.lock():
        assert second.is_running()
        second.resume_engines()
    assert {name: state.pid for name, state in running.supervisor.states().items()} == before


def test_a_second_start_starts_what_stopped(running: Stack) -> None:
    DIARIES["redis"].write(running.settings, 11)
    before = {name: state.pid for name, state in running.supervisor.states().items()}
    running.supervisor._call("stopProcess", "redis")
    assert not next(row for row in running.status() if row.part == "redis").healthy
    told: list[tuple[str, str]] = []
    with running.lock():
        running.resume_engines(lambda part, state: told.append((part, state)))
    assert [part for part, state in told if state == "starting"] == ["redis"]
    after = {name: state.pid for name, state in running.supervisor.states().items()}
    assert {name for name in before if before[name] != after[name]} == {"redis"}
    assert 11 in DIARIES["redis"].read(running.settings)


def test_the_lock_lets_one_start_at_a_time(running: Stack) -> None:
    told: list[str] = []
    entered = threading.Event()

    def wait_for_it() -> None:
        with Stack(running.settings).lock(lambda part, state: told.append(state)):
            entered.set()

    with running.lock():
        other = threading.Thread(target=wait_for_it)
        other.start()
        assert not entered.wait(0.5)
        assert told == ["another start or stop is under way, waiting"]
    other.join(5)
    assert entered.is_set()


def test_two_homes_live_side_by_side(running: Stack, tmp_path: Path) -> None:
    DIARIES["postgres"].write(running.settings, 1)
    with EmbeddedStack(tmp_path / "second", ("postgres", "redis")) as second:
        DIARIES["postgres"].write(second.settings, 2)
        assert DIARIES["postgres"].read(second.settings) == {2}
        assert {leftover.part for leftover in find_leftovers(second.home)} == {"postgres", "redis"}
    assert DIARIES["postgres"].read(running.settings) == {1}
    assert all(row.healthy for row in running.status() if not row.part.startswith(("dagster", "docs")))


@pytest.mark.parametrize("part", ["postgres", "clickhouse", "redis", "venue", "dagster"])
def test_a_taken_port_names_the_part_the_port_and_the_fix(tmp_path: Path, part: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        stack = open_stack(local_settings(tmp_path / "home", **{f"{part}_port": port}))
        with stack.lock(), pytest.raises(StackError) as caught:
            stack.start_engines()
    text = str(caught.value)
    assert f"port {port} for " in text
    assert f"(pid {os.getpid()})" in text
    assert f"set {part}_port under [stack] in candlehouse.toml, or CANDLEHOUSE_{part.upper()}_PORT" in text
    assert "\n" not in text
    assert not stack.is_running()
    assert find_leftovers(stack.home) == []


def _role_passwords(stack: EmbeddedStack) -> dict[str, str | None]:
    """What an operator sets beside the address of a PostgreSQL server."""
    return {f"{role}_password": stack.settings.role_password(role) for role in ROLES}


def test_the_configured_port_is_used_and_forgotten_after_the_stop(stack: EmbeddedStack, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
    urls = {"postgres_url": stack.postgres_url, "clickhouse_url": stack.clickhouse_url}
    ours = open_stack(local_settings(tmp_path / "home", redis_port=port, **urls, **_role_passwords(stack)))
    with ours.lock():
        ours.start_engines()
        try:
            assert ours.settings.port("redis") == port
            DIARIES["redis"].write(ours.settings, 1)
            states = ours.supervisor.states()
            assert "postgres" not in states, "a part given by URL is not started"
            assert "clickhouse" not in states
            assert {row.part: row.state for row in ours.status()}["postgres"] == "server"
        finally:
            ours.stop()
    assert not (ours.home / "stack.json").exists()
    assert find_leftovers(ours.home) == []


def test_a_server_that_does_not_answer_is_one_line(stack: EmbeddedStack, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        dead = f"http://u:hidden-word@127.0.0.1:{holder.getsockname()[1]}/x"
    urls = {"postgres_url": stack.postgres_url, "clickhouse_url": dead}
    ours = open_stack(local_settings(tmp_path / "home", **urls, **_role_passwords(stack)))
    with ours.lock(), pytest.raises(StackError, match="server of CANDLEHOUSE_CLICKHOUSE_URL does not answer") as caught:
        ours.start_engines()
    assert "hidden-word" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not ours.is_running()


def test_server_environments_start_nothing(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="environment 'server' starts no embedded part: use `docker compose up`"):
        open_stack(local_settings(tmp_path / "home", env="server"))
    assert not (tmp_path / "home").exists()


def test_a_long_home_gets_a_short_socket(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["a-rather-long-folder-name"] * 5)
    assert socket_path(tmp_path, "one.sock") == tmp_path / "run" / "one.sock"
    assert len(os.fsencode(socket_path(deep, "one.sock"))) <= LONGEST_SOCKET
    assert socket_path(deep, "one.sock") != socket_path(deep.parent, "one.sock")


def test_a_planted_socket_folder_is_refused(tmp_path: Path) -> None:
    planted = tmp_path / "planted"
    planted.symlink_to(tmp_path)
    with pytest.raises(StackError, match="remove it, or set CANDLEHOUSE_HOME to a shorter path"):
        require_private(planted, tmp_path)


def test_a_stack_in_a_long_folder_with_odd_characters(stack: EmbeddedStack, tmp_path: Path) -> None:
    home = tmp_path.joinpath(*["long folder 100% = [odd]"] * 5)
    urls = {"clickhouse_url": stack.clickhouse_url}
    ours = open_stack(local_settings(home, **urls))
    with ours.lock():
        ours.start_engines()
        try:
            for part in ("postgres", "redis"):
                DIARIES[part].write(ours.settings, 7)
                assert DIARIES[part].read(ours.settings) == {7}
                assert (home / "logs" / f"{part}.log").stat().st_size > 0
        finally:
            ours.stop()
    assert not ours.supervisor.socket.parent.exists()


def test_sandbox_sources_are_labelled(running: Stack) -> None:
    markets = running.settings.markets
    assert {market.exchange for market in markets} == {"sandbox"}
    assert {market.base_url for market in markets} == {f"http://127.0.0.1:{running.settings.port('venue')}"}
    assert len(markets) == 6


def test_without_a_network_the_sandbox_is_announced(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        nowhere = f"http://127.0.0.1:{holder.getsockname()[1]}"
    config = tmp_path / "candlehouse.toml"
    config.write_text(
        f'[market]\nstart = 2025-01-01\n[[venues]]\nname = "binance"\nsymbols = ["BTC/USDT"]\nbase_url = "{nowhere}"\n'
    )
    chosen = choose_sources(local_settings(tmp_path / "home", sources="live", config=config))
    assert chosen.kind == "sandbox"
    assert "no network to binance" in chosen.note
    assert "exchange = 'sandbox'" in chosen.note
    with socket.create_server(("127.0.0.1", int(nowhere.rpartition(":")[2]))):
        assert choose_sources(local_settings(tmp_path / "home", sources="live", config=config)) == Sources("live")


def test_recorded_files_define_markets_timeframes_and_days(tmp_path: Path) -> None:
    folder = tmp_path / "recorded"
    folder.mkdir()
    opened = 1_735_689_600_000  # 2025-01-01
    for name, step, count in (("okx_BTC_USDT-5m.json", 300_000, 600), ("okx_BTC_USDT-1h.json", 3_600_000, 50)):
        rows = [[opened + index * step, 1.0, 2.0, 0.5, 1.5, 10.0] for index in range(count)]
        (folder / name).write_text(json.dumps(rows))
    settings = local_settings(tmp_path / "home", sources=f"replay:{folder}")
    chosen = choose_sources(settings)
    assert chosen == Sources("replay", folder.resolve())
    write_sources(settings, chosen, 4242)
    (market,) = settings.markets
    assert replace(market, base_url=None).__dict__ == {
        "exchange": "okx",
        "symbol": "BTC/USDT",
        "timeframe": "5m",
        "ccxt_id": "binance",
        "base_url": None,
        "first": date(2025, 1, 1),
        "last": date(2025, 1, 3),
    }
    assert market.base_url == "http://127.0.0.1:4242"
    write_sources(settings, Sources("live"), 4242)
    assert {market.exchange for market in settings.markets} == {"binance"}


def test_an_empty_folder_of_recordings_is_one_line(tmp_path: Path) -> None:
    settings = local_settings(tmp_path / "home", sources=f"replay:{tmp_path}")
    with pytest.raises(StackError, match="CANDLEHOUSE_SOURCES: no candle file in"):
        write_sources(settings, choose_sources(settings), 1)
