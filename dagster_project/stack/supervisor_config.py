"""The configuration of supervisord: which parts, how they restart, where they log. Holds no secrets."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from dagster_project.stack.part import Part
from dagster_project.stack.sockets import socket_path

SOCKET = "supervisor.sock"
LOG_BYTES = "10MB"
LOG_BACKUPS = 3
# Backoff grows by a second per failed start: 30 tries are eight minutes, enough to free a full disk.
START_RETRIES = 30


def render(home: Path, parts: Sequence[Part]) -> str:
    """supervisord.conf for `parts`; nothing starts by itself."""
    run = home / "run"
    sections = [
        "[unix_http_server]",
        f"file={_escape(socket_path(home, SOCKET))}",
        "chmod=0600",
        "",
        "[supervisord]",
        f"logfile={_escape(home / 'logs' / 'supervisor.log')}",
        f"logfile_maxbytes={LOG_BYTES}",
        f"logfile_backups={LOG_BACKUPS}",
        f"pidfile={_escape(run / 'supervisor.pid')}",
        f"childlogdir={_escape(home / 'logs')}",
        f"identifier={_escape(home)}",
        "nodaemon=true",
        "silent=true",
        "umask=077",
        *(["user=root"] if os.geteuid() == 0 else []),
        "",
        "[rpcinterface:supervisor]",
        "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface",
        "",
    ]
    for part in parts:
        sections += [
            f"[program:{part.name}]",
            f"command={_escape(shlex.join(part.launch_command()))}",
            f"directory={_escape(part.directory)}",
            f"priority={part.priority}",
            "autostart=false",
            "autorestart=true",
            "startsecs=1",
            f"startretries={START_RETRIES}",
            f"stopsignal={part.stop_signal}",
            f"stopwaitsecs={part.stop_seconds}",
            f"stopasgroup={str(part.with_group).lower()}",
            f"killasgroup={str(part.with_group).lower()}",
            f"umask={'022' if part.keeps_environment else '077'}",
            "redirect_stderr=true",
            # supervisord 4.3 expands this value twice.
            f"stdout_logfile={_escape(_escape(part.log))}",
            f"stdout_logfile_maxbytes={LOG_BYTES}",
            f"stdout_logfile_backups={LOG_BACKUPS}",
            "",
        ]
    return "\n".join(sections)


def _escape(value: object) -> str:
    return str(value).replace("%", "%%")
