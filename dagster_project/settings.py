"""Typed settings: the environment map, server addresses and what to collect.

Addresses and secrets come from the environment (`CANDLEHOUSE_*`) or, for the embedded parts, from files under
`CANDLEHOUSE_HOME` that only the owner can read. What to collect comes from `candlehouse.toml`.
"""

from __future__ import annotations

import json
import os
import secrets
import tomllib
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, assert_never, get_args
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT_ROOT = Path(__file__).resolve().parent.parent
DATABASE = "candlehouse"
ANALYTICS = "analytics"
# Who writes and reads PostgreSQL: migration 0013 makes `candlehouse_<role>`.
Role = Literal["app", "ingest", "transform", "readonly"]
ROLES: tuple[Role, ...] = get_args(Role)
TIMEFRAMES = {"1m": 60, "5m": 300, "15m": 900, "30m": 1800, "1h": 3600, "4h": 14400, "1d": 86400}


class SettingsError(Exception):
    """A setting is missing or wrong; the message is one line and names the fix."""


class Environment(StrEnum):
    """Where this process runs. There is no default for an unknown name."""

    LOCAL = "local"
    SERVER = "server"
    CLUSTER = "cluster"
    TEST = "test"

    @property
    def may_embed(self) -> bool:
        """Whether a part without a URL is started from its wheel."""
        match self:
            case Environment.LOCAL:
                return True
            case Environment.SERVER | Environment.CLUSTER | Environment.TEST:
                return False
            case _:
                assert_never(self)


class Strict(BaseModel):
    """A section of candlehouse.toml: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Venue(Strict):
    """One exchange to collect from."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
    ccxt: str | None = None
    symbols: list[str] = Field(min_length=1)
    timeframe: str | None = None
    base_url: str | None = None

    @property
    def ccxt_id(self) -> str:
        """The ccxt exchange id."""
        return self.ccxt or self.name


class MarketSection(Strict):
    """How candles are collected."""

    start: date
    base_timeframe: str = "1m"
    timeframes: list[str] = ["5m", "15m", "1h", "4h", "1d"]
    settle_seconds: float = 5.0


class StackSection(Strict):
    """Ports of the embedded parts, on loopback."""

    postgres_port: int = 15432
    clickhouse_port: int = 18123
    redis_port: int = 16379
    venue_port: int = 18080
    dagster_port: int = 3000
    docs_port: int = 18088


class ColdSection(Strict):
    """What goes to cold files and dumps, and how much is tried again."""

    months: dict[str, Annotated[int, Field(ge=0)]] = {}
    drill_files: Annotated[int, Field(ge=1)] = 5
    drill_megabytes: Annotated[int, Field(ge=1)] = 2048
    keep_dumps: Annotated[int, Field(ge=1)] = 14


class OutcomesSection(Strict):
    """How decisions are judged. Other values are another method: every decision is scored anew."""

    horizon_hours: Annotated[int, Field(ge=1, le=24 * 31)] = 24
    fee_rate: Annotated[float, Field(ge=0, lt=0.1)] = 0.00045


class CollectFile(Strict):
    """candlehouse.toml."""

    market: MarketSection
    venues: list[Venue] = Field(min_length=1)
    stack: StackSection = StackSection()
    cold: ColdSection = ColdSection()
    outcomes: OutcomesSection = OutcomesSection()


@dataclass(frozen=True, order=True)
class Market:
    """One market of one venue with the timeframe that is fetched.

    `first` and `last` bound the UTC days on which the venue is known to have data (None: unknown).
    """

    exchange: str
    symbol: str
    timeframe: str
    ccxt_id: str = "binance"
    base_url: str | None = None
    first: date | None = None
    last: date | None = None


