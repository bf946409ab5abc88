"""The tradingagents facade as its applications use it: document collections that expire and are searched, users."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from tests.conftest import Warehouse

Db = psycopg.Connection[dict[str, Any]]
COLLECTIONS = ["news_articles", "agent_analysis_results", "trading_signals", "social_media_posts"]
ANALYSIS = {
    "analysis_id": "a1",
    "session_id": "s1",
    "agent_type": "market_analyst",
    "symbol": "AAPL",
    "analysis_timestamp": "2026-01-02T03:04:05.678901Z",
    "analysis_content": {"summary": "Rising volumes", "key_points": ["breakout above resistance"]},
    "predictions": {"direction": "buy", "confidence": 0.72},
}


@pytest.fixture
def db(warehouse: Warehouse) -> Iterator[Db]:
    """An application's connection; what a test writes is rolled back."""
    with Db.connect(warehouse.settings.postgres_url, row_factory=dict_row) as connection:
        connection.execute(
            "SET ROLE candlehouse_app; SET search_path = tradingagents, public; SET timezone = 'Asia/Tokyo'"
        )
        yield connection
        connection.rollback()


def one(db: Db, query: str, *parameters: object) -> dict[str, Any]:
    row = db.execute(query.encode(), parameters).fetchone()
    assert row is not None, query
    return row


def put(db: Db, collection: str, document: dict[str, Any]) -> dict[str, Any]:
    return one(
        db,
        f"INSERT INTO {collection} (document) VALUES (%s) ON CONFLICT (id) DO UPDATE SET document = excluded.document"
        " RETURNING *",
        Jsonb(document),
    )


def ids(db: Db, query: str, *parameters: object) -> list[str]:
    return [row["id"] for row in db.execute(query.encode(), parameters)]


def test_an_analysis_is_found_by_its_keys(db: Db) -> None:
    stored = put(db, "agent_analysis_results", ANALYSIS)
    assert stored["id"] == "a1"
    assert stored["document"] == ANALYSIS
    assert (stored["symbol"], stored["agent_type"], stored["session_id"]) == ("AAPL", "market_analyst", "s1")
    assert (stored["direction"], stored["confidence"]) == ("buy", Decimal("0.72"))
    assert stored["analysis_timestamp"] == datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    again = put(db, "agent_analysis_results", {**ANALYSIS, "symbol": "MSFT"})
    assert (again["id"], again["symbol"]) == ("a1", "MSFT")
    assert one(db, "SELECT count(*) AS n FROM public.agent_analysis_results")["n"] == 1


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-01-02T03:04:05", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05+08:00", datetime(2026, 1, 1, 19, 4, 5, tzinfo=UTC)),
        ("2026-01-02", datetime(2026, 1, 2, tzinfo=UTC)),
        (1_767_323_045_678, datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)),
        ({"$date": "2026-01-02T03:04:05Z"}, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ({"$date": {"$numberLong": "1767323045678"}}, datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)),
        (None, None),
    ],
)
def test_times_in_documents_are_utc_whatever_the_session_says(db: Db, written: object, meant: datetime | None) -> None:
    assert put(db, "news_articles", {"published_at": written})["published_at"] == meant


def test_documents_are_queried_as_json(db: Db) -> None:
    put(
        db,
        "news_articles",
        {"article_id": "n1", "symbols": [{"symbol": "AAPL", "relevance_score": 0.9}], "region": "US"},
    )
    put(db, "news_articles", {"article_id": "n2", "symbols": ["TSLA", "AAPL"], "region": "CN"})
    put(db, "news_articles", {"article_id": "n3", "symbols": [], "region": "US"})
    contains = "SELECT id FROM news_articles WHERE document @> %s ORDER BY id"
    assert ids(db, contains, Jsonb({"symbols": [{"symbol": "AAPL"}]})) == ["n1"]
    assert ids(db, contains, Jsonb({"region": "US"})) == ["n1", "n3"]
    assert ids(db, "SELECT id FROM news_articles WHERE symbols @> ARRAY['AAPL'] ORDER BY id") == ["n1", "n2"]
    path = "SELECT id FROM news_articles WHERE document @? '$.symbols[*] ? (@.relevance_score > 0.5)'"
    assert ids(db, path) == ["n1"]
    db.execute("SET LOCAL enable_seqscan = off")
    plan = "\n".join(row["QUERY PLAN"] for row in db.execute(b"EXPLAIN " + path.encode()))
    assert "news_documents_document" in plan


