"""Applications go first: what the archive does on this machine takes the processor time that they leave."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psycopg
    from clickhouse_connect.driver.client import Client

NICE = 10
_CLICKHOUSE = ("os_threads_nice_value_query", "os_threads_nice_value_materialized_view")


def own_thread() -> None:
    """The calling thread, on Linux: elsewhere the priority is that of the whole process."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


def clickhouse_settings(client: Client) -> dict[str, int]:
    """Settings of a query. Older servers do not know them."""
    return {name: NICE for name in _CLICKHOUSE if name in client.server_settings}


def backend(connection: psycopg.Connection) -> bool:
    """The server process of a connection, until the connection ends; whether it could be done.

    The process must be on this machine and ours to command. Its title names the port of our end: a process of the same
    number in another container has another title.
    """
    import psutil

    if sys.platform != "linux":
        return False
    with contextlib.suppress(psutil.Error, OSError):
        process = psutil.Process(connection.info.backend_pid)
        with socket.socket(fileno=os.dup(connection.fileno())) as end:
            if end.family not in (socket.AF_INET, socket.AF_INET6):
                return False
            port = end.getsockname()[1]
        title = " ".join(process.cmdline())
        if title.startswith("postgres") and f"({port})" in title:
            process.nice(NICE)
            return True
    return False
