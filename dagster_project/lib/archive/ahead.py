"""Three batches at a time: one is read, the one before it is sent, and the one before that is compared and marked."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from dagster_project.lib.archive import gentle
from dagster_project.lib.archive.snapshot import Pass, Planned

if TYPE_CHECKING:
    import psycopg

    from dagster_project.lib.moved_trades import Coming


@dataclass(frozen=True)
class Loaded:
    """A batch in memory. `is_full`: it ended by its bounds, so more may follow. `coming`: rows that may move."""

    planned: Planned
    blocks: list[bytes]
    seconds: dict[str, float]
    recalled: bool
    is_full: bool
    coming: tuple[Coming, ...] = ()


Load = Callable[["psycopg.Connection", Pass], Loaded | None]
Send = Callable[[Loaded], str]


class Ahead:
    """Reads on a second connection and sends from a second thread; a pass of a single batch opens no connection.

    Batches of a pass never share rows, whatever is marked in between: each begins after the last key of the one before.
    What was sent but is never compared, because the batch before it failed, is what a kill leaves behind: the next pass
    sends the same batch again.
    """

    def __init__(self, connection: psycopg.Connection, load: Load, send: Send) -> None:
        self._main, self._load, self._send = connection, load, send
        self._stack = ExitStack()
        self._reader: tuple[ThreadPoolExecutor, psycopg.Connection] | None = None
        self._sender: ThreadPoolExecutor | None = None
        self._next: Future[Loaded | None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def begin(self, taken: Pass) -> None:
        """Starts to read the batch that follows."""
        if self._reader is None:
            connection = self._stack.enter_context(_second(self._main))
            self._reader = (
                self._stack.enter_context(ThreadPoolExecutor(1, "archive-read", gentle.own_thread)),
                connection,
            )
        pool, connection = self._reader
        self._next = pool.submit(self._load, connection, taken)

    def take(self, taken: Pass) -> Loaded | None:
        """The next batch: the one that was begun, else it is read now."""
        if self._next is None:
            return self._load(self._main, taken)
        begun, self._next = self._next, None
        return begun.result()

    def send(self, loaded: Loaded) -> Future[str]:
        """Sends a batch after those before it; the result is the id of the query in ClickHouse."""
        if self._sender is None:
            self._sender = self._stack.enter_context(ThreadPoolExecutor(1, "archive-send", gentle.own_thread))
        return self._sender.submit(self._send, loaded)


def _second(connection: psycopg.Connection) -> psycopg.Connection:
    """Another connection of the same login, in UTC whatever the session of the first was set to."""
    import psycopg
    from psycopg.conninfo import make_conninfo

    where = make_conninfo(connection.info.dsn, password=connection.info.password)
    second = psycopg.connect(where, autocommit=True)
    second.execute("SET timezone TO 'UTC'")
    gentle.backend(second)
    return second
