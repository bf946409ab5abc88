"""Dagster's webserver and daemon as parts of the stack."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from dagster_project.settings import PROJECT_ROOT, Settings
from dagster_project.stack.part import Part
from dagster_project.stack.ports import LOOPBACK

INSTANCE = PROJECT_ROOT / "dagster_project" / "instance" / "dagster.yaml"
WORKSPACE = PROJECT_ROOT / "workspace.yaml"


class _Dagster(Part):
    keeps_environment = True
    with_group = True
    stop_seconds = 30
    start_seconds = 300

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings.home, settings.port("dagster"))
        self._settings = settings

    @property
    def environment(self) -> dict[str, str]:
        """Addresses and credentials for Dagster and dbt, and a PATH on which dbt is found without an active venv."""
        programs = str(Path(sys.executable).parent)
        path = os.environ.get("PATH", os.defpath)
        searched = path if programs in path.split(os.pathsep) else f"{programs}{os.pathsep}{path}"
        return {**self._settings.process_environment(), "PATH": searched, "PYTHONUNBUFFERED": "1"}

    def prepare(self) -> None:
        """Give DAGSTER_HOME its instance file."""
        folder = self.home / "dagster"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        staging = folder / ".dagster.yaml"
        shutil.copyfile(INSTANCE, staging)
        staging.replace(folder / "dagster.yaml")


class Webserver(_Dagster):
    """The Dagster UI on loopback."""

    name = "dagster-webserver"
    title = "Dagster UI"
    priority = 60

    def command(self) -> list[str]:
        """dagster-webserver on the workspace."""
        where = ["--host", LOOPBACK, "--port", str(self.port)]
        return [sys.executable, "-m", "dagster_webserver", "-w", str(WORKSPACE), *where]

    def ready(self) -> bool:
        """Whether it answers."""
        import httpx

        try:
            answer = httpx.get(f"http://{LOOPBACK}:{self.port}/server_info", timeout=5, trust_env=False)
        except httpx.HTTPError:
            return False
        return answer.status_code == 200


class Daemon(_Dagster):
    """Schedules, sensors, the run queue and backfills."""

    name = "dagster-daemon"
    title = "Dagster daemon"
    priority = 70
    port_serves = False
    stop_signal = "INT"

    def command(self) -> list[str]:
        """dagster-daemon on the workspace."""
        return [sys.executable, "-m", "dagster._daemon", "run", "-w", str(WORKSPACE)]

    def ready(self) -> bool:
        """It has no port; the supervisor knows whether it runs."""
        return True
