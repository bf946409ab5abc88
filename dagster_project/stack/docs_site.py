"""The dbt docs site as a part of the stack: what `candlehouse docs` wrote, served on loopback."""

from __future__ import annotations

import sys
from pathlib import Path

from dagster_project.settings import Settings
from dagster_project.stack.part import Part
from dagster_project.stack.ports import LOOPBACK

_PLACEHOLDER = """<!doctype html><meta charset="utf-8"><title>Candlehouse dbt docs</title>
<p>The docs are not written yet: <code>candlehouse docs</code> writes them.</p>
"""


def site_folder(home: Path) -> Path:
    """Where the pages are."""
    return home / "docs"


class DocsSite(Part):
    """A static server of the folder."""

    name = "docs"
    title = "dbt docs"
    priority = 80

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings.home, settings.port("docs"))

    def prepare(self) -> None:
        """A page that says what to do until there are others."""
        folder = site_folder(self.home)
        folder.mkdir(parents=True, exist_ok=True)
        index = folder / "index.html"
        if not index.exists():
            index.write_text(_PLACEHOLDER)

    def command(self) -> list[str]:
        """Python's own server."""
        where = ["--bind", LOOPBACK, "--directory", str(site_folder(self.home))]
        return [sys.executable, "-m", "http.server", *where, str(self.port)]

    def ready(self) -> bool:
        """Whether it answers."""
        import httpx

        try:
            answer = httpx.get(f"http://{LOOPBACK}:{self.port}/", timeout=5, trust_env=False)
        except httpx.HTTPError:
            return False
        return answer.status_code == 200
