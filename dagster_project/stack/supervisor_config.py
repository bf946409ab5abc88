"""The configuration of supervisord: which parts, how they restart, where they log. Holds no secrets."""

from __future__ import annotations

import hashlib
import os
import shlex
import stat
from collections.abc import Sequence
from pathlib import Path

from dagster_project.stack.errors import StackError
from dagster_project.stack.part import Part

# A Unix socket path holds 107 bytes; supervisord binds `<path>.<pid>` first and then links it.
LONGEST_SOCKET = 107 - 9
LOG_BYTES = "10MB"
LOG_BACKUPS = 3
# Backoff grows by a second per failed start: 30 tries are eight minutes, enough to free a full disk.
START_RETRIES = 30


def socket_path(home: Path) -> Path:
    """Where supervisord of `home` listens: inside it, or in a private folder of /tmp when that path is too long."""
    inside = home / "run" / "supervisor.sock"
    if len(os.fsencode(inside)) <= LONGEST_SOCKET:
        return inside
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    return Path("/tmp") / f"candlehouse-{digest}" / "supervisor.sock"  # noqa: S108


def require_private(folder: Path, home: Path) -> None:
    """Make `folder` for the owner of `home` alone.

    Raises:
        StackError: it exists and somebody else made it, or it is a link: in /tmp anybody could have put it there.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (os.geteuid(), home.stat().st_uid):
        raise StackError(
            f"{folder} was made by user {found.st_uid}: remove it, or set CANDLEHOUSE_HOME to a shorter path"
        )
    folder.chmod(0o700)


def render(home: Path, parts: Sequence[Part]) -> str:
    """supervisord.conf for `parts`; nothing starts by itself."""
    run = home / "run"
    sections = [
        "[unix_http_server]",
        f"file={_escape(socket_path(home))}",
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
