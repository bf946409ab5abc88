"""dbt commands inside this process, with their events as they come.

A build whose work is 2 s of CPU took 14 s as a program of its own: `dbt --version`, which asks the package index for
news, 4 s, importing dbt twice, 6 s, reading the manifest twice, 2 s. Here a run imports dbt once for both engines.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult
    from dbt.contracts.graph.manifest import Manifest

# dbt keeps flags, adapters and loggers in globals: one command at a time per process.
_ONE_AT_A_TIME = threading.Lock()
_RESULTS = frozenset(("LogModelResult", "LogSeedResult", "LogSnapshotResult", "LogTestResult"))
_FAILED = frozenset(("error", "fail", "runtime error"))
SHOWN = 3


class DbtFailed(Exception):
    """A command failed; the message is one line that names the nodes, or says why dbt did not start."""


def run(
    arguments: Sequence[str], environment: Mapping[str, str] | None = None, manifest: Manifest | None = None
) -> Iterator[dict[str, Any]]:
    """Runs a dbt command on a thread of its own and yields the results of nodes, as in dbt's JSON log.

    Args:
        environment: variables of this process that the command reads.
        manifest: the parsed project; without it, dbt parses.

    An abandoned command goes on until its process ends, which is what follows when Dagster terminates a run.

    Raises:
        DbtFailed: after the last result.
    """
    from dbt.cli.main import dbtRunner
    from dbt_common.events.functions import msg_to_dict

    events: SimpleQueue[dict[str, Any] | str | None] = SimpleQueue()

    def hear(event: Any) -> None:
        if event.info.name in _RESULTS:
            events.put(msg_to_dict(event))

    def work() -> None:
        with _ONE_AT_A_TIME:
            os.environ.update(environment or {})
            done = dbtRunner(manifest, callbacks=[hear]).invoke(list(arguments))
            events.put(None if done.success else _reason(done))

    threading.Thread(target=work, name=f"dbt-{arguments[0]}", daemon=True).start()
    while isinstance(event := events.get(), dict):
        yield event
    if event is not None:
        raise DbtFailed(f"dbt {arguments[0]} failed: {event}")


def _reason(done: dbtRunnerResult) -> str:
    if done.exception is not None:
        return " ".join(str(done.exception).split())[:500] or type(done.exception).__name__
    failed = [result for result in getattr(done.result, "results", ()) if result.status in _FAILED]
    told = [f"{result.node.name}: {_words(result)}" for result in failed[:SHOWN]]
    more = f"; and {len(failed) - SHOWN} more" if len(failed) > SHOWN else ""
    return "; ".join(told) + more


def _words(result: Any) -> str:
    """What went wrong with one node; of `rows_hold`, the columns that break their rule."""
    message = " ".join((result.message or result.status).split())[:300]
    test = getattr(result.node, "test_metadata", None)
    if result.status != "fail" or test is None or test.name != "rows_hold":
        return message
    from dbt.adapters.factory import FACTORY

    adapter: Any
    try:
        (adapter,) = FACTORY.adapters.values()
        with adapter.connection_named("broken"):
            _, found = adapter.execute(result.node.compiled_code, fetch=True)
        return found.rows[0][0].rstrip("; ")
    except Exception as error:  # the database may be what is wrong
        return f"{message} (which columns could not be asked: {type(error).__name__})"
