"""How commands talk to a person."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from dagster_project.stack.lifecycle import Progress

if TYPE_CHECKING:
    from rich.console import Console


def start_progress(console: Console) -> Progress:
    """A progress that prints one line per change, with the seconds since now."""
    started = time.monotonic()

    def show(part: str, state: str) -> None:
        console.print(f"[dim]{time.monotonic() - started:6.1f} s[/]  [bold]{part}[/]  {state}", highlight=False)

    return show


def bytes_text(count: int) -> str:
    """`count` bytes for a person: 12.3 MB."""
    size = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
