"""A build of marts in a process of its own, which kills itself."""

from __future__ import annotations

import os
import signal
import threading

from dagster_project.defs.transform import command
from dagster_project.defs.transform.parsed import parsed
from dagster_project.defs.transform.prepare import DBT_PROJECT, Engine
from dagster_project.settings import load_settings


def build(
    environment: dict[str, str], engine: Engine, select: str, more: list[str], models: int, seconds: float
) -> None:
    """`dbt run` of the cut that the environment names, killed `seconds` after so many models are done."""
    os.environ.update(environment)
    settings = load_settings()
    variables = settings.dbt_environment()
    target = str(settings.home / "dbt" / f"{engine}-killed")
    arguments = [
        *("run", "--target", engine, "--target-path", target, "--log-path", target, "--no-write-json"),
        *("--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT), "--select", select, *more),
    ]
    for done, _ in enumerate(command.run(arguments, variables, parsed(engine, variables)), 1):
        if done == models:
            threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGKILL)).start()
