"""`python -m dagster_project.stack.gateway --path DIR --host 127.0.0.1 --port N`.

The user comes from CANDLEHOUSE_GATEWAY_USER (default `candlehouse`), the password from CANDLEHOUSE_GATEWAY_PASSWORD.
SIGTERM and SIGINT stop it: running queries get a few seconds, then they are cancelled; the engine is closed; exit 0.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import socket
import sys
from contextlib import nullcontext
from pathlib import Path

from dagster_project.stack.gateway.app import Gateway
from dagster_project.stack.gateway.auth import Credentials
from dagster_project.stack.gateway.engine import Engine, FolderError

# Seconds that running queries have to finish after SIGTERM, and to react when they are cancelled then.
PATIENCE = 3.0
BACKLOG = 512

log = logging.getLogger("candlehouse.gateway")


def main(arguments: list[str] | None = None) -> int:
    """Serve until a signal; the exit code."""
    options = _parser().parse_args(arguments)
    user = os.environ.get("CANDLEHOUSE_GATEWAY_USER", "candlehouse")
    password = os.environ.get("CANDLEHOUSE_GATEWAY_PASSWORD", "")
    if not password:
        return _complain("no password: set CANDLEHOUSE_GATEWAY_PASSWORD")
    # Project law: UTC only. The engine takes its time zone from here.
    os.environ["TZ"] = "UTC"
    logging.basicConfig(
        level=options.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr
    )
    try:
        listener = _listen(options.host, options.port)
    except OSError as error:
        return _complain(
            f"cannot listen on {options.host}:{options.port} ({error.strerror}): stop what uses that port,"
            " or give --port another one"
        )
    try:
        engine = Engine(Path(options.path).resolve(), user, password, upgrade=options.upgrade)
    except FolderError as error:
        listener.close()
        return _complain(str(error))
    gateway = Gateway(engine, Credentials(user, password))
    log.info(
        "ClickHouse %s on http://%s:%s over %s", engine.version, options.host, listener.getsockname()[1], options.path
    )
    try:
        asyncio.run(_serve(gateway, listener, options.log_level))
    finally:
        gateway.stop(PATIENCE)
        if not gateway.idle:
            # A query that does not react to KILL holds its connection; nothing it has acknowledged is lost.
            log.warning("a query does not stop: leaving without it")
            os._exit(0)
        engine.close()
    log.info("stopped")
    return 0


async def _serve(gateway: Gateway, listener: socket.socket, log_level: str) -> None:
    import uvicorn

    config = uvicorn.Config(
        gateway,  # type: ignore[arg-type]
        http="httptools",
        loop="uvloop",
        lifespan="on",
        log_level=log_level,
        log_config=None,
        access_log=False,
        server_header=False,
        ws="none",
        timeout_keep_alive=30,
        timeout_graceful_shutdown=int(PATIENCE),
        backlog=BACKLOG,
    )
    logging.getLogger("uvicorn.error").addFilter(_quiet)
    server = uvicorn.Server(config)
    # uvicorn would raise the signal again once it has stopped, before the engine is closed.
    server.capture_signals = nullcontext  # type: ignore[method-assign]
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.handle_exit, number, None)
    await server.serve(sockets=[listener])


def _quiet(record: logging.LogRecord) -> bool:
    # A result that failed half-way ends without its last chunk on purpose.
    return "without completing response" not in record.getMessage()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Connections inherit it. Without, headers and body in two packets cost 40 ms of delayed acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m dagster_project.stack.gateway", description=__doc__)
    parser.add_argument("--path", required=True, help="data folder; one gateway at a time owns it")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, required=True, help="port to listen on; 0 takes a free one and logs it")
    parser.add_argument("--log-level", default="info", choices=["debug", "info", "warning", "error"])
    parser.add_argument("--upgrade", action="store_true", help="open a folder that an older engine wrote")
    return parser


def _complain(message: str) -> int:
    sys.stderr.write(message + "\n")
    return 1


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    sys.exit(main())
