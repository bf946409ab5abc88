"""pg_dump and pg_restore that know the server: from PATH on servers, from the wheel beside the embedded PostgreSQL."""

from __future__ import annotations

import re
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

from dagster_project.stack.errors import StackError
from dagster_project.stack.postgres import Postgres


def pg_program(name: str, server_major: int) -> str:
    """The path of a program that is not older than the server: the wheel's when it is as old, else one of PATH.

    Raises:
        StackError: there is none.
    """
    candidates = []
    with suppress(StackError):
        candidates.append(str(Postgres.binaries() / name))
    if found := shutil.which(name):
        candidates.append(found)
    known = {path: _major(path) for path in candidates if Path(path).is_file()}
    fitting = [path for path in known if known[path] >= server_major]
    if not fitting:
        have = ", ".join(f"{path} is {major}" for path, major in known.items()) or "none is installed"
        raise StackError(
            f"no {name} of PostgreSQL {server_major} or newer ({have}): install postgresql-client-{server_major}"
        )
    return min(fitting, key=lambda path: known[path])


def _major(program: str) -> int:
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    match = re.search(r"\(PostgreSQL\)\s+(\d+)", told)
    return int(match[1]) if match else 0
