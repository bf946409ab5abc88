"""A folder of small arena files that a test may spoil."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.emptied import empty

Folder = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Writes documents by file stem: text as it is, everything else as JSON."""

    def write(**documents: Any) -> Path:
        for stem, document in documents.items():
            text = document if isinstance(document, str) else json.dumps(document)
            (tmp_path / f"{stem.replace('_', '-')}.json").write_text(text)
        return tmp_path

    return write


@pytest.fixture
def connection(warehouse: Any) -> Iterator[psycopg.Connection]:
    """An autocommit connection to a database whose trading tables are empty."""
    with psycopg.connect(warehouse.settings.postgres_url, autocommit=True) as opened:
        empty(opened, "agents", "symbols", "price_latest", "price_ticks", "ops.quarantine")
        yield opened
