"""A mapping file: which table and column of a SQLite file goes where. See learning_sqlite.toml for its parts."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation, localcontext
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from dagster_project.lib import exact_json
from dagster_project.lib.import_account import ImportFailed
from dagster_project.lib.nof0 import server_time
from dagster_project.lib.sqlite_file import Schema
from dagster_project.lib.trading_rows import (
    DECISIONS,
    EXACT,
    ORIGINS,
    TRADES,
    Reject,
    Row,
    Table,
    Values,
    any_document,
    document,
    flag,
    index,
    moment,
    name,
    positive,
    text,
)

DEFAULT = Path(__file__).with_name("learning_sqlite.toml")
TARGETS = {"trades": TRADES, "decisions": DECISIONS}
UNITS = ("auto", "fraction", "percent")
KEYS = ("agent", "exchange", "origin", "timezone")
PARTS = ("into", "columns", "words", "units")
REFERENCES = {"decision_id": "decisions", "trade_id": "trades"}


class _Refused(ValueError):
    """A row cannot be translated; the message is the reason."""


@dataclass(frozen=True)
class TableMapping:
    """One source table: `columns` canonical column -> the source's names in order of preference, `words` canonical
    column -> source word (lower case) -> canonical word, `units` canonical column -> unit."""

    source: str
    target: Table
    columns: Mapping[str, tuple[str, ...]]
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)

    def chosen(self, columns: list[str]) -> dict[str, str]:
        """Canonical column -> source column, for a table that has these columns; each is used once."""
        known = {column.lower(): column for column in columns}
        taken: dict[str, str] = {}
        for canonical, names in self.columns.items():
            for wanted in names:
                if (column := known.get(wanted.lower())) and column not in taken.values():
                    taken[canonical] = column
                    break
        return taken


@dataclass(frozen=True)
class SqliteMapping:
    """All of a mapping file."""

    agent: str
    exchange: str
    origin: str
    zone: ZoneInfo
    tables: tuple[TableMapping, ...]

    def present(self, schema: Schema) -> list[TableMapping]:
        """The tables that a file has."""
        return [table for table in self.tables if table.source in schema]


def read_mapping(path: Path = DEFAULT) -> SqliteMapping:
    """A mapping file, checked.

    Raises:
        ImportFailed: it is not there or says something that nobody understands; the message names the place.
    """
    try:
        found = tomllib.loads(path.read_text())
    except OSError as error:
        raise ImportFailed(f"{path}: {error.strerror}: give a TOML mapping file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ImportFailed(f"{path}: not valid TOML: {error}") from None
    try:
        return _mapping(found)
    except _Refused as refused:
        raise ImportFailed(f"{path}: {refused}") from None


def _mapping(found: dict[str, Any]) -> SqliteMapping:
    values = {key: found.pop(key, "") for key in KEYS}
    for key, value in values.items():
        if not isinstance(value, str):
            raise _Refused(f"{key} is not text")
    origin = values["origin"] or "recorded"
    if origin not in ORIGINS:
        raise _Refused(f"origin {origin!r} is not one of {', '.join(ORIGINS)}")
    try:
        zone = ZoneInfo(values["timezone"] or "UTC")
    except (KeyError, ValueError):
        raise _Refused(f"timezone {values['timezone']!r} is not known") from None
    tables = tuple(_table(name, part) for name, part in found.items())
    if not tables:
        raise _Refused("it maps no table")
    return SqliteMapping(values["agent"], values["exchange"], origin, zone, tables)


def _table(source: str, part: Any) -> TableMapping:
    if not isinstance(part, dict) or part.get("into") not in TARGETS:
        raise _Refused(f"[{source}] needs into = one of {', '.join(TARGETS)}")
    target = TARGETS[part["into"]]
    for key in part:
        if key not in PARTS:
            raise _Refused(f"[{source}] {key} is not one of {', '.join(PARTS)}")
    columns = {}
    for canonical, names in part.get("columns", {}).items():
        if canonical not in target.rules or canonical in ("agent_id", "exchange", "origin", "details"):
            raise _Refused(f"[{source}.columns] {canonical} is no column of {target.name} that can be mapped")
        listed = [names] if isinstance(names, str) else names
        if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
            raise _Refused(f"[{source}.columns] {canonical} is neither a name nor a list of names")
        columns[canonical] = tuple(listed)
    words = {
        canonical: {word.lower(): to for to, listed in choices.items() for word in [to, *listed]}
        for canonical, choices in part.get("words", {}).items()
    }
    units = part.get("units", {})
    for canonical, unit in units.items():
        if unit not in UNITS:
            raise _Refused(f"[{source}.units] {canonical} = {unit!r} is not one of {', '.join(UNITS)}")
    return TableMapping(source, target, columns, words, units)


@dataclass(frozen=True)
class Translator:
    """Turns rows of one source table into canonical ones.

    `chosen` is canonical column -> source column; `percent` are canonical columns whose values are divided by 100;
    `name` tells whole-number ids of this file from another's.
    """

    mapping: TableMapping
    chosen: Mapping[str, str]
    percent: frozenset[str]
    name: str
    agent: str
    exchange: str
    origin: str
    zone: ZoneInfo

    def row(self, raw: dict[str, Any]) -> Row | Reject:
        """One row; its raw form is what the source had."""
        try:
            return Row(self._values(raw), raw)
        except _Refused as refused:
            return Reject(str(raw.get(self.chosen.get("id", "rowid"))), str(refused), raw)

    def _values(self, raw: dict[str, Any]) -> Values:
        table = self.mapping.target
        details: dict[str, Any] = {}
        values: Values = {"agent_id": self.agent, "exchange": self.exchange, "origin": self.origin}
        for canonical, column in self.chosen.items():
            value = raw[column]
            found = None if value is None else self._value(canonical, column, value)
            if found is None and value is not None:
                details[column] = value
            values[canonical] = found
        values["id"] = self._id(table.name, raw[self.chosen["id"]] if "id" in self.chosen else raw["rowid"])
        for column, kind in REFERENCES.items():
            if values.get(column) is not None:
                values[column] = self._id(kind, raw[self.chosen[column]])
        if table is TRADES and values.get("status") is None:
            values["status"] = "closed" if values.get("closed_at") else "open"
        taken = {*self.chosen.values(), "rowid"}
        values["details"] = details | {
            column: value for column, value in raw.items() if value is not None and column not in taken
        }
        return values

    def _value(self, canonical: str, column: str, value: Any) -> Any:
        """A canonical value, or None where only `details` can hold it."""
        if canonical in ("id", *REFERENCES):
            return value
        words = self.mapping.words.get(canonical)
        if words is not None:
            word = str(value).strip().lower().replace(" ", "_")
            if word not in words:
                raise _Refused(f"{column} is {str(value)[:40]!r}: no word for {canonical} in the mapping")
            return words[word]
        rule = self.mapping.target.rules[canonical]
        try:
            found = _READERS.get(rule, _number)(value, self.zone, canonical in self.percent)
        except _Refused as refused:
            raise _Refused(f"{column} {refused}") from None
        # Such programs write 0 for a price that there is not.
        nothing = rule is positive and found == 0 and canonical not in self.mapping.target.required
        return None if nothing else found

    def _id(self, kind: str, value: Any) -> str | None:
        """Ids that are texts are somebody's own; numbers count from 1 in every file."""
        if value is None:
            return None
        return value if isinstance(value, str) and not value.isdigit() else f"{self.name}-{kind}-{value}"


