"""The state folder (`CANDLEHOUSE_HOME`): may we use it, is there room."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from dagster_project.stack.errors import StackError, explain_os_error
from dagster_project.stack.files import private_folder

# An empty PostgreSQL cluster with 1 GB of WAL allowed, an empty engine and logs; below this the first run would end in
# PostgreSQL's PANIC instead of a line that helps.
LEAST_FREE_BYTES = 500_000_000
FOLDERS = ("run", "logs", "dagster")


def open_home(home: Path, least_free: int = LEAST_FREE_BYTES) -> None:
    """Make the state folder and its sub-folders and prove that we can write there.

    Raises:
        StackError: not ours, read-only, or too full.
    """
    try:
        private_folder(home)
        _require_ours(home)
        for name in FOLDERS:
            private_folder(home / name)
        with tempfile.TemporaryFile(dir=home) as probe:
            probe.write(b"0" * 4096)
            probe.flush()
            os.fsync(probe.fileno())
        free = shutil.disk_usage(home).free
    except OSError as error:
        raise explain_os_error(error, home) from None
    if free < least_free:
        raise StackError(
            f"the disk of {home} has {free // 1_000_000} MB left, the stack needs {least_free // 1_000_000} MB:"
            " free some space, or set CANDLEHOUSE_HOME to another disk"
        )


def _require_ours(home: Path) -> None:
    me = os.geteuid()
    if me == 0:
        return
    for path in [home, *home.iterdir()]:
        owner = path.lstat().st_uid
        if owner != me:
            raise StackError(
                f"{path} belongs to user {owner} (made as root?), you are {me}: `sudo chown -R {me} {home}`,"
                " or set CANDLEHOUSE_HOME to another folder"
            )


def disk_used(home: Path) -> int:
    """Bytes on disk below `home`."""
    total = 0
    for folder, _, names in os.walk(home):
        for name in names:
            try:
                total += (Path(folder) / name).lstat().st_blocks * 512
            except OSError:
                continue
    return total
