"""Renders the statements of `sql/clickhouse` for where they run: beside another database, or on a cluster.

Only a handful of kinds of statement exist in those files, so they are read token by token and edited in place: whatever
is not edited keeps its bytes, and a statement that needs no edit is the text of the file.

On a cluster
- a `...MergeTree` table `t` becomes the replicated table `t_local` on every shard and the Distributed table `t` above,
  so that every name in the files, in queries and in Python stays what it is;
- rows go to shards by their identity (the ORDER BY) without times, dates and amounts: all versions of a row meet on one
  shard, where FINAL compares them, and a market's candles stay together with their days;
- a materialized view over such a table works shard by shard, `_local` to `_local`; one over an unsharded table (the
  Null tables of the facades) writes through the Distributed table;
- a refreshable view reads the Distributed tables, and every node keeps its own copy of the answer;
- views stay views, read the Distributed tables and join them with GLOBAL.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

FACADES = ("hybrid", "quantbot", "tradingagents")
FACADE_DATABASES = frozenset((*FACADES, *(f"{name}_write" for name in FACADES)))
LOCAL = "_local"

_TOKEN = re.compile(
    r"(?P<comment>--[^\n]*|/\*.*?\*/)"
    r"|(?P<string>'(?:[^'\\]|\\.|'')*')"
    r"|(?P<word>[A-Za-z_]\w*|`[^`]*`|\"[^\"]*\")"
    r"|(?P<number>\d[\w.]*)"
    r"|(?P<blank>\s+)"
    r"|(?P<sign>.)",
    re.DOTALL,
)
# What an ALTER TABLE changes about stored rows only: a Distributed table has none of these.
_OF_STORAGE = {"INDEX", "PROJECTION", "TTL", "SETTING", "CONSTRAINT", "PARTITION", "ORDER", "DELETE", "UPDATE"}
_VERBS = {"ADD", "DROP", "MODIFY", "COMMENT", "RENAME", "CLEAR", "MATERIALIZE", "RESET", "DELETE", "UPDATE"}
_SAFE = re.compile(r"[A-Za-z_]\w*")
# Types whose values never say which row it is: when, or how much.
_NOT_FOR_SHARDS = re.compile(r"(Nullable\()?(Date|DateTime|Decimal|Float)")


class DdlError(ValueError):
    """A statement that cannot be rendered for a cluster; the message is one line and says why."""


@dataclass(frozen=True)
class Place:
    """Where statements run.

    `database` is the canonical database, `facade_prefix` goes before the names of the facades' databases, and `cluster`
    is the cluster's name (`{cluster}` for ClickHouse's macro) or None. `sharded` maps the name of each table that has a
    `_local` half to its sharding key: see `sharded_tables`.
    """

    database: str
    facade_prefix: str = ""
    cluster: str | None = None
    sharded: Mapping[str, str] = field(default_factory=dict)


class _Token(NamedTuple):
    kind: str
    text: str
    start: int
    depth: int

    @property
    def upper(self) -> str:
        return self.text.upper() if self.kind == "word" else self.text

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def render(statement: str, place: Place) -> list[str]:
    """The statements to run instead of this one, in order. Without prefix and cluster: the statement itself.

    Raises:
        DdlError: on a cluster, a kind of statement that is not known here.
    """
    statement = _prefixed(statement, place.facade_prefix)
    return [statement] if place.cluster is None else _clustered(statement, place)


def sharded_tables(statements: Iterable[str]) -> dict[str, str]:
    """Name and sharding key of each table that a cluster splits: every `...MergeTree` table of these statements."""
    found = {}
    for statement in statements:
        tokens = _tokens(statement)
        if _kind(tokens) == "CREATE TABLE" and _engine(tokens).text.endswith("MergeTree"):
            found[_name(tokens).text] = _sharding_key(tokens)
    return found


class _Name(NamedTuple):
    text: str
    start: int
    end: int


def _tokens(statement: str) -> list[_Token]:
    tokens, depth = [], 0
    for match in _TOKEN.finditer(statement):
        kind, text = str(match.lastgroup), match.group()
        if text == ")":
            depth -= 1
        if kind not in ("blank", "comment"):
            tokens.append(_Token(kind, text, match.start(), depth))
        if text == "(":
            depth += 1
    return tokens


def _edited(statement: str, edits: Iterable[tuple[int, int, str]]) -> str:
    for start, end, text in sorted(edits, reverse=True):
        statement = statement[:start] + text + statement[end:]
    return statement


def _prefixed(statement: str, prefix: str) -> str:
    if not prefix:
        return statement
    tokens = _tokens(statement)
    edits = []
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        is_database = (following is not None and following.text == ".") or _kind(tokens) == "CREATE DATABASE"
        if token.kind == "word" and token.text in FACADE_DATABASES and is_database:
            name = prefix + token.text
            edits.append((token.start, token.end, name if _SAFE.fullmatch(name) else f"`{name}`"))
    return _edited(statement, edits)


_KINDS = {
    "CREATE DATABASE": ("CREATE", "DATABASE"),
    "CREATE TABLE": ("CREATE", "TABLE"),
    "CREATE MATERIALIZED VIEW": ("CREATE", "MATERIALIZED", "VIEW"),
    "CREATE VIEW": ("CREATE", "OR", "REPLACE", "VIEW"),
    "ALTER TABLE": ("ALTER", "TABLE"),
    "SELECT": ("SELECT",),
    "INSERT": ("INSERT",),
}


def _kind(tokens: list[_Token]) -> str:
    words = tuple(token.upper for token in tokens[:4])
    return next((kind for kind, start in _KINDS.items() if words[: len(start)] == start), " ".join(words))


def _name(tokens: list[_Token]) -> _Name:
    at = len(_KINDS[_kind(tokens)])
    if [token.upper for token in tokens[at : at + 3]] == ["IF", "NOT", "EXISTS"]:
        at += 3
    return _qualified(tokens, at)


def _qualified(tokens: list[_Token], at: int) -> _Name:
    last = at + 2 if at + 1 < len(tokens) and tokens[at + 1].text == "." else at
    parts = [token.text.strip('`"') for token in tokens[at : last + 1 : 2]]
    return _Name(".".join(parts), tokens[at].start, tokens[last].end)


def _clustered(statement: str, place: Place) -> list[str]:
    tokens = _tokens(statement)
    kind = _kind(tokens)
    if kind in ("SELECT", "INSERT"):
        return [statement]
    if kind not in _KINDS:
        raise DdlError(f"{statement.split(maxsplit=3)[:3]} is not known on a cluster: teach lib/clickhouse_ddl.py")
    name = _name(tokens)
    on_cluster = (name.end, name.end, f" ON CLUSTER '{place.cluster}'")
    match kind:
        case "CREATE TABLE" if name.text in place.sharded:
            return _sharded_table(statement, tokens, place)
        case "CREATE MATERIALIZED VIEW" if any(token.upper == "REFRESH" and token.depth == 0 for token in tokens):
            return [_edited(statement, [on_cluster, *_global_joins(tokens)])]
        case "CREATE MATERIALIZED VIEW":
            return [_edited(statement, [on_cluster, *_local_ends(tokens, place)])]
        case "CREATE VIEW":
            return [_edited(statement, [on_cluster, *_global_joins(tokens)])]
        case "ALTER TABLE" if name.text in place.sharded:
            return _altered(statement, tokens, name, place)
        case _:
            return [_edited(statement, [on_cluster])]


def _sharded_table(statement: str, tokens: list[_Token], place: Place) -> list[str]:
    name, engine = _name(tokens), _engine(tokens)
    after = tokens[tokens.index(engine) + 1]
    path = "'/clickhouse/tables/{uuid}/{shard}', '{replica}'"
    if after.text == "(":
        arguments = (after.end, after.end, path + ("" if tokens[tokens.index(after) + 1].text == ")" else ", "))
    else:
        arguments = (engine.end, engine.end, f"({path})")
    local = _edited(
        statement,
        [
            (name.end, name.end, f"{LOCAL} ON CLUSTER '{place.cluster}'"),
            (engine.start, engine.start, "Replicated"),
            arguments,
        ],
    )
    database, _, table = name.text.rpartition(".")
    comment = tokens[-2:] if tokens[-2].upper == "COMMENT" and tokens[-2].depth == 0 else []
    above = (
        f"CREATE TABLE IF NOT EXISTS {name.text} ON CLUSTER '{place.cluster}' AS {name.text}{LOCAL}\n"
        f"ENGINE = Distributed('{place.cluster}', '{database or place.database}', '{table}{LOCAL}',"
        f" {place.sharded[name.text]})"
    )
    return [local, above + (f"\nCOMMENT {comment[1].text}" if comment else "")]


def _altered(statement: str, tokens: list[_Token], name: _Name, place: Place) -> list[str]:
    """The stored half gets every command, the Distributed one those about columns: it has nothing else."""
    commands: list[list[_Token]] = []
    for before, token in pairwise(tokens):
        if token.start < name.end:
            continue
        if before.end == name.end or (before.text == "," and before.depth == 0 and token.upper in _VERBS):
            commands.append([])
        commands[-1].append(token)
    columns = [
        statement[command[0].start : command[-1].end].rstrip(", \n")
        for command in commands
        if not any(token.depth == 0 and token.upper in _OF_STORAGE for token in command)
    ]
    local = _edited(statement, [(name.end, name.end, f"{LOCAL} ON CLUSTER '{place.cluster}'")])
    above = f"{statement[: name.end]} ON CLUSTER '{place.cluster}'\n    " + ",\n    ".join(columns)
    return [local, above] if columns else [local]


def _local_ends(tokens: list[_Token], place: Place) -> list[tuple[int, int, str]]:
    """Edits that make a materialized view over a sharded table read and write this shard only."""
    ends = [
        _qualified(tokens, index + 1)
        for index, token in enumerate(tokens)
        if token.depth == 0 and token.kind == "word" and token.upper in ("TO", "FROM")
    ]
    if len(ends) != 2:
        raise DdlError("a materialized view has one TO and one FROM here: put anything else into a view")
    target, source = ends
    if source.text not in place.sharded:
        return []
    if place.sharded.get(target.text) != place.sharded[source.text]:
        raise DdlError(
            f"{target.text} and {source.text} are sharded by different columns, so rows of one shard belong on another:"
            " give both the same identity without times"
        )
    return [(end.end, end.end, LOCAL) for end in ends]


def _global_joins(tokens: list[_Token]) -> list[tuple[int, int, str]]:
    """GLOBAL before each join and each IN over a subquery: their right side is a Distributed table, too."""
    edits = []
    for before, token, after in zip([None, *tokens], tokens, [*tokens[1:], None], strict=False):
        if token.kind != "word":
            continue
        if token.upper in ("INNER", "LEFT", "ANTI", "ASOF") and after is not None and after.upper in ("JOIN", "OUTER"):
            edits.append((token.start, token.start, "GLOBAL "))
        elif token.upper == "IN" and after is not None and after.text == "(":
            inside = tokens[tokens.index(after) + 1]
            start = before if before is not None and before.upper == "NOT" else token
            if inside.upper in ("SELECT", "WITH"):
                edits.append((start.start, start.start, "GLOBAL "))
    return edits


def _engine(tokens: list[_Token]) -> _Token:
    for index, token in enumerate(tokens):
        if token.depth == 0 and token.upper == "ENGINE" and tokens[index + 1].text == "=":
            return tokens[index + 2]
    raise DdlError(f"{_name(tokens).text} names no engine: write ENGINE = ...")


def _sharding_key(tokens: list[_Token]) -> str:
    types = _column_types(tokens)
    columns = [name for name in _order_by(tokens) if not _NOT_FOR_SHARDS.match(types[name])]
    return f"cityHash64({', '.join(columns or _order_by(tokens))})"


def _order_by(tokens: list[_Token]) -> list[str]:
    for index, token in enumerate(tokens):
        if token.depth == 0 and token.upper == "ORDER" and tokens[index + 1].upper == "BY":
            following = tokens[index + 2 :]
            if following[0].text != "(":
                return [following[0].text]
            inside = following[1 : next(i for i, t in enumerate(following) if t.text == ")" and t.depth == 0)]
            return [token.text for token in inside if token.kind == "word"]
    raise DdlError(f"{_name(tokens).text} has no ORDER BY: its identity is not known")


def _column_types(tokens: list[_Token]) -> dict[str, str]:
    first = next(index for index, token in enumerate(tokens) if token.text == "(")
    types, starts_column = {}, True
    for index, token in enumerate(tokens[first + 1 :], first + 1):
        if token.text == ")" and token.depth == 0:
            break
        if starts_column and token.depth == 1 and token.upper != "INDEX":
            types[token.text] = "".join(part.text for part in tokens[index + 1 : index + 4])
        starts_column = token.text == "," and token.depth == 1
    return types
