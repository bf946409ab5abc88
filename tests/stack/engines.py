"""Acknowledged writes to each engine, and reading them back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import httpx
import psycopg
import redis

from dagster_project.settings import Settings


@dataclass(frozen=True)
class Diary:
    """`write` returns only after the engine said yes; `read` gives all numbers written so far."""

    write: Callable[[Settings, int], None]
    read: Callable[[Settings], set[int]]


def ask_clickhouse(settings: Settings, query: str) -> str:
    """The answer of the gateway as text; an error status raises."""
    url = urlsplit(settings.clickhouse_url)
    answer = httpx.post(
        f"http://{url.hostname}:{url.port}/",
        content=query,
        auth=(unquote(url.username or ""), unquote(url.password or "")),
        timeout=30,
        trust_env=False,
    )
    answer.raise_for_status()
    return answer.text


def _write_postgres(settings: Settings, number: int) -> None:
    with psycopg.connect(settings.postgres_url, connect_timeout=5) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS diary (n int)")
        connection.execute("INSERT INTO diary VALUES (%s)", [number])


def _read_postgres(settings: Settings) -> set[int]:
    with psycopg.connect(settings.postgres_url, connect_timeout=5) as connection:
        return {n for (n,) in connection.execute("SELECT n FROM diary")}


def _write_clickhouse(settings: Settings, number: int) -> None:
    ask_clickhouse(settings, "CREATE TABLE IF NOT EXISTS candlehouse.diary (n UInt32) ENGINE MergeTree ORDER BY n")
    ask_clickhouse(settings, f"INSERT INTO candlehouse.diary VALUES ({number})")


def _read_clickhouse(settings: Settings) -> set[int]:
    return {int(line) for line in ask_clickhouse(settings, "SELECT n FROM candlehouse.diary FORMAT TSV").split()}


def _write_redis(settings: Settings, number: int) -> None:
    redis.Redis.from_url(settings.redis_url, retry=None).sadd("diary", number)


def _read_redis(settings: Settings) -> set[int]:
    return {int(n) for n in redis.Redis.from_url(settings.redis_url).smembers("diary")}  # type: ignore[union-attr]


DIARIES = {
    "postgres": Diary(_write_postgres, _read_postgres),
    "clickhouse": Diary(_write_clickhouse, _read_clickhouse),
    "redis": Diary(_write_redis, _read_redis),
}
