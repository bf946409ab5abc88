"""Rows as ClickHouse reads them from an external table of a query."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def tsv(rows: Iterable[Sequence[str]]) -> bytes:
    """Lines of TabSeparated."""
    return "".join("\t".join(map(_escaped, row)) + "\n" for row in rows).encode()


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")