class _Environ(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="CANDLEHOUSE_", extra="ignore")

    env: Environment = Environment.LOCAL
    home: Path = PROJECT_ROOT / ".candlehouse"
    config: Path = PROJECT_ROOT / "candlehouse.toml"
    postgres_url: SecretStr | None = None
    clickhouse_url: SecretStr | None = None
    clickhouse_cluster: Annotated[str, Field(pattern=r"^([A-Za-z0-9_.-]+|\{cluster\})?$")] = ""
    redis_url: SecretStr | None = None
    cold_url: str | None = None
    app_password: SecretStr | None = None
    ingest_password: SecretStr | None = None
    transform_password: SecretStr | None = None
    readonly_password: SecretStr | None = None
    sources: str = "live"
    postgres_port: int | None = None
    clickhouse_port: int | None = None
    redis_port: int | None = None
    venue_port: int | None = None
    dagster_port: int | None = None
    docs_port: int | None = None
    docs_url: str | None = None


class Settings:
    """Everything a process needs to know about where it runs.

    URLs are `postgresql://user:password@host:port/database`, `http://user:password@host:port/database` and
    `redis://:password@host:port/0`. `overrides` are values for `CANDLEHOUSE_*` names (lower case, without the prefix)
    that win over the environment.

    Raises:
        SettingsError: an unknown environment, a broken candlehouse.toml, or a missing URL outside `local`.
    """

    def __init__(self, **overrides: Any) -> None:
        try:
            self._environ = _Environ(**overrides)
        except ValidationError as error:
            first = error.errors()[0]
            name = "CANDLEHOUSE_" + "_".join(str(part) for part in first["loc"]).upper()
            raise SettingsError(f"{name}: {first['msg']}") from None
        self.environment = self._environ.env
        self.home = self._environ.home.expanduser().resolve()
        self.sources = self._environ.sources

    @cached_property
    def collect(self) -> CollectFile:
        """The parsed candlehouse.toml."""
        path = self._environ.config
        try:
            return CollectFile.model_validate(tomllib.loads(path.read_text()))
        except FileNotFoundError:
            raise SettingsError(f"{path} is missing: restore it, or point CANDLEHOUSE_CONFIG at yours") from None
        except tomllib.TOMLDecodeError as error:
            raise SettingsError(f"{path}: not valid TOML: {error}") from None
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise SettingsError(f"{path}: {where}: {first['msg']}") from None

    def embeds(self, part: str) -> bool:
        """Whether `part` (postgres, clickhouse or redis) runs embedded instead of behind a given URL."""
        return self.environment.may_embed and getattr(self._environ, f"{part}_url") is None

    def port(self, part: str) -> int:
        """The loopback port of an embedded part: what the running stack chose, else `configured_port`."""
        running = _read_json(self.home / "stack.json").get("ports", {})
        return int(running.get(part) or self.configured_port(part))

    def configured_port(self, part: str) -> int:
        """The port that `CANDLEHOUSE_<PART>_PORT` or else candlehouse.toml asks for; 0 asks for a free one."""
        given: int | None = getattr(self._environ, f"{part}_port")
        return getattr(self.collect.stack, f"{part}_port") if given is None else given

    @property
    def docs_url(self) -> str:
        """Where people read the dbt docs site: `CANDLEHOUSE_DOCS_URL`, else where the stack serves it."""
        given = self._environ.docs_url
        return given.rstrip("/") if given else f"http://127.0.0.1:{self.port('docs')}"

    def secret(self, name: str) -> str:
        """The generated password of an embedded part; made on first use, in a file of mode 0600."""
        path = self.home / "secrets.json"
        known = _read_json(path)
        if name not in known:
            known[name] = secrets.token_urlsafe(24)
            self.home.mkdir(parents=True, exist_ok=True)
            _write_private_json(path, known)
        return known[name]

    @property
    def postgres_url(self) -> str:
        """SQLAlchemy-free libpq URL of the canonical database, as its owner: for migrations and Dagster's storage."""
        return self._url("postgres", "postgresql://candlehouse:{password}@127.0.0.1:{port}/" + DATABASE)

    def role_password(self, role: Role) -> str | None:
        """The password of `candlehouse_<role>`: `CANDLEHOUSE_<ROLE>_PASSWORD`, else a generated one where PostgreSQL is
        embedded, else None: the role has no login that we know of."""
        given: SecretStr | None = getattr(self._environ, f"{role}_password")
        if given is not None and given.get_secret_value():
            return given.get_secret_value()
        return self.secret(role_name(role)) if self.embeds("postgres") else None

    def role_url(self, role: Role) -> str:
        """libpq URL of the canonical database as `candlehouse_<role>`.

        Raises:
            SettingsError: the role has no password.
        """
        parts = urlsplit(self.postgres_url)
        password = self.role_password(role)
        if password is None:
            raise SettingsError(
                f"CANDLEHOUSE_{role.upper()}_PASSWORD is not set, so {role_name(role)} cannot log in to PostgreSQL: set"
                " it, then run `candlehouse migrate`"
            )
        login = f"{role_name(role)}:{quote(password, safe='')}"
        # libpq takes a user of the query string before the one in front of the host.
        options = [(name, value) for name, value in parse_qsl(parts.query) if name not in ("user", "password")]
        netloc = f"{login}@{parts.netloc.rpartition('@')[2]}"
        return urlunsplit(parts._replace(netloc=netloc, query=urlencode(options, quote_via=quote)))

    @property
    def app_url(self) -> str:
        """`role_url` of trading applications: they write trading tables and facades."""
        return self.role_url("app")

    @property
    def ingest_url(self) -> str:
        """`role_url` of assets and imports: they write canonical tables and ledgers."""
        return self.role_url("ingest")

    @property
    def transform_url(self) -> str:
        """`role_url` of dbt: it owns the schema analytics."""
        return self.role_url("transform")

    @property
    def readonly_url(self) -> str:
        """`role_url` of people and BI tools: they read everything but credentials."""
        return self.role_url("readonly")

    @property
    def dagster_postgres_url(self) -> str:
        """URL of Dagster's own storage: the database `dagster` on the same server."""
        return urlunsplit(urlsplit(self.postgres_url)._replace(path="/dagster"))

    @property
    def clickhouse_url(self) -> str:
        """HTTP URL of ClickHouse."""
        return self._url("clickhouse", "http://candlehouse:{password}@127.0.0.1:{port}/" + DATABASE)

    @property
    def clickhouse_analytics(self) -> str:
        """ClickHouse database of the marts: `analytics`, or `NAME_analytics` beside a database of another name."""
        database = urlsplit(self.clickhouse_url).path.lstrip("/") or DATABASE
        return ANALYTICS if database == DATABASE else f"{database}_{ANALYTICS}"

    @property
    def clickhouse_facade_prefix(self) -> str:
        """What stands before the names of the facades' ClickHouse databases: nothing, or `NAME_` beside a database of
        another name, so that two installations on one server do not share them."""
        database = urlsplit(self.clickhouse_url).path.lstrip("/") or DATABASE
        return "" if database == DATABASE else f"{database}_"

    @property
    def clickhouse_cluster(self) -> str | None:
        """Cluster that migrations create tables on: `CANDLEHOUSE_CLICKHOUSE_CLUSTER`, else in the environment `cluster`
        ClickHouse's own macro `{cluster}`, else None: one server."""
        return self._environ.clickhouse_cluster or ("{cluster}" if self.environment is Environment.CLUSTER else None)

    @property
    def redis_url(self) -> str:
        """URL of Redis."""
        return self._url("redis", "redis://:{password}@127.0.0.1:{port}/0")

    @property
    def cold_url(self) -> str:
        """Where cold files and dumps are kept: a folder, or s3://bucket/prefix. No credentials in it."""
        return self._environ.cold_url or str(self.home / "cold")

    @property
    def replay_dir(self) -> Path | None:
        """The folder of `CANDLEHOUSE_SOURCES=replay:DIR`, or None.

        Raises:
            SettingsError: the value is neither `live`, `sandbox` nor `replay:DIR`, or DIR is not a folder.
        """
        if self.sources in ("live", "sandbox"):
            return None
        kind, _, folder = self.sources.partition(":")
        if kind != "replay" or not folder:
            raise SettingsError(
                f"CANDLEHOUSE_SOURCES={self.sources!r} is not one of live, sandbox, replay:DIR: set one of these"
            )
        path = Path(folder).expanduser()
        if not path.is_dir():
            raise SettingsError(f"CANDLEHOUSE_SOURCES names the folder {folder}, which is not there: correct the path")
        return path.resolve()

    @property
    def markets(self) -> list[Market]:
        """All configured markets, from the running stack's sources if it replaced them, else candlehouse.toml."""
        replaced = _read_json(self.home / "sources.json").get("markets")
        if replaced:
            return sorted(_market(row) for row in replaced)
        return sorted(
            Market(
                venue.name,
                symbol,
                venue.timeframe or self.collect.market.base_timeframe,
                ccxt_id=venue.ccxt_id,
                base_url=venue.base_url,
            )
            for venue in self.collect.venues
            for symbol in venue.symbols
        )

    @property
    def market_start(self) -> date:
        """The first UTC day of the daily partitions."""
        firsts = [market.first for market in self.markets if market.first]
        return min(firsts) if firsts else self.collect.market.start

    @property
    def market_end(self) -> date | None:
        """The last UTC day of the daily partitions when every market is a recording, else None: they go on."""
        lasts = [market.last for market in self.markets]
        return None if None in lasts else max(last for last in lasts if last)

    def dbt_environment(self) -> dict[str, str]:
        """Those of `process_environment` that the dbt project reads. Contains secrets."""
        return {name: value for name, value in self.process_environment().items() if name.startswith("DBT_")}

    def process_environment(self) -> dict[str, str]:
        """The variables that dbt, Dagster and other children of this process need. Contains secrets."""
        pg, ch = urlsplit(self.transform_url), urlsplit(self.clickhouse_url)
        return {
            "CANDLEHOUSE_ENV": self.environment.value,
            "CANDLEHOUSE_HOME": str(self.home),
            "DAGSTER_HOME": str(self.home / "dagster"),
            # A backfill writes two events per partition; one by one, 3,000 days took 8 minutes of connections.
            "DAGSTER_EVENT_BATCH_SIZE": "1000",
            "DAGSTER_POSTGRES_URL": self.dagster_postgres_url,
            "DBT_POSTGRES_HOST": pg.hostname or "127.0.0.1",
            "DBT_POSTGRES_PORT": str(pg.port or 5432),
            "DBT_POSTGRES_USER": unquote(pg.username or ""),
            "DBT_ENV_SECRET_POSTGRES_PASSWORD": unquote(pg.password or ""),
            "DBT_POSTGRES_DATABASE": pg.path.lstrip("/") or DATABASE,
            "DBT_CLICKHOUSE_HOST": ch.hostname or "127.0.0.1",
            "DBT_CLICKHOUSE_PORT": str(ch.port or (8443 if ch.scheme == "https" else 8123)),
            "DBT_CLICKHOUSE_SECURE": "true" if ch.scheme == "https" else "false",
            "DBT_CLICKHOUSE_USER": unquote(ch.username or "default"),
            "DBT_ENV_SECRET_CLICKHOUSE_PASSWORD": unquote(ch.password or ""),
            "DBT_CLICKHOUSE_DATABASE": ch.path.lstrip("/") or DATABASE,
            "DBT_CLICKHOUSE_SCHEMA": self.clickhouse_analytics,
        }

    def _url(self, part: str, embedded: str) -> str:
        given: SecretStr | None = getattr(self._environ, f"{part}_url")
        if given is not None:
            return given.get_secret_value()
        if not self.environment.may_embed:
            raise SettingsError(
                f"CANDLEHOUSE_{part.upper()}_URL is not set and environment {self.environment.value!r} starts no"
                " embedded part: set it"
            )
        return embedded.format(password=quote(self.secret(part), safe=""), port=self.port(part))


def role_name(role: Role) -> str:
    """The name of a role in PostgreSQL."""
    return f"candlehouse_{role}"


def load_settings() -> Settings:
    """Settings of this process, read from the environment at the time of the call."""
    return Settings()


def _market(row: dict[str, Any]) -> Market:
    days = {key: date.fromisoformat(row[key]) if row.get(key) else None for key in ("first", "last")}
    return Market(**{**row, **days})


def _read_json(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except json.JSONDecodeError as error:
        raise SettingsError(f"{path} is not JSON ({error.msg}): stop the stack and delete it") from None


def _write_private_json(path: Path, content: dict[str, Any]) -> None:
    staging = path.with_suffix(f".{os.getpid()}.tmp")
    with os.fdopen(os.open(staging, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())
    staging.replace(path)
