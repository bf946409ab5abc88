"""Unix sockets of one home, for its owner alone."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

from dagster_project.stack.errors import StackError

# A Unix socket path holds 107 bytes; supervisord binds `<path>.<pid>` first and then links it.
LONGEST_SOCKET = 107 - 9


def socket_path(home: Path, name: str) -> Path:
    """Where a part of `home` listens: inside it, or in a private folder of /tmp when that path is too long."""
    inside = home / "run" / name
    if len(os.fsencode(inside)) <= LONGEST_SOCKET:
        return inside
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    return Path("/tmp") / f"candlehouse-{digest}" / name  # noqa: S108


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
