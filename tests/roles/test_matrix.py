"""What each role may do and may not, one statement a line. Every statement is rolled back."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import errors

from dagster_project.settings import ROLES, Role
from tests.roles.conftest import Connect

DENIED = errors.InsufficientPrivilege
OTHERS = tuple(role for role in ROLES if role != "app")
TRADE = (
    "INSERT INTO trades (id, agent_id, exchange, symbol, side, status, quantity, entry_price, opened_at{more})"
    " VALUES ('t2', 'real', 'hyperliquid', 'BTC', 'short', 'open', 1, 100, now(){value})"
)
UPSERT = TRADE.format(more="", value="") + " ON CONFLICT (id) DO UPDATE SET quantity = 2, updated_at = now()"

MANIFEST = (
    "INSERT INTO ops.archive_manifests (kind, policy, batch, verdict, source, target, contract, rows, bytes, row_keys,"
    " row_versions, row_digests, postgres, clickhouse, software, snapshot_at) VALUES ('{kind}', 'trades',"
    " gen_random_uuid(), 'verified', '', '', '', 0, 0, '{{}}', '{{}}', '', '{{}}', '{{}}', '', now())"
)

# statement -> roles that may; every other one is denied.
STATEMENTS: dict[str, tuple[Role, ...]] = {
    # Canonical trading tables.
    "SELECT * FROM trades": ROLES,
    TRADE.format(more="", value=""): ("app", "ingest"),
    UPSERT: ("app", "ingest"),
    "UPDATE trades SET exit_price = 101 WHERE id = 't1'": ("app", "ingest"),
    "DELETE FROM price_latest": ("app", "ingest"),
    TRADE.format(more=", origin", value=", 'paper'"): ("app", "ingest"),
    "INSERT INTO conversations (agent_id) VALUES ('real') RETURNING id": ("app", "ingest"),
    "SELECT nextval(pg_get_serial_sequence('conversations', 'id'))": ("app", "ingest"),
    "SELECT setval(pg_get_serial_sequence('conversations', 'id'), 7)": ("ingest",),
    # When we knew a row, its version and whether it is archived are not for applications to say.
    TRADE.format(more=", created_at", value=", '2020-01-01'"): ("ingest",),
    TRADE.format(more=", updated_at", value=", '2999-01-01'"): ("ingest",),
    "UPDATE trades SET created_at = '2020-01-01'": ("ingest",),
    "UPDATE trades SET updated_at = '2999-01-01'": ("app", "ingest"),
    # Facades.
    "SELECT * FROM nof0.models": ("app", "ingest", "readonly"),
    "UPDATE nof0.models SET display_name = 'x' WHERE id = 'real'": ("app",),
    "INSERT INTO nof0.symbols (symbol) VALUES ('ETH') ON CONFLICT (symbol) DO NOTHING": ("app",),
    "DELETE FROM nof0.symbols": ("app",),
    "SELECT nof0.refresh_views_nof0()": ("app", "ingest"),
    "REFRESH MATERIALIZED VIEW CONCURRENTLY learning.prompt_performance": ("app", "ingest"),
    # Ledgers.
    "SELECT * FROM ops.quarantine": ("ingest", "readonly"),
    "SELECT * FROM ops.applied_migrations": ("ingest", "readonly"),
    "INSERT INTO ops.quarantine (source, row_key, reason, payload) VALUES ('s', 'k2', 'r', '{}')": ("ingest",),
    "UPDATE ops.quarantine SET times_seen = 9": ("ingest",),
    "DELETE FROM ops.quarantine": ("ingest",),
    "DELETE FROM ops.applied_migrations": (),
    "INSERT INTO ops.applied_migrations (revision, file, sha256) VALUES ('9999', 'x', 'x')": (),
    "SELECT ops.grant_rights()": (),
    # Rows leave for good when the owner says so.
    "SELECT * FROM ops.erasures": ("ingest", "readonly"),
    "INSERT INTO ops.erasures (id, subject, digest, software) VALUES (gen_random_uuid(), '{}', '', '')": (),
    "UPDATE ops.erasures SET finished_at = now(), subject = NULL": (),
    "DELETE FROM ops.erased_rows": (),
    "UPDATE ops.erased_rows SET transaction_id = pg_current_xact_id()": (),
    "DELETE FROM ops.erasure_steps": (),
    MANIFEST.format(kind="erasure"): (),
    MANIFEST.format(kind="archive"): ("ingest",),
    # Marts.
    "SELECT * FROM analytics.board": ("ingest", "transform", "readonly"),
    "INSERT INTO analytics.board VALUES (2)": ("transform",),
    "CREATE TABLE analytics.mine (n int)": ("transform",),
    "DROP TABLE analytics.board": ("transform",),
    # Credentials.
    "SELECT id, user_id, exchange, is_active FROM user_exchanges": ROLES,
    "SELECT * FROM user_exchanges": ("app",),
    "SELECT api_key_encrypted FROM user_exchanges": ("app",),
    "SELECT left(api_secret_encrypted, 1) FROM user_exchanges": ("app",),
    "SELECT password_hash FROM users": ("app",),
    "SELECT to_jsonb(user_exchanges) FROM user_exchanges": ("app",),
    "COPY user_exchanges TO STDOUT": ("app",),
    "UPDATE user_exchanges SET api_key_encrypted = 'stolen'": ("app",),
    "UPDATE user_exchanges SET is_active = false": ("app",),
    "SELECT api_key_encrypted FROM hybrid.user_exchanges": ("app",),
    # Registering a model makes indexes.
    "INSERT INTO embedding_models (name, dimensions) VALUES ('m', 3)": ("ingest",),
    # Structure is the owner's.
    "TRUNCATE price_latest": (),
    "TRUNCATE ops.quarantine": (),
    "DROP TABLE trades CASCADE": (),
    "ALTER TABLE trades ADD COLUMN more int": (),
    "ALTER TABLE trades DISABLE TRIGGER ALL": (),
    "ALTER TABLE trades DISABLE TRIGGER keep_origin": (),
    "DROP TRIGGER keep_origin ON trades": (),
    "CREATE TRIGGER mine BEFORE INSERT ON trades FOR EACH ROW EXECUTE FUNCTION ops.touch_updated_at()": (),
    "CREATE RULE mine AS ON INSERT TO trades DO INSTEAD NOTHING": (),
    "SET session_replication_role = replica": (),
    "CREATE OR REPLACE FUNCTION ops.is_origin(origin text) RETURNS boolean LANGUAGE sql AS 'SELECT true'": (),
    "DROP VIEW nof0.models CASCADE": (),
    "CREATE TABLE public.mine (n int)": (),
    "CREATE TABLE ops.mine (n int)": (),
    "CREATE TABLE nof0.mine (n int)": (),
    "CREATE SCHEMA mine": (),
    "CREATE INDEX mine ON trades (id)": (),
    "CREATE TEMP TABLE mine (n int)": ("app", "ingest", "transform"),
    # Nobody becomes somebody else or sees passwords.
    "SELECT rolpassword FROM pg_authid": (),
    "SET ROLE candlehouse": (),
    "SET ROLE candlehouse_transform": ("transform",),
    "CREATE ROLE mine": (),
    "ALTER ROLE candlehouse_readonly SUPERUSER": (),
    "COPY trades TO PROGRAM 'cat > /dev/null'": (),
    "SELECT pg_read_file('PG_VERSION')": (),
}


@pytest.fixture(scope="module")
def board(filled: Any, sessions: Connect) -> None:
    """A mart as dbt leaves it."""
    with psycopg.connect(filled.settings.transform_url) as connection:
        connection.execute("CREATE TABLE analytics.board (n int)")
        connection.execute("INSERT INTO analytics.board VALUES (1)")


def _try(connection: psycopg.Connection[Any], text: str) -> psycopg.Error | None:
    """None when the statement went through. The connection is as before in either case."""
    try:
        if text.startswith("COPY") and text.endswith("STDOUT"):
            with connection.cursor().copy(text.encode()) as copied:
                list(copied)
        else:
            connection.execute(text.encode())
        return None
    except psycopg.Error as error:
        return error
    finally:
        connection.rollback()


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("text", STATEMENTS)
def test_matrix(board: None, sessions: Connect, text: str, role: Role) -> None:
    failed = _try(sessions(role), text)
    if role in STATEMENTS[text]:
        assert failed is None, f"{role} may not: {failed}"
    else:
        assert isinstance(failed, DENIED), f"{role}: {failed or 'it went through'}"


@pytest.mark.parametrize("text", [text for text, roles in STATEMENTS.items() if not roles])
def test_what_nobody_may_is_real_work_for_the_owner(board: None, sessions: Connect, text: str) -> None:
    """Not a statement that fails for everybody."""
    assert _try(sessions(None), text) is None
