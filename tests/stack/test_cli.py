"""The candlehouse command as a person types it, against a running stack."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner
from filelock import FileLock
from rich.console import Console

from dagster_project import migrations
from dagster_project.cli import COMMANDS, main
from dagster_project.commands.up import show_addresses
from dagster_project.settings import PROJECT_ROOT, ROLES
from dagster_project.stack.leftovers import find_leftovers
from dagster_project.stack.lifecycle import Stack
from tests.stack.conftest import command_environment
from tests.stack.engines import DIARIES


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


def candlehouse(home: Path, *arguments: str, stdin: str | None = None, **extra: str) -> Done:
    """Run the command in this process, in an environment of its own."""
    wanted = {**command_environment(home), **extra}
    unset = {name: None for name in os.environ if name.startswith("CANDLEHOUSE_")}
    result = CliRunner().invoke(main, arguments, input=stdin, env={**unset, **wanted}, prog_name="candlehouse")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Done(result.exit_code, result.stdout, result.stderr)


def candlehouse_process(home: Path, *arguments: str, **extra: str) -> Done:
    """Run the command as a program, for what takes signals or changes the process."""
    done = subprocess.run(
        [sys.executable, "-m", "dagster_project.cli", *arguments],
        cwd=PROJECT_ROOT,
        env={**command_environment(home), **extra},
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def one_line(done: Done) -> str:
    """The one line that a failed command says."""
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    (line,) = done.stderr.strip().splitlines()
    return line


@pytest.mark.parametrize("command", [(), *((name,) for name in COMMANDS)])
def test_every_command_has_help_with_an_example(tmp_path: Path, command: tuple[str, ...]) -> None:
    done = candlehouse(tmp_path, *command, "--help")
    assert done.returncode == 0, done.stderr
    assert "Example" in done.stdout
    assert not list(tmp_path.iterdir()), "help touches nothing"


def test_help_imports_nothing_heavy() -> None:
    heavy = ("pydantic", "dagster", "ccxt", "pandas", "rich", "psycopg", "chdb", "supervisor", "sqlalchemy")
    code = (
        "import sys; from click.testing import CliRunner; from dagster_project.cli import main\n"
        "assert CliRunner().invoke(main, ['--help']).exit_code == 0\n"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT_ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_status_of_a_running_stack(running: Stack) -> None:
    done = candlehouse(running.home, "status", "--json")
    told = json.loads(done.stdout)
    assert told["running"] is True
    parts = {row["part"]: row for row in told["parts"]}
    assert parts["postgres"]["healthy"] is True
    assert all(running.settings.secret(name) not in done.stdout for name in ("postgres", "clickhouse", "redis"))
    # Dagster is not started by the fixture, so not everything is healthy and the exit code says so.
    assert (done.returncode, told["healthy"]) == (1, False)


def test_status_without_a_stack(tmp_path: Path) -> None:
    assert one_line(candlehouse(tmp_path / "home", "status")) == (
        f"no stack runs in {tmp_path / 'home'}: `candlehouse up` starts it"
    )
    assert json.loads(candlehouse(tmp_path / "home", "status", "--json").stdout)["running"] is False


def test_sql_before_the_first_migration_names_the_fix(running: Stack) -> None:
    line = one_line(candlehouse(running.home, "sql", "pg", "SELECT 1"))
    assert "PostgreSQL refuses candlehouse_readonly" in line
    assert "`candlehouse migrate` makes the role" in line


def test_sql_without_a_stack_names_the_fix(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = str(holder.getsockname()[1])
    line = one_line(candlehouse(tmp_path / "home", "sql", "pg", "SELECT 1", CANDLEHOUSE_POSTGRES_PORT=port))
    assert "`candlehouse up --detach`" in line


def test_docs_without_a_stack_name_the_fix(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = str(holder.getsockname()[1])
    line = one_line(candlehouse(tmp_path / "home", "docs", "--no-serve", CANDLEHOUSE_POSTGRES_PORT=port))
    assert "candlehouse up --detach" in line


def test_migrate_plans_applies_and_then_has_nothing_to_do(running: Stack) -> None:
    planned = json.loads(candlehouse(running.home, "migrate", "--plan", "--json").stdout)
    assert {row["state"] for row in planned} == {"pending"}
    assert [row["file"] for row in planned] == [step.name for step in migrations.plan(running.settings)]
    applied = json.loads(candlehouse(running.home, "migrate", "--json").stdout)
    assert [row["file"] for row in applied] == [row["file"] for row in planned]
    assert candlehouse(running.home, "migrate").stdout == "nothing to do\n"
    assert {step.state for step in migrations.plan(running.settings)} == {"applied"}


def test_sql_reads_as_readonly_and_does_not_write_unless_told(running: Stack) -> None:
    home = running.home
    for warehouse in ("pg", "ch"):
        asked = candlehouse(home, "sql", warehouse, "--json", "SELECT 1 AS one, NULL AS nothing, 'ä' AS text")
        assert json.loads(asked.stdout) == [{"one": 1, "nothing": None, "text": "ä"}], asked.stderr
    table = candlehouse(home, "sql", "pg", "-", stdin="SELECT 41 + 1 AS answer")
    assert "answer" in table.stdout
    assert "42" in table.stdout

    create = {"pg": "CREATE TABLE made (n int)", "ch": "CREATE TABLE candlehouse.made (n Int32) ENGINE Memory"}
    who = {"pg": ("--as", "owner"), "ch": ()}
    for warehouse, statement in create.items():
        assert "add --write" in one_line(candlehouse(home, "sql", warehouse, *who[warehouse], statement))
        assert candlehouse(home, "sql", warehouse, *who[warehouse], "--write", statement).returncode == 0
    assert json.loads(candlehouse(home, "sql", "pg", "--json", "SELECT count(*) AS n FROM made").stdout) == [{"n": 0}]

    assert 'relation "nowhere" does not exist' in one_line(candlehouse(home, "sql", "pg", "SELECT * FROM nowhere"))
    assert "UNKNOWN_TABLE" in one_line(candlehouse(home, "sql", "ch", "SELECT * FROM nowhere"))


def test_sql_asks_as_the_role_that_is_named(running: Stack) -> None:
    home = running.home
    for role, name in {
        "readonly": "candlehouse_readonly", "app": "candlehouse_app", "ingest": "candlehouse_ingest",
        "transform": "candlehouse_transform", "owner": "candlehouse",
    }.items():  # fmt: skip
        asked = candlehouse(home, "sql", "pg", "--as", role, "--json", "SELECT current_user AS me")
        assert json.loads(asked.stdout) == [{"me": name}], asked.stderr
    drop = candlehouse(home, "sql", "pg", "--as", "app", "--write", "DROP TABLE trades")
    assert "must be owner of table trades (app): choose another role by --as" in one_line(drop)
    unwritable = candlehouse(home, "sql", "pg", "--write", "DELETE FROM trades")
    assert "--write needs --as app, ingest, transform or owner" in unwritable.stderr
    assert "--as is for pg" in candlehouse(home, "sql", "ch", "--as", "owner", "SELECT 1").stderr


def test_env_opens_the_databases_to_other_programs(running: Stack) -> None:
    lines = candlehouse(running.home, "env").stdout
    printed = subprocess.run(
        ["bash", "-c", f'{lines}\necho "$PGPORT $DBT_CLICKHOUSE_PORT $DAGSTER_HOME"'],
        capture_output=True,
        text=True,
        check=True,
    )
    port = running.settings.port
    assert printed.stdout == f"{port('postgres')} {port('clickhouse')} {running.home / 'dagster'}\n"
    values = json.loads(candlehouse(running.home, "env", "--json").stdout)
    libpq = {name: values[name] for name in ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGDATABASE")}
    with psycopg.connect(
        host=libpq["PGHOST"],
        port=libpq["PGPORT"],
        user=libpq["PGUSER"],
        password=libpq["PGPASSWORD"],
        dbname=libpq["PGDATABASE"],
    ) as connection:
        assert connection.info.dbname == "candlehouse"
    with psycopg.connect(values["DATABASE_URL"]) as connection:
        assert connection.info.user == "candlehouse_app" == values["PGUSER"]
    assert values["DBT_POSTGRES_USER"] == "candlehouse_transform"
    assert not any(name.endswith("_URL") and name.startswith("CANDLEHOUSE_") for name in values)


def test_doctor_finds_what_is_wrong(running: Stack) -> None:
    def verdicts() -> dict[str, str]:
        done = candlehouse(running.home, "doctor", "--json")
        found = json.loads(done.stdout)
        assert done.returncode == (1 if any(row["verdict"] == "fail" for row in found) else 0)
        assert all(row["fix"] for row in found if row["verdict"] != "ok")
        return {row["check"]: row["verdict"] for row in found}

    healthy = verdicts()
    assert {healthy[name] for name in ("home", "disk", "secrets", "postgres", "clickhouse", "redis")} == {"ok"}
    assert {healthy[f"candlehouse_{role}"] for role in ROLES} == {"ok"}
    with psycopg.connect(running.settings.postgres_url, autocommit=True) as owner:
        owner.execute("GRANT TRUNCATE ON trades TO candlehouse_app")
        owner.execute("ALTER ROLE candlehouse_readonly PASSWORD 'another'")
        found = verdicts()
        assert [name for name, verdict in found.items() if verdict == "fail"] == [
            "candlehouse_app", "candlehouse_readonly",
        ]  # fmt: skip
        owner.execute("SELECT ops.grant_rights()")
    assert candlehouse(running.home, "migrate").stdout == "nothing to do\n"
    assert verdicts() == healthy
    secrets_file = running.home / "secrets.json"
    secrets_file.chmod(0o644)
    assert verdicts()["secrets"] == "fail"
    secrets_file.chmod(0o600)


def test_doctor_before_the_first_start(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = str(holder.getsockname()[1])
        done = candlehouse(tmp_path / "home", "doctor", CANDLEHOUSE_REDIS_PORT=port)
    assert done.returncode == 1
    assert f"port {port} is taken" in done.stdout
    assert not (tmp_path / "home").exists()


def test_settings_errors_are_one_line(tmp_path: Path) -> None:
    assert "CANDLEHOUSE_ENV" in one_line(candlehouse(tmp_path, "status", CANDLEHOUSE_ENV="moon"))
    assert "not one of live, sandbox, replay:DIR" in one_line(
        candlehouse_process(tmp_path, "up", CANDLEHOUSE_SOURCES="mars")
    )


def test_up_with_a_taken_port_is_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        done = candlehouse_process(tmp_path / "home", "up", CANDLEHOUSE_REDIS_PORT=str(port))
    assert f"port {port} for Redis is taken by" in one_line(done)


def test_a_home_runs_its_pipeline_once_at_a_time(running: Stack) -> None:
    with FileLock(running.home / "run" / "pipeline.lock"):
        done = candlehouse_process(running.home, "up", "--once")
    assert "another `candlehouse up` runs the pipeline" in one_line(done)
    assert running.is_running()


def test_ctrl_c_while_starting_stops_everything(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with subprocess.Popen(
        [sys.executable, "-m", "dagster_project.cli", "up"],
        cwd=PROJECT_ROOT,
        env=command_environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # Tests that a shell runs in its background ignore Ctrl-C, and so would this.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "clickhouse  ready" in line:
                break
        os.kill(process.pid, signal.SIGINT)
        rest = process.stdout.read()
    assert process.returncode != 0
    assert "Traceback" not in rest
    assert find_leftovers(home) == []
    assert not (home / "stack.json").exists()
    assert "database system is shut down" in (home / "logs" / "postgres.log").read_text()


def test_addresses_are_shown_without_passwords(running: Stack) -> None:
    printed = io.StringIO()
    show_addresses(running, Console(file=printed, width=200))
    for part in ("postgres", "clickhouse", "redis", "venue", "dagster-webserver", "docs"):
        assert running.address(part) in printed.getvalue()
    assert all(running.settings.secret(name) not in printed.getvalue() for name in DIARIES)


def test_down_stops_everything_and_dagster_too(running: Stack) -> None:
    """Last in this file: it stops the stack. tests/product does `up` and `status` with Dagster."""
    dagster = ("dagster-code", "dagster-webserver", "dagster-daemon")
    for part in dagster:
        assert running.supervisor.start_part(part)
    deadline = time.monotonic() + 90
    while {row.part: row.healthy for row in running.status()}["dagster-code"] is not True:
        assert time.monotonic() < deadline, "the code server does not answer"
        time.sleep(0.2)
    down = json.loads(candlehouse_process(running.home, "down", "--json").stdout)
    assert {*DIARIES, *dagster} <= set(down["stopped"])
    deadline = time.monotonic() + 30
    while find_leftovers(running.home) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert find_leftovers(running.home) == []
    assert candlehouse(running.home, "down").stdout == "nothing runs\n"
