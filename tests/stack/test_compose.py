"""docker-compose.yml: the same names as the settings, private, healthy, and valid where a client can say so."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml

from dagster_project.settings import PROJECT_ROOT, ROLES, Environment, Settings, StackSection, _Environ
from dagster_project.stack.postgres import MAJOR

FILE = PROJECT_ROOT / "docker-compose.yml"
EXAMPLE = PROJECT_ROOT / "deploy" / ".env.example"
PASSWORDS = {
    "POSTGRES_PASSWORD": "pg-word",
    "CLICKHOUSE_PASSWORD": "ch-word",
    "REDIS_PASSWORD": "rd-word",
    **{f"CANDLEHOUSE_{role.upper()}_PASSWORD": f"{role}-word" for role in ROLES},
}
SETTINGS = {f"CANDLEHOUSE_{name.upper()}" for name in _Environ.model_fields}
ONE_SHOT = {"migrate"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load(FILE.read_text())


def _ours(compose: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: service for name, service in compose["services"].items() if "build" in service}


def _interpolated(text: str) -> str:
    return re.sub(r"\$\{(\w+):\?[^}]*\}", lambda match: PASSWORDS[match[1]], text)


def test_all_parts_of_the_design_are_there(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == {
        "postgres", "clickhouse", "redis", "migrate", "code", "webserver", "daemon",
    }  # fmt: skip
    assert set(_ours(compose)) == {"migrate", "code", "webserver", "daemon"}


def test_names_are_those_of_the_settings(compose: dict[str, Any]) -> None:
    for name, service in _ours(compose).items():
        assert set(service["environment"]) == {
            "CANDLEHOUSE_ENV",
            "CANDLEHOUSE_HOME",
            *(f"CANDLEHOUSE_{part}_URL" for part in ("POSTGRES", "CLICKHOUSE", "REDIS")),
            *(f"CANDLEHOUSE_{role.upper()}_PASSWORD" for role in ROLES),
        }, name
        assert set(service["environment"]) <= SETTINGS
    interpolated = set(re.findall(r"\$\{(\w+)", FILE.read_text()))
    assert interpolated - set(PASSWORDS) <= SETTINGS
    assert set(PASSWORDS) <= interpolated
    documented = set(re.findall(r"^#? ?([A-Z_]+)=", EXAMPLE.read_text(), re.MULTILINE)) - {"COMPOSE_PROJECT_NAME"}
    assert documented == interpolated


def test_the_settings_take_this_environment(compose: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    for name, value in compose["services"]["daemon"]["environment"].items():
        monkeypatch.setenv(name, _interpolated(value))
    settings = Settings()
    assert settings.environment is Environment.SERVER
    values = settings.process_environment()
    assert (values["DBT_POSTGRES_HOST"], values["DBT_POSTGRES_PORT"]) == ("postgres", "5432")
    assert (values["DBT_CLICKHOUSE_HOST"], values["DBT_CLICKHOUSE_PORT"]) == ("clickhouse", "8123")
    assert values["DBT_POSTGRES_USER"] == "candlehouse_transform"
    assert values["DBT_ENV_SECRET_POSTGRES_PASSWORD"] == "transform-word"
    for role in ROLES:
        assert settings.role_url(role) == f"postgresql://candlehouse_{role}:{role}-word@postgres:5432/candlehouse"
    assert values["DBT_ENV_SECRET_CLICKHOUSE_PASSWORD"] == "ch-word"
    assert values["DAGSTER_POSTGRES_URL"] == "postgresql://candlehouse:pg-word@postgres:5432/dagster"
    assert settings.redis_url == "redis://:rd-word@redis:6379/0"
    assert "CREATE DATABASE dagster;" in (PROJECT_ROOT / "deploy" / "postgres" / "10-dagster.sql").read_text()


def test_passwords_are_required_and_ports_are_on_loopback(compose: dict[str, Any]) -> None:
    text = FILE.read_text()
    for name in PASSWORDS:
        uses = re.findall(rf"\$\{{{name}([^}}]*)\}}", text)
        assert uses
        assert set(uses) == {f":?set {name} in .env"}
    for name, service in compose["services"].items():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), name
        assert not any("PASSWORD" in str(service.get(key, "")) for key in ("command", "healthcheck", "entrypoint")), (
            name
        )
    defaults = StackSection()
    published = dict(re.findall(r"\$\{CANDLEHOUSE_(\w+)_PORT:-(\d+)\}", text))
    assert {name.lower(): int(port) for name, port in published.items()} == {
        part: getattr(defaults, f"{part}_port") for part in ("postgres", "clickhouse", "redis", "dagster")
    }


def test_everything_that_stays_up_has_a_health_check_and_order(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        if name not in ONE_SHOT:
            assert service["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL"), name
            assert service["restart"] == "unless-stopped", name
    needs = {name: service.get("depends_on", {}) for name, service in compose["services"].items()}
    assert needs["code"]["migrate"]["condition"] == "service_completed_successfully"
    for name, wanted in needs.items():
        for other, how in wanted.items():
            assert other in compose["services"], name
            assert how["condition"] == ("service_completed_successfully" if other in ONE_SHOT else "service_healthy")


def test_data_lives_in_named_volumes(compose: dict[str, Any]) -> None:
    used = {
        volume.partition(":")[0]
        for service in compose["services"].values()
        for volume in service.get("volumes", [])
        if not volume.startswith(".")
    }
    assert used == set(compose["volumes"])


def test_versions_are_those_of_the_embedded_engines(compose: dict[str, Any]) -> None:
    engine = ".".join(version("chdb-core").split(".")[:2])
    assert compose["services"]["clickhouse"]["image"] == f"clickhouse/clickhouse-server:{engine}"
    assert compose["services"]["postgres"]["image"] == f"pgvector/pgvector:pg{MAJOR}"


def test_the_image_has_what_the_services_name(compose: dict[str, Any]) -> None:
    dockerfile = (PROJECT_ROOT / "deploy" / "Dockerfile").read_text()
    for path in re.findall(r"^COPY (.+) \S+$", dockerfile, re.MULTILINE):
        for name in path.split():
            assert (PROJECT_ROOT / name).exists(), f"the Dockerfile copies {name}"
    home = compose["services"]["code"]["environment"]["CANDLEHOUSE_HOME"]
    assert f"VOLUME {home}" in dockerfile
    assert os.access(PROJECT_ROOT / "deploy" / "entrypoint.sh", os.X_OK)
    workspace = yaml.safe_load((PROJECT_ROOT / "deploy" / "workspace.yaml").read_text())
    (location,) = workspace["load_from"]
    assert location["grpc_server"] == {"host": "code", "port": 4000, "location_name": "candlehouse"}
    assert "--port=4000" in compose["services"]["code"]["command"]


def _client() -> list[str]:
    for command in (["docker", "compose"], ["docker-compose"]):
        if (
            shutil.which(command[0])
            and subprocess.run([*command, "version"], capture_output=True, check=False).returncode == 0
        ):
            return command
    pytest.skip("no compose client on this machine (neither `docker compose` nor `docker-compose`)")


def test_a_compose_client_accepts_the_file_and_asks_for_passwords() -> None:
    plain = {name: value for name, value in os.environ.items() if name not in PASSWORDS}
    command = [*_client(), "--file", str(FILE), "config"]
    done = subprocess.run(command, env={**plain, **PASSWORDS}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert set(yaml.safe_load(done.stdout)["services"]) == set(yaml.safe_load(FILE.read_text())["services"])
    for name in PASSWORDS:
        fewer = {**plain, **{other: value for other, value in PASSWORDS.items() if other != name}}
        done = subprocess.run(command, env=fewer, capture_output=True, text=True, check=False)
        assert done.returncode != 0
        assert f"set {name} in .env" in done.stderr


def test_the_entrypoint_sets_the_variables_and_becomes_the_command(tmp_path: Path) -> None:
    """The same script with the paths of this checkout, against no server: it only reads settings."""
    text = (PROJECT_ROOT / "deploy" / "entrypoint.sh").read_text().replace("/opt/candlehouse", str(PROJECT_ROOT))
    script = tmp_path / "entrypoint.sh"
    script.write_text(text)
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    (bin_folder / "candlehouse").write_text(f'#!/bin/sh\nexec {sys.executable} -m dagster_project.cli "$@"\n')
    (bin_folder / "candlehouse").chmod(0o755)
    environment = {
        "PATH": f"{bin_folder}:{os.environ['PATH']}",
        "CANDLEHOUSE_ENV": "server",
        "CANDLEHOUSE_HOME": str(tmp_path / "state"),
        "CANDLEHOUSE_POSTGRES_URL": "postgresql://candlehouse:a@postgres:5432/candlehouse",
        "CANDLEHOUSE_TRANSFORM_PASSWORD": "it's",
        "CANDLEHOUSE_CLICKHOUSE_URL": "http://candlehouse:b@clickhouse:8123/candlehouse",
        "CANDLEHOUSE_REDIS_URL": "redis://:c@redis:6379/0",
    }
    done = subprocess.run(
        ["sh", str(script), "sh", "-c", 'echo "$DBT_POSTGRES_HOST $DBT_ENV_SECRET_POSTGRES_PASSWORD $DAGSTER_HOME"'],
        cwd=PROJECT_ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout == f"postgres it's {tmp_path / 'state' / 'dagster'}\n", done.stderr
    assert (tmp_path / "state" / "dagster" / "dagster.yaml").read_text() == (
        PROJECT_ROOT / "dagster_project" / "instance" / "dagster.yaml"
    ).read_text()
    wrong = subprocess.run(
        ["sh", str(script), "true"], cwd=PROJECT_ROOT, env={**environment, "CANDLEHOUSE_ENV": "moon"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert wrong.returncode != 0
    assert "CANDLEHOUSE_ENV" in wrong.stderr