def test_full_text_search_ranks_titles_before_contents(db: Db) -> None:
    put(db, "news_articles", {"article_id": "title", "title": "Bitcoin rallies", "content": "nothing else"})
    put(db, "news_articles", {"article_id": "content", "title": "Markets", "content": "a rally of bitcoins"})
    put(db, "news_articles", {"article_id": "other", "title": "Weather", "content": "rain"})
    search = (
        "SELECT id FROM news_articles, websearch_to_tsquery('english', %s) AS query WHERE search @@ query"
        " ORDER BY ts_rank(search, query) DESC"
    )
    assert ids(db, search, "bitcoin rally") == ["title", "content"]
    assert ids(db, search, "bitcoin -nothing") == ["content"]
    put(db, "agent_analysis_results", ANALYSIS)
    found = "SELECT id FROM agent_analysis_results WHERE search @@ websearch_to_tsquery('english', 'resistance volume')"
    assert ids(db, found) == ["a1"]
    db.execute("SET LOCAL enable_seqscan = off")
    plan = "\n".join(row["QUERY PLAN"] for row in db.execute(b"EXPLAIN " + found.encode()))
    assert "agent_analysis_results_search" in plan


def test_a_text_longer_than_a_text_index_holds_is_found_by_its_beginning(db: Db) -> None:
    put(db, "news_articles", {"article_id": "long", "content": "needle " + " ".join(f"w{i}" for i in range(400_000))})
    assert ids(db, "SELECT id FROM news_articles WHERE search @@ to_tsquery('english', 'needle')") == ["long"]
    assert one(db, "SELECT length(document ->> 'content') AS n FROM news_articles WHERE id = 'long'")["n"] > 2_000_000


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_expired_documents_are_not_served_and_stay_until_they_are_archived(db: Db, collection: str) -> None:
    insert = f"INSERT INTO {collection} (id, document, expires_at) VALUES (%s, %s, %s)"
    db.execute(insert.encode(), ["old", Jsonb({}), datetime(2026, 1, 1, tzinfo=UTC)])
    db.execute(insert.encode(), ["new", Jsonb({}), datetime.now(UTC) + timedelta(hours=1)])
    assert ids(db, f"SELECT id FROM {collection}") == ["new"]
    assert db.execute(f"DELETE FROM {collection} WHERE id = 'old'".encode()).rowcount == 0
    canonical = one(db, f"SELECT pg_get_viewdef('{collection}'::regclass) AS sql")["sql"].split("FROM ")[1].split()[0]
    assert sorted(ids(db, f"SELECT id FROM {canonical}")) == ["new", "old"]
    revive = f"INSERT INTO {collection} (id, document, expires_at) VALUES ('old', '{{}}', now() + interval '1 hour')"
    db.execute(f"{revive} ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at".encode())
    assert sorted(ids(db, f"SELECT id FROM {collection}")) == ["new", "old"]
    with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="no verified archive manifest"):
        db.execute(f"DELETE FROM {collection} WHERE id = 'old'".encode())


