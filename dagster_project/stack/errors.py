"""What goes wrong in the embedded stack, in one line that names the fix."""

from __future__ import annotations

import errno
from pathlib import Path


class StackError(Exception):
    """The stack cannot do what was asked; the message is one line and names the fix."""


def explain_os_error(error: OSError, path: Path) -> StackError:
    """The StackError for an OSError met while using `path`."""
    where = error.filename or path
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return StackError(f"the disk of {path} is full: free some space, or set CANDLEHOUSE_HOME to another disk")
        case errno.EROFS:
            return StackError(f"{where} is on a read-only disk: set CANDLEHOUSE_HOME to a folder you can write")
        case errno.EACCES | errno.EPERM:
            return StackError(
                f"{where} is not yours to write: `sudo chown -R $(id -u) {path}`,"
                " or set CANDLEHOUSE_HOME to a folder of your own"
            )
        case _:
            return StackError(f"{where}: {error.strerror or error}: correct it, or set CANDLEHOUSE_HOME elsewhere")


def last_log_line(log: Path, marks: tuple[str, ...] = ("FATAL", "PANIC", "ERROR", "rror", "#")) -> str:
    """The last line of `log` that says what went wrong (one with a mark, else any), or an empty string."""
    try:
        lines = [line.strip() for line in log.read_text(errors="replace")[-20_000:].splitlines() if line.strip()]
    except OSError:
        return ""
    telling = [line for line in lines if any(mark in line for mark in marks)]
    return (telling or lines or [""])[-1][:300]
