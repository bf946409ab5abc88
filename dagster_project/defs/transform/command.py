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

# dbt keeps flags, adapters and loggers in globals: one command at a time per process.
_ONE_AT_A_TIME = threading.Lock()
_RESULTS = frozenset(("LogModelResult", "LogSeedResult", "LogSnapshotResult", "LogTestResult"))
_FAILED = frozenset(("error", "fail", "runtime error"))
SHOWN = 3


class DbtFailed(Exception):
    """A command failed; the message is one line that names the nodes, or says why dbt did not start."""


def run(arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> Iterator[dict[str, Any]]:
    """Runs a dbt command on a thread of its own and yields the results of nodes, as in dbt's JSON log.

    Args:
        environment: variables of this process that the command reads.

    An abandoned command goes on until its process ends, which is what follows when Dagster terminates a run.

    Raises:
        DbtFailed: after the last result.
    """
    from dbt.cli.main import dbtRunner
    from dbt_common.events.functions import msg_to_dict

    events: SimpleQueue[dict[str, Any] | dbtRunnerResult] = SimpleQueue()

    def hear(event: Any) -> None:
        if event.info.name in _RESULTS:
            events.put(msg_to_dict(event))

    def work() -> None:
        with _ONE_AT_A_TIME:
            os.environ.update(environment or {})
            events.put(dbtRunner(callbacks=[hear]).invoke(list(arguments)))

    threading.Thread(target=work, name=f"dbt-{arguments[0]}", daemon=True).start()
    while isinstance(event := events.get(), dict):
        yield event
    if not event.success:
        raise DbtFailed(f"dbt {arguments[0]} failed: {_reason(event)}")


def _reason(done: dbtRunnerResult) -> str:
    if done.exception is not None:
        return " ".join(str(done.exception).split())[:500] or type(done.exception).__name__
    failed = [result for result in getattr(done.result, "results", ()) if result.status in _FAILED]
    told = [f"{result.node.name}: {' '.join((result.message or result.status).split())[:300]}" for result in failed]
    more = f"; and {len(told) - SHOWN} more" if len(told) > SHOWN else ""
    return "; ".join(told[:SHOWN]) + more
