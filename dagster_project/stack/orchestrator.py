"""Dagster's code server, webserver and daemon as parts of the stack."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from dagster_project.settings import PROJECT_ROOT, Settings
from dagster_project.stack.part import Part
from dagster_project.stack.ports import LOOPBACK
from dagster_project.stack.sockets import require_private, socket_path

INSTANCE = PROJECT_ROOT / "dagster_project" / "instance" / "dagster.yaml"
WORKSPACE = PROJECT_ROOT / "workspace.yaml"


def _our_location() -> dict[str, str]:
    """`module_name` and `location_name`, as `dagster dev` reads them."""
    import yaml

    [location] = yaml.safe_load(WORKSPACE.read_text())["load_from"]
    return location["python_module"]


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

    @property
    def socket(self) -> Path:
        """Where the code server listens. No port: who reaches it runs code as us."""
        return socket_path(self.home, "code.sock")

    @property
    def workspace(self) -> Path:
        """The workspace file of this home: our code location, at `socket`."""
        return self.home / "dagster" / "workspace.yaml"

    def prepare(self) -> None:
        """Give DAGSTER_HOME its instance file and its workspace."""
        folder = self.home / "dagster"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        staging = folder / ".dagster.yaml"
        shutil.copyfile(INSTANCE, staging)
        staging.replace(folder / "dagster.yaml")
        name = _our_location()["location_name"]
        location = {"grpc_server": {"socket": str(self.socket), "location_name": name}}
        staging.write_text(json.dumps({"load_from": [location]}))  # JSON is YAML
        staging.replace(self.workspace)


class CodeServer(_Dagster):
    """Our definitions, loaded once for the UI, the daemon and every run.

    Without it, the webserver and the daemon load them for themselves, and the daemon anew each minute: 8 s of CPU.
    """

    name = "dagster-code"
    title = "Dagster code server"
    priority = 55
    port_serves = False

    def prepare(self) -> None:
        """Make room for its socket."""
        super().prepare()
        require_private(self.socket.parent, self.home)
        self.socket.unlink(missing_ok=True)

    def command(self) -> list[str]:
        """The server itself. `dagster code-server` keeps it as a child that it does not start again once killed."""
        ours = _our_location()
        what = ["--module-name", ours["module_name"], "--location-name", ours["location_name"]]
        where = ["--socket", str(self.socket), "--working-directory", str(PROJECT_ROOT)]
        own = "--use-python-environment-entry-point"
        return [sys.executable, "-m", "dagster", "api", "grpc", *what, *where, own]

    def ready(self) -> bool:
        """Whether it says that it serves."""
        import grpc
        from grpc_health.v1 import health_pb2, health_pb2_grpc

        with grpc.insecure_channel(f"unix:{self.socket}") as channel:
            health: Any = health_pb2_grpc.HealthStub(channel)
            try:
                answer = health.Check(health_pb2.HealthCheckRequest(service="DagsterApi"), timeout=5)
            except grpc.RpcError:
                return False
        return answer.status == health_pb2.HealthCheckResponse.SERVING


class Webserver(_Dagster):
    """The Dagster UI on loopback."""

    name = "dagster-webserver"
    title = "Dagster UI"
    priority = 60

    def command(self) -> list[str]:
        """dagster-webserver on the workspace."""
        where = ["--host", LOOPBACK, "--port", str(self.port)]
        return [sys.executable, "-m", "dagster_webserver", "-w", str(self.workspace), *where]

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
        return [sys.executable, "-m", "dagster._daemon", "run", "-w", str(self.workspace)]

    def ready(self) -> bool:
        """It has no port; the supervisor knows whether it runs."""
        return True
