"""HTTP content encodings, both ways, as ClickHouse names and prefers them."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable
from typing import Protocol

import brotli
import lz4.frame
import zstandard

from dagster_project.stack.gateway.errors import CANNOT_DECOMPRESS, NOT_IMPLEMENTED, own_error

# Most to least preferred, as in chooseHTTPCompressionMethod; snappy is missing for want of Hadoop's framing in Python.
PREFERENCE = ("zstd", "br", "lz4", "gzip", "deflate", "xz", "bz2")


class Encoder(Protocol):
    """Compresses a stream: `encode` chunks, `flush` when they must not wait, `finish` once."""

    def encode(self, data: bytes) -> bytes: ...
    def flush(self) -> bytes: ...
    def finish(self) -> bytes: ...


class Decoder(Protocol):
    """Decompresses a stream: `decode` chunks, then `finish` once."""

    def decode(self, data: bytes) -> bytes: ...
    def finish(self) -> bytes: ...


def _nothing() -> bytes:
    return b""


class _Encoder:
    def __init__(
        self,
        encode: Callable[[bytes], bytes],
        finish: Callable[[], bytes],
        flush: Callable[[], bytes] = _nothing,
        start: bytes = b"",
    ) -> None:
        self._encode = encode
        self._start = start
        self.finish = finish
        self.flush = flush

    def encode(self, data: bytes) -> bytes:
        start, self._start = self._start, b""
        return start + self._encode(data)


class _Decoder:
    """Decodes concatenated members; a member cut short is an error."""

    def __init__(self, name: str, make: Callable[[], object], call: str = "decompress") -> None:
        self._name = name
        self._make = make
        self._call = call
        self._member = make()
        self._begun = False

    def decode(self, data: bytes) -> bytes:
        parts = []
        try:
            while data:
                self._begun = True
                parts.append(getattr(self._member, self._call)(data))
                if not self._at_end():
                    break
                data = getattr(self._member, "unused_data", b"") or b""
                self._member = self._make()
                self._begun = False
        except (zlib.error, lzma.LZMAError, OSError, EOFError, RuntimeError, ValueError) as error:
            raise own_error(CANNOT_DECOMPRESS, f"Cannot decompress the {self._name} body: {error}") from error
        except (brotli.error, zstandard.ZstdError) as error:
            raise own_error(CANNOT_DECOMPRESS, f"Cannot decompress the {self._name} body: {error}") from error
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def finish(self) -> bytes:
        if self._begun and not self._at_end():
            raise own_error(CANNOT_DECOMPRESS, f"Cannot decompress the {self._name} body: it ends too early")
        return b""

    def _at_end(self) -> bool:
        finished = getattr(self._member, "is_finished", None)
        return bool(finished()) if finished else bool(getattr(self._member, "eof", False))


def choose_encoding(accept: str) -> str | None:
    """The content encoding for an Accept-Encoding header, None for plain."""
    return next((name for name in PREFERENCE if name in accept), None)


def encoder(name: str, level: int) -> Encoder:
    """A compressor for `name` (one of PREFERENCE); `level` as in `http_zlib_compression_level`."""
    match name:
        case "gzip":
            member = zlib.compressobj(level, zlib.DEFLATED, 31)
            return _Encoder(member.compress, member.flush, lambda: member.flush(zlib.Z_SYNC_FLUSH))
        case "deflate":
            member = zlib.compressobj(level, zlib.DEFLATED, 15)
            return _Encoder(member.compress, member.flush, lambda: member.flush(zlib.Z_SYNC_FLUSH))
        case "zstd":
            member = zstandard.ZstdCompressor(level=level).compressobj()
            return _Encoder(member.compress, member.flush, lambda: member.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK))
        case "br":
            member = brotli.Compressor(quality=level)
            return _Encoder(member.process, member.finish, member.flush)
        case "lz4":
            frame = lz4.frame.LZ4FrameCompressor(auto_flush=True)
            return _Encoder(frame.compress, frame.flush, start=frame.begin())
        case "xz":
            member = lzma.LZMACompressor(preset=level)
            return _Encoder(member.compress, member.flush)
        case "bz2":
            member = bz2.BZ2Compressor(max(level, 1))
            return _Encoder(member.compress, member.flush)
    raise own_error(NOT_IMPLEMENTED, f"Unknown compression method '{name}'.")


def decoder(name: str) -> Decoder | None:
    """A decompressor for a Content-Encoding header; None when the body is plain.

    Raises:
        EngineError: NOT_IMPLEMENTED for an encoding that is not offered.
    """
    match name.strip().lower():
        case "" | "identity" | "none":
            return None
        case "gzip" | "gz" | "deflate":
            return _Decoder(name, lambda: zlib.decompressobj(47))
        case "zstd" | "zst":
            return _Decoder(name, lambda: zstandard.ZstdDecompressor().decompressobj())
        case "br" | "brotli":
            return _Decoder(name, brotli.Decompressor, "process")
        case "lz4":
            return _Decoder(name, lz4.frame.LZ4FrameDecompressor)
        case "xz" | "lzma":
            return _Decoder(name, lzma.LZMADecompressor)
        case "bz2":
            return _Decoder(name, bz2.BZ2Decompressor)
    raise own_error(
        NOT_IMPLEMENTED,
        f"Unknown compression method '{name}'. Only 'none', 'gzip', 'deflate', 'br', 'xz', 'zstd', 'lz4', 'bz2'"
        " are supported as compression methods",
    )
