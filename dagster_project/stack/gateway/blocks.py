"""ClickHouse's own compressed blocks (`compress=1`, `decompress=1`): CityHash128, method, sizes, LZ4 or ZSTD data."""

from __future__ import annotations

import struct

import lz4.block
import zstandard
from clickhouse_cityhash.cityhash import CityHash128

from dagster_project.stack.gateway.errors import CANNOT_DECOMPRESS, own_error

LZ4, ZSTD, NONE = 0x82, 0x90, 0x02
_HEADER = struct.Struct("<BII")
_CHECKSUM = 16
_LARGEST = 1 << 30
BLOCK = 1 << 20


def _checksum(data: bytes) -> bytes:
    number = CityHash128(data)
    return struct.pack("<QQ", number >> 64, number & 0xFFFFFFFFFFFFFFFF)


class BlockEncoder:
    """Cuts a stream into LZ4 blocks of at most BLOCK bytes."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def encode(self, data: bytes) -> bytes:
        """Whole blocks of what has been given so far."""
        self._waiting += data
        out = []
        while len(self._waiting) >= BLOCK:
            out.append(self._block(bytes(self._waiting[:BLOCK])))
            del self._waiting[:BLOCK]
        return b"".join(out)

    def flush(self) -> bytes:
        """A shorter block of what waits."""
        waiting, self._waiting = bytes(self._waiting), bytearray()
        return self._block(waiting) if waiting else b""

    finish = flush

    @staticmethod
    def _block(data: bytes) -> bytes:
        packed = lz4.block.compress(data, store_size=False)
        body = _HEADER.pack(LZ4, len(packed) + _HEADER.size, len(data)) + packed
        return _checksum(body) + body


class BlockDecoder:
    """Opens a stream of blocks, checking every checksum."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def decode(self, data: bytes) -> bytes:
        """The content of the blocks that are complete so far."""
        self._waiting += data
        out = []
        while len(self._waiting) >= _CHECKSUM + _HEADER.size:
            method, packed_size, size = _HEADER.unpack_from(self._waiting, _CHECKSUM)
            if not _HEADER.size <= packed_size <= _LARGEST or size > _LARGEST:
                raise own_error(CANNOT_DECOMPRESS, "Too large size of a compressed block, most likely corrupted data")
            if len(self._waiting) < _CHECKSUM + packed_size:
                break
            body = bytes(self._waiting[_CHECKSUM : _CHECKSUM + packed_size])
            if _checksum(body) != self._waiting[:_CHECKSUM]:
                raise own_error(CANNOT_DECOMPRESS, "Checksum doesn't match: corrupted data")
            del self._waiting[: _CHECKSUM + packed_size]
            out.append(self._open(method, body[_HEADER.size :], size))
        return b"".join(out)

    def finish(self) -> bytes:
        """Nothing more; an incomplete block is an error."""
        if self._waiting:
            raise own_error(CANNOT_DECOMPRESS, "The last compressed block ends too early")
        return b""

    @staticmethod
    def _open(method: int, packed: bytes, size: int) -> bytes:
        try:
            match method:
                case 0x82:
                    return lz4.block.decompress(packed, uncompressed_size=size)
                case 0x90:
                    return zstandard.ZstdDecompressor().decompress(packed, max_output_size=size)
                case 0x02:
                    return packed
        except (lz4.block.LZ4BlockError, zstandard.ZstdError, ValueError) as error:
            raise own_error(CANNOT_DECOMPRESS, f"Cannot decompress a block: {error}") from error
        raise own_error(CANNOT_DECOMPRESS, f"Unknown compression method of a block: {method:#x}")
