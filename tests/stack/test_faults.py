"""Kill -9 of each part, of the supervisor and of everything; disks that are full or read-only; lying pid files."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from dagster_project.stack.embedded import EmbeddedStack
from dagster_project.stack.errors import StackError
from dagster_project.stack.home import open_home
from dagster_project.stack.leftovers import find_leftovers, remove_leftovers
from dagster_project.stack.lifecycle import Stack, open_stack
from dagster_project.stack.ports import is_free
from dagster_project.stack.postgres import Postgres
from tests.stack.conftest import NEWCOMER, local_settings
from tests.stack.engines import DIARIES

RESTART_SECONDS = 30


def _until_healthy(stack: Stack, part: str, not_pid: int) -> int:
    deadline = time.monotonic() + RESTART_SECONDS
    while time.monotonic() < deadline:
        row = next(row for row in stack.status() if row.part == part)
        if row.healthy and row.pid != not_pid:
            return row.pid
        time.sleep(0.1)
    raise AssertionError(f"{part} did not come back: {stack.supervisor.states()[part]}")


@pytest.mark.parametrize("part", ["postgres", "clickhouse", "redis"])
def test_a_killed_engine_comes_back_with_every_acknowledged_write(running: Stack, part: str) -> None:
    diary = DIARIES[part]
    written = set(range(100, 120))
    for number in written:
        diary.write(running.settings, number)
    victim = running.supervisor.states()[part].pid
    others = {name: state.pid for name, state in running.supervisor.states().items() if name != part}
    os.kill(victim, signal.SIGKILL)
    _until_healthy(running, part, victim)
    assert written <= diary.read(running.settings)
    diary.write(running.settings, 999)
    assert {name: state.pid for name, state in running.supervisor.states().items() if name != part} == others


def test_a_killed_venue_comes_back(running: Stack) -> None:
    victim = running.supervisor.states()["venue"].pid
    os.kill(victim, signal.SIGKILL)
    _until_healthy(running, "venue", victim)


def _write_all(stack: Stack, numbers: range) -> None:
    for diary in DIARIES.values():
        for number in numbers:
            diary.write(stack.settings, number)


def _missing(stack: Stack, numbers: range) -> dict[str, set[int]]:
    return {name: set(numbers) - diary.read(stack.settings) for name, diary in DIARIES.items()}


def test_a_killed_supervisor_takes_its_parts_along_and_the_next_start_is_clean(running: Stack) -> None:
    _write_all(running, range(200, 205))
    supervisor = running.supervisor.pid()
    assert supervisor
    before = {leftover.process.pid for leftover in find_leftovers(running.home)}
    os.kill(supervisor, signal.SIGKILL)
    with running.lock():
        assert not running.is_running()
        running.start_engines()
    after = {leftover.process.pid for leftover in find_leftovers(running.home)}
    assert before.isdisjoint(after)
    assert _missing(running, range(200, 205)) == {name: set() for name in DIARIES}


def test_after_kill_of_everything_the_next_start_is_clean(running: Stack) -> None:
    _write_all(running, range(300, 305))
    supervisor = running.supervisor.pid()
    assert supervisor
    everything = [supervisor, *(child.pid for child in psutil.Process(supervisor).children(recursive=True))]
    assert len(everything) > 8, "supervisord, four parts, PostgreSQL's workers"
    for pid in everything:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    with running.lock():
        assert not running.is_running()
        running.start_engines()
    assert _missing(running, range(300, 305)) == {name: set() for name in DIARIES}


def test_a_part_without_its_supervisor_is_recognised_and_stopped(tmp_path: Path) -> None:
    """The launcher's death signal is disarmed here (SIGCONT), as when a part is caught between fork and launch."""
    with EmbeddedStack(tmp_path / "home", ("redis",)) as stack:
        home, port = stack.home, stack.settings.port("redis")
        command = stack._parts["redis"].launch_command()
    command[command.index("--signal") + 1] = "CONT"
    starter = "import subprocess, sys; subprocess.Popen(sys.argv[1:], start_new_session=True)"
    subprocess.run([sys.executable, "-c", starter, *command], cwd=Path(__file__).parents[2], check=True)
    deadline = time.monotonic() + 10
    while is_free(port) and time.monotonic() < deadline:
        time.sleep(0.05)
    (orphan,) = find_leftovers(home)
    assert orphan.part == "redis"
    assert [str(found) for found in remove_leftovers(home)] == [f"redis (pid {orphan.process.pid})"]
    assert is_free(port)
    assert not orphan.process.is_running()


