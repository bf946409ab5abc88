"""Writing one Parquet file with proof, and reading one back.

ClickHouse writes the file itself (FORMAT Parquet over HTTP), which passes through this process in blocks of 1 MiB into
the store. Measured against pyarrow: docs/cold.md.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

from dagster_project.lib.archive.crash_points import reach
from dagster_project.lib.archive.side import Side
from dagster_project.lib.cold.errors import Damaged, NotProven, readable
from dagster_project.lib.cold.figures import difference, figures
from dagster_project.lib.cold.ledger import ColdFile
from dagster_project.lib.cold.store import BLOCK, Store, Written, checksum
from dagster_project.lib.cold.table import Table

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

_MAGIC = b"PAR1"
_PARQUET = {
    "output_format_parquet_compression_method": "zstd",
    # What a reader takes at once, and the grain of the statistics that let it skip.
    "output_format_parquet_row_group_size": 131_072,
    "output_format_parquet_row_group_size_bytes": 64 << 20,
    "output_format_parquet_parallel_encoding": 0,
    "max_bytes_before_external_sort": 512 << 20,
}


def name_of(table: Table, month: int, generation: int) -> str:
    """A path that no other file has or had."""
    return f"{table.name}/{month}-{generation:04d}-{secrets.token_hex(4)}.parquet"


def write(
    client: Client, store: Store, table: Table, path: str, select: str, parameters: dict[str, Any] | None = None
) -> Written:
    """Writes what a SELECT yields, sorted by the table's key.

    Raises:
        StoreError: the store refuses.
        NotProven: ClickHouse ended before the file did.
    """
    query = f"SELECT {table.names} FROM ({select}) ORDER BY {table.identity[1:-1]} FORMAT Parquet"
    return store.write(path, _blocks(client, query, parameters))


def _blocks(client: Client, query: str, parameters: dict[str, Any] | None) -> Iterator[bytes]:
    last = b""
    with readable():
        stream: Any = client.raw_stream(query, parameters=parameters, settings=_PARQUET)
    with closing(stream):
        while block := stream.read(BLOCK):
            reach("cold_mid_write")
            last = (last + block)[-len(_MAGIC) :]
            yield block
    if last != _MAGIC:
        raise NotProven("ClickHouse ended the Parquet file early: see its system.query_log")


def proven(client: Client, store: Store, table: Table, path: str, written: Written, seconds: dict[str, float]) -> Side:
    """The figures of a new file, read from the store by ClickHouse, after its bytes were found to be those sent.

    Raises:
        NotProven: the store holds other bytes.
        StoreError: the store does not answer.
    """
    start = time.perf_counter()
    if checksum(store, path) != written:
        raise NotProven(f"{path}: the store does not hold the bytes that were sent")
    seconds["checksum"] = time.perf_counter() - start
    start = time.perf_counter()
    side = figures(client, table, store.table_function([path], table.structure))
    seconds["read_back"] = time.perf_counter() - start
    return side


def check(client: Client, store: Store, table: Table, file: ColdFile) -> None:
    """Compares a file in the store with its manifest: bytes, then rows, hash, sums and times.

    Raises:
        Damaged: they differ, or the file is not there.
        StoreError: the store does not answer.
    """
    intact(store, file)
    own = file.described(table)
    found = figures(client, own, store.table_function([file.path], own.structure))
    if reason := difference("its manifest", file.side, "the file", found):
        raise Damaged(f"{file.path}: {reason}")


def intact(store: Store, file: ColdFile) -> None:
    """Compares the bytes of a file with its manifest. Raises Damaged, StoreError."""
    if file.path not in store.paths(file.path.rpartition("/")[0]):
        raise Damaged(f"{file.path} is missing from the cold store")
    if checksum(store, file.path) != Written(file.bytes, file.sha256):
        raise Damaged(f"{file.path}: its bytes are not those of its manifest")
