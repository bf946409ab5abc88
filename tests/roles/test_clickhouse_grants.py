"""deploy/clickhouse/roles.sql is for servers (the embedded engine has one user), so only its text can be tried here."""

from __future__ import annotations

import re

import clickhouse_connect
import pytest
import sqlparse
from clickhouse_connect.driver.exceptions import DatabaseError

from dagster_project.migrations import SQL_ROOT
from dagster_project.settings import ANALYTICS, DATABASE, PROJECT_ROOT, ROLES, role_name
from dagster_project.stack.embedded import EmbeddedStack

TEXT = (PROJECT_ROOT / "deploy" / "clickhouse" / "roles.sql").read_text()
STATEMENTS = [
    text.rstrip(" ;")
    for part in sqlparse.split(TEXT)
    if (text := sqlparse.format(part, strip_comments=True).strip()).strip(" ;")
]


def test_clickhouses_own_parser_takes_every_statement(stack: EmbeddedStack) -> None:
    """It knows the names of privileges: `GRANT FOO` is a syntax error to it."""
    assert len(STATEMENTS) > 10
    with clickhouse_connect.get_client(dsn=stack.clickhouse_url) as client:
        for text in STATEMENTS:
            client.query("SELECT formatQuery({text:String})", parameters={"text": text})
        with pytest.raises(DatabaseError, match="Syntax error"):
            client.query("SELECT formatQuery('GRANT FOO ON a.* TO b')")


def test_the_roles_are_those_of_postgresql_and_the_databases_those_of_the_migrations() -> None:
    assert set(re.findall(r"candlehouse_\w+", " ".join(STATEMENTS))) == {role_name(role) for role in ROLES}
    made = {
        name
        for file in (SQL_ROOT / "clickhouse").glob("*.sql")
        for name in re.findall(r"^CREATE DATABASE IF NOT EXISTS (\w+)", file.read_text(), re.MULTILINE)
    }
    named = set(re.findall(r" ON (\w+)\.", " ".join(STATEMENTS)))
    assert named == made | {DATABASE, ANALYTICS}