def test_processes_of_other_homes_and_look_alikes_are_left_alone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    look_alikes = [
        subprocess.Popen(
            ["sleep", "60"], env={**os.environ, "CANDLEHOUSE_STACK": f"{home}2", "CANDLEHOUSE_PART": "redis"}
        ),
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", "-D", str(home / "postgres")]),
    ]
    try:
        assert find_leftovers(home) == []
        assert remove_leftovers(home) == []
        assert all(process.poll() is None for process in look_alikes)
    finally:
        for process in look_alikes:
            process.kill()
            process.wait()


def test_a_pid_file_that_names_somebody_else_does_not_block_the_start(tmp_path: Path) -> None:
    """PostgreSQL alone refuses this: after a reboot the pid in postmaster.pid may belong to any program."""
    with EmbeddedStack(tmp_path / "home", ("postgres",)) as stack:
        DIARIES["postgres"].write(stack.settings, 1)
        pid_file = stack.home / "postgres" / "postmaster.pid"
        text = pid_file.read_text()
    with subprocess.Popen(["sleep", "60"]) as stranger:
        pid_file.write_text(text.replace(text.split("\n", 1)[0], str(stranger.pid), 1))
        with EmbeddedStack(tmp_path / "home", ("postgres",)) as stack:
            assert DIARIES["postgres"].read(stack.settings) == {1}
        assert stranger.poll() is None
        stranger.kill()


def test_data_of_another_engine_version_is_one_line(stack: EmbeddedStack, tmp_path: Path) -> None:
    data = tmp_path / "home" / "clickhouse"
    data.mkdir(parents=True)
    for marker in (stack.home / "clickhouse").iterdir():
        if marker.is_file() and "version" in marker.name.lower():
            (data / marker.name).write_text("99.1.0\n")
    assert list(data.iterdir()), "the gateway keeps a version file beside its store"
    with pytest.raises(StackError, match=r"ClickHouse .*was written by engine 99\.1\.0.*install") as caught:
        EmbeddedStack(tmp_path / "home", ("clickhouse",)).start()
    assert "\n" not in str(caught.value)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 30 MB; PostgreSQL's empty cluster needs 39 MB."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=30m", "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    if made.returncode != 0:
        pytest.skip(f"this machine lets nobody mount: {made.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_with_too_little_room_is_refused_before_anything_starts(small_disk: Path) -> None:
    with pytest.raises(StackError, match=r"has \d+ MB left, the stack needs 500 MB: free some space"):
        open_stack(local_settings(small_disk / "home"))


def test_a_disk_that_fills_up_while_the_cluster_is_made_is_one_line(small_disk: Path) -> None:
    open_home(small_disk / "home", least_free=0)
    with pytest.raises(StackError, match=r"the disk of .* is full, PostgreSQL needs about 100 MB") as caught:
        Postgres(small_disk / "home", 1, "secret").prepare()
    assert "\n" not in str(caught.value)


def test_a_full_disk_under_the_state_folder_is_one_line(small_disk: Path) -> None:
    (small_disk / "filler").write_bytes(b"0" * (shutil.disk_usage(small_disk).free))
    with pytest.raises(StackError, match=r"the disk of .* is full: free some space, or set CANDLEHOUSE_HOME") as caught:
        open_stack(local_settings(small_disk / "home"))
    assert "\n" not in str(caught.value)


def test_a_read_only_disk_is_one_line(small_disk: Path) -> None:
    open_home(small_disk / "home", least_free=0)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(StackError, match="read-only disk: set CANDLEHOUSE_HOME to a folder you can write"):
        open_stack(local_settings(small_disk / "home"))
    with pytest.raises(StackError, match="read-only disk"):
        open_stack(local_settings(small_disk / "other"))


def test_a_folder_without_write_permission_is_one_line(open_folder: Path) -> None:
    """Checked as another user when we are root, whom permissions do not stop."""
    closed = open_folder / "closed"
    closed.mkdir(mode=0o555)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            if os.geteuid() == 0:
                os.setresuid(NEWCOMER, NEWCOMER, NEWCOMER)
            open_home(closed / "home")
        except StackError as error:
            status = 0 if "is not yours to write" in str(error) and "\n" not in str(error) else 2
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
