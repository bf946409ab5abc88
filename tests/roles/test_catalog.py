"""What must hold for every table, view and function, also for those that nobody thought of here."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import errors, sql

from dagster_project import migrations, roles
from dagster_project.settings import ROLES, Role
from tests.roles.conftest import Connect

FACADES = ("nof0", "learning", "hybrid", "quantbot", "tradingagents")


def _relations(owner: psycopg.Connection[Any], schemas: tuple[str, ...], kinds: str) -> list[tuple[str, str]]:
    found = owner.execute(
        "SELECT n.nspname, c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace"
        " WHERE n.nspname = ANY (%s) AND c.relkind::text = ANY (%s) AND NOT c.relispartition ORDER BY 1, 2",
        (list(schemas), list(kinds)),
    ).fetchall()
    assert found
    return [(row[0], row[1]) for row in found]


@pytest.mark.parametrize("role", ROLES)
def test_no_role_may_more_than_it_should(sessions: Connect, role: Role) -> None:
    assert roles.excess_rights(sessions(role)) == []


def test_an_owner_may_everything_and_the_check_says_so(sessions: Connect) -> None:
    told = roles.excess_rights(sessions(None))
    assert {"has an attribute of administrators", "owns public.trades", "may create schemas"} <= set(told)


@pytest.mark.parametrize("role", ["app", "readonly"])
def test_every_facade_can_be_read(sessions: Connect, role: Role) -> None:
    connection = sessions(role)
    for schema, name in _relations(sessions(None), FACADES, "vm"):
        columns = connection.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0"
            " AND (%s = 'app' OR NOT ops.is_credential(attname))",
            (f'{schema}."{name}"', role),
        ).fetchall()
        wanted = sql.SQL(", ").join(sql.Identifier(column) for (column,) in columns)
        connection.execute(sql.SQL("SELECT {} FROM {} LIMIT 1").format(wanted, sql.Identifier(schema, name)))
        connection.rollback()


def test_an_application_may_write_every_facade_that_can_be_written(sessions: Connect) -> None:
    app = sessions("app")
    for schema, name in _relations(sessions(None), FACADES, "v"):
        view = sql.Identifier(schema, name)
        asked = app.execute("SELECT pg_relation_is_updatable(%s::regclass, true)", (f'{schema}."{name}"',)).fetchone()
        assert asked
        statements = (
            (4, sql.SQL("UPDATE {0} SET {1} = {1} WHERE false")),
            (16, sql.SQL("DELETE FROM {0} WHERE false")),
        )
        for bit, text in statements:
            if asked[0] & bit:
                columns = app.execute(
                    "SELECT column_name FROM information_schema.columns WHERE table_schema = %s AND table_name = %s"
                    " AND is_updatable = 'YES' LIMIT 1", (schema, name),
                ).fetchone() or ("id",)  # fmt: skip
                app.execute(text.format(view, sql.Identifier(columns[0])))
        app.rollback()


def test_a_function_with_its_owners_rights_is_safe_from_its_caller(sessions: Connect) -> None:
    """Without pg_temp at the end a temporary table, with triggers of the caller, would stand for a real one."""
    loose = sessions(None).execute(
        "SELECT p.oid::regprocedure::text FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace"
        " WHERE n.nspname = ANY (%s) AND p.prosecdef AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = p.oid"
        " AND d.deptype = 'e') AND (NOT coalesce(p.proconfig::text, '') ~ 'search_path=[^,].*pg_temp[\"}]'"
        " OR has_function_privilege('public', p.oid, 'EXECUTE'))",
        (["public", "ops", *FACADES],),
    )
    assert [name for (name,) in loose] == []


def test_a_temporary_table_does_not_stand_for_a_real_one(sessions: Connect) -> None:
    app, owner = sessions("app"), sessions(None)
    app.execute("CREATE TEMP TABLE agents (LIKE public.agents INCLUDING DEFAULTS)")
    app.execute(
        "INSERT INTO public.trades (id, agent_id, exchange, symbol, side, status, quantity, entry_price, opened_at)"
        " VALUES ('t3', 'newcomer', 'hyperliquid', 'BTC', 'long', 'open', 1, 100, now())"
    )
    assert app.execute("SELECT count(*) FROM pg_temp.agents").fetchone() == (0,)
    assert app.execute("SELECT count(*) FROM public.agents WHERE id = 'newcomer'").fetchone() == (1,)
    app.rollback()
    owner.rollback()


def test_nothing_made_up_passes_for_real_by_an_application(sessions: Connect) -> None:
    app = sessions("app")
    with pytest.raises(errors.CheckViolation, match="a row of origin simulated never becomes live"):
        app.execute("UPDATE agents SET origin = 'live' WHERE id = 'made-up'")
    app.rollback()


def test_an_updated_at_that_an_application_sets_is_overwritten(sessions: Connect) -> None:
    """Applications may name it in an UPDATE because of this; every table that has one must keep it by trigger."""
    untouched = sessions(None).execute(
        "SELECT c.relname FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'updated_at'"
        " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT EXISTS ("
        "SELECT FROM pg_trigger AS t WHERE t.tgrelid = c.oid AND t.tgfoid = 'ops.touch_updated_at'::regproc"
        " AND t.tgenabled = 'O')"
    )
    assert [name for (name,) in untouched] == []


def test_tables_of_later_migrations_are_covered(
    fresh_warehouse: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = fresh_warehouse.settings
    copy = tmp_path / "sql"
    shutil.copytree(migrations.SQL_ROOT, copy)
    monkeypatch.setattr(migrations, "SQL_ROOT", copy)
    last = max(file.name[:4] for file in (copy / "postgres").glob("*.sql"))
    (copy / "postgres" / "9001_later.sql").write_text(
        "CREATE TABLE public.later (id text, api_key text, archived_at timestamptz);\n"
        "CREATE TABLE ops.later_ledger (id text);\n"
        "CREATE VIEW nof0.later AS SELECT id FROM public.later;\n"
        "CREATE FUNCTION ops.later() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';\n"
    )
    (copy / "postgres" / "9001_later.py").write_text(
        "from dagster_project.migrations import run_sql_beside\n"
        f'revision = "9001"\ndown_revision = "{last}"\n\n\ndef upgrade() -> None:\n    run_sql_beside(__file__)\n'
    )
    assert [step.revision for step in migrations.apply(settings)] == ["9001"]
    with psycopg.connect(settings.postgres_url, autocommit=True) as owner:
        # By hand, outside of any migration.
        owner.execute("CREATE TABLE public.by_hand (id text)")

    def privileges(role: Role) -> list[Any]:
        with psycopg.connect(settings.role_url(role)) as connection:
            assert roles.excess_rights(connection) == []
            return list(
                connection.execute(
                    "SELECT has_any_column_privilege('public.later', 'INSERT'),"
                    " has_column_privilege('public.later', 'archived_at', 'UPDATE'),"
                    " has_column_privilege('public.later', 'api_key', 'SELECT'),"
                    " has_table_privilege('ops.later_ledger', 'INSERT'),"
                    " has_schema_privilege('nof0', 'USAGE') AND has_table_privilege('nof0.later', 'UPDATE'),"
                    " has_function_privilege('ops.later()', 'EXECUTE'),"
                    " has_table_privilege('public.by_hand', 'SELECT'), has_table_privilege('public.by_hand', 'INSERT')"
                ).fetchone()
                or []
            )

    assert privileges("app") == [True, False, True, False, True, False, True, False]
    assert privileges("ingest") == [False, False, False, True, False, True, True, True]
    assert privileges("transform") == [False, False, False, False, False, False, True, False]
    assert privileges("readonly") == [False, False, False, False, False, False, True, False]
