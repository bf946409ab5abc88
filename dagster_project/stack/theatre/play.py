"""One scene from the first row to the last count.

Before it: both engines are emptied, trades are written, writers start. The scene breaks something while the archiver
works. After it: the archiver runs again with the writers still writing, they stop, it runs until nothing is left to
archive or purge, and both stores together are compared with the writers' ledger, before and after ClickHouse merges.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, dataclass, field
from typing import Any

from dagster_project.settings import PROJECT_ROOT
from dagster_project.stack.theatre.ground import STORAGE, WINDOW, Ground, NotPlayable, SmallDisk
from dagster_project.stack.theatre.ledger import Comparison, compare, compare_apart
from dagster_project.stack.theatre.writers import Crowd

# An archiver that takes longer than this hangs.
PATIENCE = 120.0
KILLED = -signal.SIGKILL


class Flop(Exception):
    """A scene did not go as it is written, such as a crash point that was never reached; the message is one line."""


@dataclass
class Result:
    """What a scene came to. `state`: ok, failed or not played; `lost`, `doubled` are the worst of all its counts."""

    scene: str
    state: str = "ok"
    broken: str = ""
    rows: int = 0
    writes: int = 0
    lost: int = 0
    doubled: int = 0
    equal: bool = False
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """For a program."""
        return asdict(self)


@dataclass(frozen=True)
class Ended:
    """How an archiver ended: `code` is negative for a signal, `error` its last line on stderr."""

    code: int
    error: str


class Stage:
    """What a scene can do. `random` is seeded by the scene's name."""

    def __init__(self, ground: Ground, name: str, rows: int, seed: int, disk: SmallDisk | None = None) -> None:
        self.ground, self.rows, self._disk = ground, rows, disk
        self.random = random.Random(f"{seed}-{name}")  # noqa: S311
        self.crowd = Crowd(ground.stack.settings.role_url("app"), seed)
        self.result = Result(name)
        self.batch_rows = max(20, rows // 5)
        self._running: list[subprocess.Popen[str]] = []

    @property
    def disk(self) -> SmallDisk:
        """The disk of a scene that is played around one."""
        assert self._disk is not None
        return self._disk

    @contextmanager
    def without_window(self) -> Iterator[None]:
        """ClickHouse knows no insert token meanwhile, as when a thousand others have come since."""
        change = f"ALTER TABLE {STORAGE} MODIFY SETTING {WINDOW} = "
        self.ground.client.command(f"{change}0")
        try:
            yield
        finally:
            self.ground.client.command(f"{change}1000")

    def archiver(
        self,
        *arguments: str,
        crash_at: str | None = None,
        postgres: int | None = None,
        clickhouse: int | None = None,
        purge: bool = True,
    ) -> subprocess.Popen[str]:
        """Starts a real archiver.

        Args:
            crash_at: where it kills itself, as `point` or `point:3` for the third time.
            postgres, clickhouse: ports of proxies to go through.
        """
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CANDLEHOUSE_")}
        environment |= {
            "CANDLEHOUSE_POSTGRES_URL": self.ground.url("postgres", postgres),
            "CANDLEHOUSE_CLICKHOUSE_URL": self.ground.url("clickhouse", clickhouse),
        }
        if crash_at:
            environment["CANDLEHOUSE_CRASH_AT"] = crash_at
        command = [sys.executable, "-m", "dagster_project.stack.theatre.archiver"]
        command += ["--batch-rows", str(self.batch_rows), *(["--purge"] if purge else []), *arguments]
        process = subprocess.Popen(
            command,
            cwd=PROJECT_ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._running.append(process)
        return process

    def end_of(self, process: subprocess.Popen[str]) -> Ended:
        """Waits for an archiver. Raises Flop when it hangs."""
        try:
            _, stderr = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise Flop(f"the archiver hung for {PATIENCE:.0f} s") from None
        return Ended(process.returncode, (stderr.strip().splitlines() or [""])[-1][:300])

    def run(self, *arguments: str, **options: Any) -> None:
        """An archiver that must succeed."""
        ended = self.end_of(self.archiver(*arguments, **options))
        if ended.code != 0:
            raise Flop(f"the archiver ended with {ended.code}: {ended.error}")

    def crash(self, point: str, times: int = 1, **options: Any) -> None:
        """An archiver that must die at a crash point."""
        ended = self.end_of(self.archiver(crash_at=f"{point}:{times}", **options))
        if ended.code != KILLED:
            raise Flop(
                f"{point} was not reached {times} times: the archiver ended with {ended.code} {ended.error}".rstrip()
            )
        self.broken(f"{point} #{times}")

    def fails(self, process: subprocess.Popen[str]) -> str:
        """The one line with which an archiver ends that cannot go on."""
        ended = self.end_of(process)
        if ended.code != 1:
            raise Flop(f"the archiver should have failed and ended with {ended.code}: {ended.error}")
        return ended.error

    def broken(self, what: str) -> None:
        """Notes what was broken, and how far the archive had come."""
        row = self.ground.connection.execute(
            "SELECT (SELECT coalesce(sum(rows), 0) FROM ops.archive_manifests WHERE verdict = 'verified'),"
            " (SELECT coalesce(sum(rows), 0) FROM ops.archive_purges)"
        ).fetchone()
        assert row is not None
        self.result.broken = f"{what}: {row[0]} archived, {row[1]} purged"

    def check(self) -> None:
        """Counts while the writers hold still, in the middle of things."""
        self.crowd.pause()
        self._judge(compare(self.crowd.ledger.rows(), self.ground.connection, self.ground.client), "in between")
        self.crowd.resume()

    def more(self) -> None:
        """Lets the writers write on: a tenth of what there was at the beginning."""
        self.crowd.write_more(max(20, self.rows // 10))

    def finish(self) -> None:
        """Recovers, drains and counts."""
        self.more()
        self.run()
        self.more()
        self.crowd.end()
        self.run("--rounds=0")
        rows = self.crowd.ledger.rows()
        self._judge(compare_apart(rows, self.ground.connection, self.ground.client), "at the end")
        self.ground.client.command(f"OPTIMIZE TABLE {STORAGE} FINAL")
        self._judge(compare_apart(rows, self.ground.connection, self.ground.client), "after the merge")
        self.result.rows, self.result.writes = len(rows), self.crowd.ledger.writes
        if problems := self.crowd.problems():
            raise Flop(problems[0])

    def close(self) -> None:
        """Ends what still runs."""
        self.crowd.end()
        for process in self._running:
            if process.poll() is None:
                process.kill()
                process.communicate()

    def _judge(self, found: Comparison, when: str) -> None:
        result = self.result
        result.lost = max(result.lost, found.lost)
        result.doubled = max(result.doubled, found.doubled)
        result.equal = found.equal
        result.rows = found.rows
        if not found.equal:
            result.problems += [f"{when}: {example}" for example in found.examples if result.state == "ok"]
            result.state = "failed"


@dataclass(frozen=True)
class Scene:
    """Something that goes wrong. `around` is entered before the engines are emptied and left after the last count."""

    name: str
    proves: str
    play: Callable[[Stage], None]
    around: Callable[[Ground], AbstractContextManager[SmallDisk | None]] = lambda ground: nullcontext()


def perform(ground: Ground, scene: Scene, rows: int, seed: int) -> Result:
    """Plays a scene; whatever goes wrong is in the result."""
    started = time.monotonic()
    result = Result(scene.name)
    try:
        with scene.around(ground) as disk:
            ground.clear()
            stage = Stage(ground, scene.name, rows, seed, disk)
            result = stage.result
            try:
                stage.crowd.seed(rows)
                stage.crowd.start()
                scene.play(stage)
                stage.finish()
            finally:
                stage.close()
    except NotPlayable as reason:
        result.state, result.problems = "not played", [str(reason)]
    except Exception as error:
        first = (str(error).strip().splitlines() or [""])[0]
        result.state = "failed"
        result.problems.append(first if isinstance(error, Flop) else f"{type(error).__name__}: {first}")
    result.seconds = round(time.monotonic() - started, 1)
    return result
