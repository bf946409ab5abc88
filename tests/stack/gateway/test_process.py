"""The process: locks, versions, ports, signals, sudden death."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import httpx
import pytest

from dagster_project.settings import PROJECT_ROOT
from dagster_project.stack.ports import free_port
from tests.stack.gateway.conftest import Http, Server, command, environment, start


def _refused(folder: Path, port: int | None = None, env: dict | None = None, *more: str) -> str:
    """The one line that a gateway which must not start says."""
    done = subprocess.run(
        command(folder, port or free_port(), *more),
        cwd=PROJECT_ROOT,
        env=env or environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode not in (0, None)
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


def test_one_line_each_for_what_stops_a_start(server: Server, tmp_path: Path) -> None:
    assert "is in use by another gateway: stop that one" in _refused(server.folder)
    assert f":{server.port} (Address already in use): stop what uses that port" in _refused(tmp_path / "a", server.port)
    without = {name: value for name, value in environment().items() if name != "CANDLEHOUSE_GATEWAY_PASSWORD"}
    assert "set CANDLEHOUSE_GATEWAY_PASSWORD" in _refused(tmp_path / "b", env=without)
    (tmp_path / "file").write_text("")
    assert "give --path another folder" in _refused(tmp_path / "file")
    newer, older = tmp_path / "newer", tmp_path / "older"
    for folder, version in ((newer, "99.1.0"), (older, "25.8.1")):
        folder.mkdir()
        (folder / "VERSION").write_text(version)
    assert "was written by engine 99.1.0" in _refused(newer)
    assert "install chdb-core 99.1.0, or give" in _refused(newer, None, None, "--upgrade")
    assert "start once with --upgrade" in _refused(older)


@pytest.mark.skipif(not Path("/dev/full").exists() or os.geteuid() != 0, reason="mounting a full disk needs root")
def test_a_full_disk_is_one_line(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"no mounts here: {mounted.stderr.decode().strip()}")
    try:
        assert "No space left on device" in _refused(disk / "data")
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_even_while_queries_run(tmp_path: Path, how: signal.Signals) -> None:
    server = start(tmp_path / "data")
    http = Http(server)
    http.run("CREATE TABLE t (n Int32) ENGINE = MergeTree ORDER BY n", "INSERT INTO t VALUES (1)")

    def endless() -> None:
        with pytest.raises(httpx.HTTPError):
            http.post("SELECT sum(cityHash64(number)) FROM numbers(100000000000)").raise_for_status()

    running = threading.Thread(target=endless)
    running.start()
    time.sleep(0.5)
    began = time.monotonic()
    assert server.stop(how) == 0, server.log.read_text()
    assert time.monotonic() - began < 10
    running.join()
    assert "stopped" in server.log.read_text()
    again = start(tmp_path / "data")
    assert Http(again).text("SELECT n FROM t") == "1"
    assert again.stop() == 0


def test_kill_9_loses_no_acknowledged_insert(tmp_path: Path) -> None:
    """Killed three times in the middle of inserts; whatever had its answer is there after the next start."""
    folder = tmp_path / "data"
    acknowledged = 0
    for round_ in range(3):
        server = start(folder)
        http = Http(server)
        http.run("CREATE TABLE IF NOT EXISTS t (n Int32) ENGINE = MergeTree ORDER BY n")
        assert int(http.text("SELECT uniqExact(n) FROM t")) >= acknowledged
        killer = threading.Timer(0.4, server.process.kill)
        killer.start()
        try:
            while True:
                sent = http.post("INSERT INTO t FORMAT CSV", body=f"{acknowledged}\n".encode())
                assert sent.status_code == 200
                acknowledged += 1
        except httpx.HTTPError:
            server.process.wait()
        assert acknowledged > round_ * 5
    server = start(folder)
    assert Http(server).text(f"SELECT count() FROM (SELECT DISTINCT n FROM t WHERE n < {acknowledged})") == str(
        acknowledged
    )
    assert server.stop() == 0


def test_it_listens_on_loopback_by_default(server: Server) -> None:
    import psutil

    listening = [one for one in psutil.Process(server.process.pid).net_connections() if one.status == "LISTEN"]
    assert [one.laddr[0] for one in listening] == ["127.0.0.1"]
    assert socket.inet_aton(listening[0].laddr[0])
