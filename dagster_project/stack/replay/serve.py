"""Running a venue: in the foreground, or in a thread for as long as a `with` block lasts."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import uvicorn

from .app import ByDesign
from .venue import Venue

STARTED_WITHIN = 10.0  # seconds; an idle machine needs well below one


def listen(host: str = "127.0.0.1", port: int = 0) -> socket.socket:
    """A listening socket; port 0 takes a free one. OSError when the port is taken."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener


def listen_or_say(host: str, port: int) -> socket.socket:
    """`listen`, with a taken port as a ValueError that says what to do."""
    try:
        return listen(host, port)
    except OSError as problem:
        raise ValueError(f"{host}:{port} cannot be used ({problem.strerror}): choose another --port") from problem


def base_url(listener: socket.socket) -> str:
    """The address of a listening socket, e.g. `http://127.0.0.1:8090`."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(venue: Venue, host: str = "127.0.0.1", port: int = 0, listener: socket.socket | None = None) -> None:
    """Serve until SIGINT or SIGTERM."""
    with suppress(KeyboardInterrupt):  # uvicorn raises it once more after it has shut down
        _server(venue).run(sockets=[listener or listen(host, port)])


@contextmanager
def running(venue: Venue, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serve in a thread; gives the base URL once requests are answered."""
    listener = listen(host, port)
    server = _server(venue)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="venue", daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + STARTED_WITHIN
        while not server.started:
            if not thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError("the venue's server did not start")
            time.sleep(0.005)
        yield base_url(listener)
    finally:
        server.should_exit = True
        thread.join(STARTED_WITHIN)
        listener.close()


def _server(venue: Venue) -> uvicorn.Server:
    logging.getLogger("uvicorn.error").addFilter(_worth_telling)
    config = uvicorn.Config(
        venue.app,
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    return uvicorn.Server(config)


def _worth_telling(record: logging.LogRecord) -> bool:
    return not (record.exc_info and isinstance(record.exc_info[1], ByDesign))
