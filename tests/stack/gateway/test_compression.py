"""Content encodings and ClickHouse's own blocks, both ways."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib

import brotli
import lz4.frame
import pytest
import zstandard

from tests.stack.gateway.conftest import Http

PACK = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "zstd": zstandard.compress,
    "br": lambda data: brotli.compress(data, quality=3),
    "lz4": lz4.frame.compress,
    "xz": lambda data: lzma.compress(data, preset=1),
    "bz2": bz2.compress,
}
UNPACK = {
    "gzip": gzip.decompress,
    "deflate": zlib.decompress,
    "zstd": lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data),
    "br": brotli.decompress,
    "lz4": lz4.frame.decompress,
    "xz": lzma.decompress,
    "bz2": bz2.decompress,
}
ROWS = b"".join(b"%d,value %d\n" % (n, n) for n in range(100_000))


@pytest.mark.parametrize("name", PACK)
def test_both_ways(http: Http, table: str, name: str) -> None:
    sent = http.post(f"INSERT INTO {table} FORMAT CSV", body=PACK[name](ROWS), headers={"Content-Encoding": name})
    assert sent.status_code == 200, sent.text
    for sql in (
        f"SELECT * FROM {table} ORDER BY n FORMAT CSV",
        f"SELECT * FROM {table} ORDER BY n LIMIT 3 FORMAT JSON",
    ):
        plain = http.client.post("/", content=sql, headers={"Accept-Encoding": "identity"})
        with http.client.stream("POST", "/", content=sql, headers={"Accept-Encoding": name}) as answer:
            raw = b"".join(answer.iter_raw())
        assert "Content-Encoding" not in plain.headers
        assert answer.headers["Content-Encoding"] == name
        if "CSV" in sql:
            assert UNPACK[name](raw) == plain.content
        else:
            assert b'"rows": 3' in UNPACK[name](raw)


def test_order_of_preference_and_switch(http: Http) -> None:
    every = {"Accept-Encoding": "gzip, deflate, lz4, br, zstd"}
    with http.client.stream("POST", "/", content="SELECT 1", headers=every) as answer:
        assert answer.headers["Content-Encoding"] == "zstd"
    off = http.post("SELECT 1", headers=every, enable_http_compression=0)
    assert "Content-Encoding" not in off.headers


def test_members_one_after_the_other(http: Http, table: str) -> None:
    for name in ("gzip", "zstd", "lz4", "bz2", "xz"):
        body = PACK[name](b"1,a\n") + PACK[name](b"2,b\n")
        answer = http.post(f"INSERT INTO {table} FORMAT CSV", body=body, headers={"Content-Encoding": name})
        assert answer.status_code == 200, (name, answer.text)
    assert http.text(f"SELECT count() FROM {table}") == "10"


@pytest.mark.parametrize("name", PACK)
def test_damaged_or_short_bodies_land_nothing(http: Http, table: str, name: str) -> None:
    for body in (PACK[name](ROWS)[:-20], b"this is not compressed"):
        answer = http.post(f"INSERT INTO {table} FORMAT CSV", body=body, headers={"Content-Encoding": name})
        assert answer.headers["X-ClickHouse-Exception-Code"] == "271", answer.text
    assert http.text(f"SELECT count() FROM {table}") == "0"


def test_unknown_encoding(http: Http) -> None:
    answer = http.post("SELECT", body=b"1", headers={"Content-Encoding": "snappy"})
    assert (answer.status_code, answer.headers["X-ClickHouse-Exception-Code"]) == (501, "48")


def test_own_blocks(http: Http, table: str) -> None:
    """What clickhouse-driver's own reader and writer of these blocks make of ours, and we of theirs."""
    from dagster_project.stack.gateway.blocks import BlockDecoder, BlockEncoder

    encoder = BlockEncoder()
    body = encoder.encode(ROWS) + encoder.finish()
    assert http.post(f"INSERT INTO {table} FORMAT CSV", body=body, decompress=1).status_code == 200
    answer = http.post(f"SELECT * FROM {table} ORDER BY n FORMAT CSV", compress=1, enable_http_compression=0)
    decoder = BlockDecoder()
    back = decoder.decode(answer.content) + decoder.finish()
    assert back.replace(b'"', b"") == ROWS
    broken = bytearray(body)
    broken[100] ^= 1
    refused = http.post(f"INSERT INTO {table} FORMAT CSV", body=bytes(broken), decompress=1)
    assert refused.headers["X-ClickHouse-Exception-Code"] == "271"


def test_own_blocks_agree_with_clickhouse_driver() -> None:
    import io

    from clickhouse_cityhash.cityhash import CityHash128
    from clickhouse_driver.compression.lz4 import Compressor
    from clickhouse_driver.writer import write_binary_uint128

    from dagster_project.stack.gateway.blocks import BlockDecoder, BlockEncoder

    def checksum(data: bytes) -> bytes:
        out = io.BytesIO()
        write_binary_uint128(CityHash128(data), out)
        return out.getvalue()

    encoder = BlockEncoder()
    block = encoder.encode(b"candles" * 100) + encoder.finish()
    assert block[:16] == checksum(block[16:])
    compressor = Compressor()
    compressor.write(b"trades" * 100)
    body = bytes([compressor.method_byte]) + compressor.get_compressed_data(1)
    assert BlockDecoder().decode(checksum(body) + body) == b"trades" * 100