def test_expiry_follows_the_document(db: Db) -> None:
    signal = {"signal_id": "s1", "symbol": "AAPL", "signal_type": "buy", "generated_at": "2026-01-01T00:00:00Z"}
    assert put(db, "trading_signals", signal)["expires_at"] is None
    later = put(db, "trading_signals", {**signal, "expires_at": "2099-01-01T00:00:00Z"})
    assert later["expires_at"] == datetime(2099, 1, 1, tzinfo=UTC)
    set_by_hand = one(db, "UPDATE trading_signals SET expires_at = '2098-01-01Z' WHERE id = 's1' RETURNING expires_at")
    assert set_by_hand["expires_at"] == datetime(2098, 1, 1, tzinfo=UTC)
    assert put(db, "trading_signals", {**signal, "expires_at": "2020-01-01T00:00:00Z"})["id"] == "s1"
    assert ids(db, "SELECT id FROM trading_signals") == []


def test_a_post_lives_for_thirty_days(db: Db) -> None:
    posted = datetime.now(UTC).replace(microsecond=0) - timedelta(days=29)
    post = put(db, "social_media_posts", {"post_id": "p1", "posted_at": posted.isoformat(), "platform": "reddit"})
    assert post["expires_at"] == posted + timedelta(days=30)
    put(db, "social_media_posts", {"post_id": "p2", "posted_at": (posted - timedelta(days=2)).isoformat()})
    assert ids(db, "SELECT id FROM social_media_posts") == ["p1"]


@pytest.mark.parametrize("collection", COLLECTIONS)
@pytest.mark.parametrize("document", ["[]", '"text"', "1", "null"])
def test_a_document_is_an_object(db: Db, collection: str, document: str) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match=r"document: a JSON object is expected") as refused:
        db.execute(f"INSERT INTO {collection} (document) VALUES (%s)".encode(), [document])
    assert refused.value.diag.column_name == "document"


@pytest.mark.parametrize(
    ("collection", "document", "message"),
    [
        ("agent_analysis_results", {"predictions": {"confidence": 72}}, "agent_analysis_results_confidence_fits"),
        ("trading_signals", {"confidence_metrics": {"overall_confidence": -1}}, "trading_signals_confidence_fits"),
        ("news_articles", {"published_at": "yesterday"}, "is not a time"),
        ("news_articles", {"published_at": "1969-12-31T00:00:00Z"}, "news_documents_published_at_fits"),
        ("trading_signals", {"expires_at": "9999-12-31"}, "expires_at"),
    ],
)
def test_a_document_that_cannot_be_true_is_refused(
    db: Db, collection: str, document: dict[str, Any], message: str
) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match=message):
        put(db, collection, document)


def test_documents_without_an_id_get_one(db: Db) -> None:
    first, second = put(db, "trading_signals", {"symbol": "A"}), put(db, "trading_signals", {"symbol": "A"})
    assert first["id"] != second["id"]
    assert one(db, "SELECT count(*) AS n FROM trading_signals")["n"] == 2


def test_users_have_numbers_and_unique_names(db: Db) -> None:
    insert = (
        "INSERT INTO users (username, email, password_hash) VALUES ('bob', %s, 'hash')"
        " ON CONFLICT (username) DO UPDATE SET email = excluded.email RETURNING id, role, is_active, last_login"
    )
    first, second = one(db, insert, "a@example.org"), one(db, insert, "b@example.org")
    assert isinstance(first["id"], int)
    assert second == {"id": first["id"], "role": "user", "is_active": True, "last_login": None}
    db.execute("INSERT INTO hybrid.users (telegram_id, username) VALUES (1, 'bob')")
    assert one(db, "SELECT count(*) AS n FROM users")["n"] == 1
    db.execute("UPDATE users SET username = 'rob', last_login = now() WHERE id = %s", [first["id"]])
    assert one(db, "SELECT username FROM public.users WHERE account_name = 'rob'")["username"] == "rob"
    db.execute("INSERT INTO users (username, email, password_hash) VALUES ('eve', 'e@example.org', 'hash')")
    with pytest.raises(psycopg.errors.UniqueViolation, match="account_name"):
        db.execute("UPDATE users SET username = 'eve' WHERE username = 'rob'")