def _number(value: Any, zone: ZoneInfo, percent: bool) -> Any:
    if isinstance(value, str):
        try:
            value = Decimal(value.strip())
        except InvalidOperation:
            raise _Refused(f"is not a number: {value[:40]!r}") from None
    if not isinstance(value, int | Decimal):
        raise _Refused(f"is not a number: {str(value)[:40]}")
    with localcontext(EXACT):
        return value / Decimal(100) if percent else value


def _time(value: Any, zone: ZoneInfo, percent: bool) -> datetime:
    found = None
    if isinstance(value, int | Decimal):
        found = server_time(value)
    elif isinstance(value, str):
        try:
            found = datetime.fromisoformat(value.strip())
        except ValueError:
            found = None
    if found is None:
        raise _Refused(f"is not a time: {str(value)[:40]!r}")
    return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)


def _flag(value: Any, zone: ZoneInfo, percent: bool) -> bool:
    word = str(value).strip().lower()
    if word in ("1", "true", "yes", "1.0"):
        return True
    if word in ("0", "false", "no", "0.0"):
        return False
    raise _Refused(f"is neither true nor false: {word[:40]!r}")


def _text(value: Any, zone: ZoneInfo, percent: bool) -> str | None:
    return value if isinstance(value, str) else None if isinstance(value, dict) else str(value)


def _whole(value: Any, zone: ZoneInfo, percent: bool) -> int:
    number = _number(value, zone, False)
    if number != number or number != int(number):
        raise _Refused(f"is not a whole number: {number}")
    return int(number)


def _document(value: Any, zone: ZoneInfo, percent: bool) -> Any:
    """An object; text that is none stays in `details`."""
    if isinstance(value, str):
        try:
            found = exact_json.loads(value.encode("utf-8", "surrogateescape"))
        except exact_json.NotJson:
            return None
        return found if isinstance(found, dict) else None
    return None


_READERS: dict[Any, Callable[[Any, ZoneInfo, bool], Any]] = {
    moment: _time,
    flag: _flag,
    text: _text,
    name: _text,
    index: _whole,
    document: _document,
    any_document: _document,
}
