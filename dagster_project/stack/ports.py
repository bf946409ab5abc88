"""Loopback ports: which are free, who has the others."""

from __future__ import annotations

import random
import socket

from dagster_project.stack.errors import StackError

LOOPBACK = "127.0.0.1"
# Below Linux's range of outgoing ports (32768..60999): a free one there can be taken by any connection a moment later.
FREE_RANGE = range(20_000, 32_000)


def is_free(port: int) -> bool:
    """Whether a server can listen on `port` of loopback now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def free_port(taken: set[int] | None = None) -> int:
    """A loopback port that nobody listens on and that is not in `taken`."""
    for port in random.sample(FREE_RANGE, 500):
        if port not in (taken or set()) and is_free(port):
            return port
    raise StackError("no free loopback port between 20000 and 32000: close some servers, or set the ports in [stack]")


def require_free(title: str, part: str, port: int) -> None:
    """Refuse a taken port, naming who has it and where to choose another.

    Raises:
        StackError: another process listens on `port`.
    """
    if is_free(port):
        return
    raise StackError(
        f"port {port} for {title} is taken{_holder(port)}: set {part}_port under [stack] in candlehouse.toml,"
        f" or CANDLEHOUSE_{part.upper()}_PORT (0 = any free one)"
    )


def _holder(port: int) -> str:
    import psutil

    try:
        for connection in psutil.net_connections("tcp"):
            if connection.laddr and connection.laddr[1] == port and connection.status == psutil.CONN_LISTEN:
                return f" by {psutil.Process(connection.pid).name()} (pid {connection.pid})" if connection.pid else ""
    except psutil.Error:
        pass
    return ""
