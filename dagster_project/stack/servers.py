"""Parts that are servers given by URL: do they answer?"""

from __future__ import annotations

from dagster_project.settings import Settings
from dagster_project.stack.errors import StackError

TIMEOUT_SECONDS = 5


def check_server(name: str, settings: Settings) -> None:
    """Ask the server of `CANDLEHOUSE_<NAME>_URL` the smallest question.

    Raises:
        StackError: it does not answer, or refuses us.
    """
    checks = {"postgres": _postgres, "clickhouse": _clickhouse, "redis": _redis}
    try:
        checks[name](getattr(settings, f"{name}_url"))
    except StackError:
        raise
    except Exception as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        if settings.embeds(name):
            whose, fix = f"{name} of {settings.home}", "`candlehouse up` starts it"
        else:
            whose, fix = f"the server of CANDLEHOUSE_{name.upper()}_URL", "start it or correct the URL"
        raise StackError(f"{whose} does not answer ({reason[:160]}): {fix}") from None


def _postgres(url: str) -> None:
    import psycopg

    with psycopg.connect(url, connect_timeout=TIMEOUT_SECONDS) as connection:
        found = connection.execute("SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'").fetchone()
    if not found or not found[0]:
        raise StackError(
            "the server of CANDLEHOUSE_POSTGRES_URL has no pgvector: install it there (package postgresql-XX-pgvector)"
        )


def _clickhouse(url: str) -> None:
    from urllib.parse import unquote, urlsplit, urlunsplit

    import httpx

    parts = urlsplit(url)
    answer = httpx.get(
        urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], path="/")),
        params={"query": "SELECT 1"},
        auth=(unquote(parts.username or "default"), unquote(parts.password or "")),
        timeout=TIMEOUT_SECONDS,
    )
    if answer.status_code != 200:
        raise StackError(
            f"the server of CANDLEHOUSE_CLICKHOUSE_URL refuses us ({answer.text.strip()[:160]}): correct the URL's user"
            " and password"
        )


def _redis(url: str) -> None:
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    # The client's default tries three more times, with seconds between them.
    once = Retry(NoBackoff(), 0)
    client = redis.from_url(url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS, retry=once)
    try:
        client.ping()
    finally:
        client.close()
