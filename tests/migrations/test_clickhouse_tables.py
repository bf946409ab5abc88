"""Canonical ClickHouse tables: a replay doubles nothing, the version decides, reorgs and edits, words are indexed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import clickhouse_connect
import pytest
from clickhouse_connect.driver.client import Client

from tests.conftest import Warehouse


@pytest.fixture(scope="module")
def client(warehouse: Warehouse) -> Iterator[Client]:
    with clickhouse_connect.get_client(dsn=warehouse.settings.clickhouse_url) as client:
        yield client


def rows(client: Client, query: str) -> list[Any]:
    return list(client.query(query).result_rows)


def test_in_every_table_a_replay_is_one_row_and_the_later_version_wins(client: Client) -> None:
    """Five rows of the engine's own random, sent twice, then an earlier version of each that lies in another month."""
    tables = rows(
        client,
        "SELECT t.name, extract(engine_full, 'ReplacingMergeTree\\((\\w+)\\)') AS version, sorting_key,"
        " extract(partition_key, '\\((\\w+)\\)'), c.type, s.structure FROM system.tables AS t"
        " INNER JOIN system.columns AS c ON c.database = t.database AND c.table = t.name AND c.name = version"
        " INNER JOIN (SELECT table, arrayStringConcat(groupArray(concat(name, ' ', type)), ', ') AS structure"
        " FROM system.columns WHERE database = currentDatabase() AND default_kind NOT IN ('MATERIALIZED', 'ALIAS')"
        " GROUP BY table) AS s ON s.table = t.name"
        " WHERE t.database = currentDatabase() AND t.name LIKE '%\\_versions' ORDER BY t.name",
    )
    assert len(tables) > 30
    for stored, version, identity, month, kind, structure in tables:
        view = stored.removesuffix("_versions")
        text = structure.replace("\\", "\\\\").replace("'", "\\'")
        sample = f"SELECT *{{}} FROM generateRandom('{text}', 7, 5, 2) LIMIT 5"
        later = f" REPLACE (CAST('2026-03-02 00:00:00' AS {kind}) AS {version})"
        elsewhere = (
            f", addMonths({month}, 1) AS {month}" if month and month not in (*identity.split(", "), version) else ""
        )
        earlier = f" REPLACE (CAST('2026-03-01 00:00:00' AS {kind}) AS {version}{elsewhere})"
        for change in (later, later, earlier):
            client.command(f"INSERT INTO {stored} ({_names(client, stored)}) " + sample.format(change))
        assert rows(client, f"SELECT count(), min({version}) = max({version}) FROM {stored} FINAL") == [(5, 1)], stored
        ((seen, identities, newest),) = rows(
            client, f"SELECT count(), uniqExact({identity}), countIf({version} >= '2026-03-02 00:00:00') FROM {view}"
        )
        assert seen == identities == newest, view
        client.command(f"TRUNCATE TABLE {stored}")


def _names(client: Client, table: str) -> str:
    return ", ".join(
        row[0]
        for row in rows(
            client,
            "SELECT name FROM system.columns WHERE database = currentDatabase()"
            f" AND table = '{table}' AND default_kind NOT IN ('MATERIALIZED', 'ALIAS') ORDER BY position",
        )
    )


TRANSFER = (
    "INSERT INTO onchain_transactions_versions (blockchain, transaction_hash, transfer_index, symbol, from_address,"
    " to_address, amount, status, block_hash, detected_at, first_seen_at, updated_at)"
    " VALUES ('ethereum', '0xabc', {index}, 'ETH', '0x1', '0x2', 1.5, '{status}', '{block}', '2026-02-28 23:59:59',"
    " '2026-03-01 00:00:01', '2026-03-01 00:00:0{version}')"
)


def test_a_transfer_is_provisional_then_confirmed_or_reversed_by_a_reorg(client: Client) -> None:
    for index in (0, 1):
        client.command(TRANSFER.format(index=index, status="provisional", block="b1", version=2))
    client.command(TRANSFER.format(index=0, status="confirmed", block="b1", version=3))
    client.command(TRANSFER.format(index=1, status="reversed", block="b1", version=3))
    standing = "SELECT transfer_index, status, block_hash FROM onchain_transactions ORDER BY 1"
    assert rows(client, standing) == [(0, "confirmed", "b1")]
    client.command(TRANSFER.format(index=1, status="provisional", block="b2", version=4))
    assert rows(client, standing) == [(0, "confirmed", "b1"), (1, "provisional", "b2")]
    client.command(TRANSFER.format(index=1, status="reversed", block="b1", version=3))
    assert rows(client, standing) == [(0, "confirmed", "b1"), (1, "provisional", "b2")]


