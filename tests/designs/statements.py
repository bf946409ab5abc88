"""Every SQL statement that the five design documents print, read from the documents themselves."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

DESIGNS = ("hybrid", "quantbot", "learning", "nof0", "tradingagents")
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ `(\w+)`", re.MULTILINE)
_BACKTICKS = re.compile(r"`([^`]+)`")
_SQL = re.compile(r"\s*(?:--[^\n]*\n\s*)*(CREATE|SELECT|INSERT|UPDATE|DELETE|REFRESH|ALTER|DROP|WITH)\b", re.IGNORECASE)
_COLUMN_LIST = re.compile(r"\s*\w+ (?:TEXT|BIGSERIAL)\b")


@dataclass(frozen=True)
class Statement:
    """One printed statement: where it stands and its text without the closing semicolon.

    `table` is set for nof0's column lists, which are printed without their CREATE TABLE.
    """

    design: str
    line: int
    text: str
    table: str | None = None

    @property
    def kind(self) -> str:
        """table, view, index, query, write or other."""
        text = re.sub(r"--[^\n]*", "", self.text).strip().upper()
        if self.table or text.startswith("CREATE TABLE"):
            return "table"
        if text.startswith("CREATE MATERIALIZED VIEW"):
            return "view"
        if text.startswith(("CREATE INDEX", "CREATE UNIQUE INDEX")):
            return "index"
        if text.startswith("SELECT"):
            return "query"
        return "write" if text.startswith(("INSERT", "DELETE", "UPDATE")) else "other"

    @property
    def name(self) -> str:
        """Name of the table or view that it defines."""
        made = re.search(r"CREATE (?:TABLE|MATERIALIZED VIEW) (\w+)", self.text)
        return self.table or (made.group(1) if made else "")

    @property
    def summary(self) -> str:
        """First words on one line, for test ids and messages."""
        words = re.sub(r"--[^\n]*", "", self.text).split()
        return " ".join(words)[:60]

    def __str__(self) -> str:
        return f"{self.design}.md:{self.line} {self.table or self.summary}"


def read(folder: Path, design: str) -> list[Statement]:
    """All statements of one document, in the order of printing.

    Fenced blocks of SQL are split at semicolons; strings between backticks in other languages and inline code count
    when they start with an SQL verb. Text with an ellipsis is prose and not a statement.
    """
    document = (folder / f"{design}.md").read_text()
    found: list[Statement] = []
    prose = document
    for block in _FENCE.finditer(document):
        language, body = block.group(1), block.group(2)
        prose = prose.replace(block.group(0), "\n" * block.group(0).count("\n"), 1)
        first = document.count("\n", 0, block.start()) + 2
        if language == "sql":
            found += _from_sql(design, body, first, _heading_above(document, block.start()))
        else:
            found += _from_strings(design, body, first)
    found += _from_strings(design, prose, 1)
    return sorted((s for s in found if "..." not in s.text), key=lambda s: s.line)


def _heading_above(document: str, position: int) -> str | None:
    headings = [match for match in _HEADING.finditer(document) if match.end() < position]
    return headings[-1].group(1) if headings else None


def _from_sql(design: str, body: str, first: int, heading: str | None) -> list[Statement]:
    if heading and _COLUMN_LIST.match(body):
        return [Statement(design, first, body.strip(), heading)]
    found, start = [], 0
    bare = re.sub(r"--[^\n]*", lambda comment: " " * len(comment.group(0)), body)
    for end in [m.start() for m in re.finditer(";", bare)] + [len(body)]:
        text = body[start:end]
        stripped = text.strip()
        if stripped:
            line = first + body.count("\n", 0, start + len(text) - len(text.lstrip()))
            found.append(Statement(design, line, stripped))
        start = end + 1
    return found


def _from_strings(design: str, body: str, first: int) -> list[Statement]:
    return [
        Statement(design, first + body.count("\n", 0, match.start()), match.group(1).strip().rstrip(";"))
        for match in _BACKTICKS.finditer(body)
        if _SQL.match(match.group(1)) and len(match.group(1).split()) > 1
    ]