def test_a_label_holds_in_its_range_and_can_be_taken_back(client: Client) -> None:
    client.command(
        "INSERT INTO address_labels_versions (blockchain, address, source, valid_from, valid_to, label, entity,"
        " category, is_withdrawn, first_seen_at, updated_at) VALUES"
        " ('bitcoin', 'bc1', 's', '2020-01-01', '2024-01-01', 'Old', 'mtgox', '', false, '2020-01-01', '2024-01-01'),"
        " ('bitcoin', 'bc1', 's', '2024-01-01', NULL, 'New', 'kraken', 'exchange', false, '2024-01-02', '2024-01-02'),"
        " ('bitcoin', 'bc2', 's', '2020-01-01', NULL, 'Wrong', 'x', 'exchange', false, '2020-01-01', '2020-01-01'),"
        " ('bitcoin', 'bc2', 's', '2020-01-01', NULL, 'Wrong', 'x', 'exchange', true, '2020-01-01', '2021-01-01')"
    )
    owner = (
        "SELECT entity FROM address_labels WHERE address = 'bc1' AND valid_from <= '{0}'"
        " AND (valid_to IS NULL OR valid_to > '{0}')"
    )
    assert rows(client, owner.format("2023-12-31 23:59:59")) == [("mtgox",)]
    assert rows(client, owner.format("2024-01-01 00:00:00")) == [("kraken",)]
    assert rows(client, "SELECT count() FROM address_labels WHERE address = 'bc2'") == [(0,)]


def test_words_of_news_are_found_through_the_text_index_by_view_and_facade(
    client: Client, warehouse: Warehouse
) -> None:
    client.command(
        "INSERT INTO news_articles_versions (id, source, title, content, url, symbols, keywords, published_at,"
        " first_seen_at) SELECT toString(number), 'rss', concat('Headline ', toString(number)),"
        " concat('market word', toString(number % 500), if(number = 7777, ' UNICORN, sighted', ' horse')), '', [], [],"
        " toDateTime64('2026-03-01', 3, 'UTC') + number, now64(3) FROM numbers(30000)"
    )
    for relation in ("news_articles", f"{warehouse.settings.clickhouse_facade_prefix}hybrid.news_articles"):
        for condition in (
            "hasToken(content, 'unicorn')",
            "hasAllTokens(content, 'Unicorn sighted')",
            "hasAnyTokens(content, ['unicorn', 'dragon'])",
        ):
            query = f"SELECT id FROM {relation} WHERE {condition}"
            assert rows(client, query) == [("7777",)], query
            plan = "\n".join(row[0] for row in rows(client, f"EXPLAIN indexes = 1 {query}"))
            read = re.search(r"Name: content_words\n.*?Granules: (\d+)/(\d+)", plan, re.DOTALL)
            assert read is not None, plan
            assert int(read[1]) < int(read[2]), plan


def test_a_later_text_of_an_article_replaces_the_earlier_one_and_keeps_when_we_first_had_it(client: Client) -> None:
    article = (
        "INSERT INTO news_articles_versions (id, source, title, content, url, symbols, keywords, published_at,"
        " first_seen_at, revision, updated_at, sentiment, scored_at, scorer, scorer_version) VALUES ('edit', 'rss',"
        " 'T', '{text}', '', ['BTC'], [], '2026-03-01 10:00:00', '2026-03-01 10:05:00', {revision},"
        " '2026-03-01 10:0{revision}:00', {score})"
    )
    client.command(article.format(text="first", revision=0, score="NULL, NULL, NULL, NULL"))
    client.command(article.format(text="second", revision=1, score="0.5, '2026-03-01 10:06:00', 'vader', '3.3.2'"))
    found = rows(
        client,
        "SELECT content, revision, sentiment, content_hash = MD5(concat(title, '\\n', content)),"
        " first_seen_at < scored_at FROM news_articles WHERE id = 'edit'",
    )
    assert found == [("second", 1, 0.5, 1, 1)]
