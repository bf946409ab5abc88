"""Where cold files and dumps are kept: a folder or a prefix of an S3 bucket.

`CANDLEHOUSE_COLD_URL` is a path, `file:///path` or `s3://bucket/prefix?region=...&endpoint=http://host:port`.
Credentials of S3 come from the environment (`AWS_ACCESS_KEY_ID`, ... or the machine's role), here and in ClickHouse, so
they stand in no URL, view or table. A file appears under its name only when it is complete.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

BLOCK = 1 << 20


class StoreError(Exception):
    """The store does not answer, refuses, or lacks a file; the message is one line."""


@dataclass(frozen=True)
class Written:
    """A file as it was written or read: size in bytes and SHA-256 in hexadecimal."""

    bytes: int
    sha256: str


class Store(Protocol):
    """What the archive needs of a store. Paths are relative, with `/`. Every method raises StoreError."""

    def write(self, path: str, blocks: Iterable[bytes]) -> Written:
        """Writes a file. It exists only when all blocks are in it."""
        ...

    def read(self, path: str) -> Iterator[bytes]:
        """The bytes of a file, block by block."""
        ...

    def paths(self, folder: str) -> list[str]:
        """Every file under a folder, unfinished ones among them."""
        ...

    def delete(self, path: str) -> None:
        """Removes a file; one that is not there is no error."""
        ...

    def table_function(self, paths: list[str], structure: str) -> str:
        """SQL by which ClickHouse reads these Parquet files as one table."""
        ...


def open_store(url: str) -> Store:
    """The store of a URL.

    Raises:
        StoreError: the URL is not one that we know, or holds credentials.
    """
    parts = urlsplit(url)
    if parts.scheme in ("", "file") and parts.path.startswith("/"):
        return Folder(Path(unquote(parts.path)))
    if parts.scheme == "s3" and parts.hostname:
        if parts.username or parts.password:
            raise StoreError("CANDLEHOUSE_COLD_URL holds credentials: put them into AWS_ACCESS_KEY_ID and so on")
        options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        if unknown := options.keys() - {"region", "endpoint"}:
            raise StoreError(f"CANDLEHOUSE_COLD_URL: unknown option {min(unknown)}: only region and endpoint")
        return Bucket(parts.hostname, parts.path.strip("/"), options.get("region"), options.get("endpoint"))
    raise StoreError("CANDLEHOUSE_COLD_URL is neither an absolute path nor s3://bucket/prefix: correct it")


def checksum(store: Store, path: str) -> Written:
    """Size and SHA-256 of what the store holds now. Raises StoreError."""
    return _digest(store.read(path), lambda block: None)


def _digest(blocks: Iterable[bytes], use: Any) -> Written:
    digest, size = hashlib.sha256(), 0
    for block in blocks:
        digest.update(block)
        size += len(block)
        use(block)
    return Written(size, digest.hexdigest())


class Folder:
    """A folder of this machine. ClickHouse must see it under the same path."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, path: str, blocks: Iterable[bytes]) -> Written:
        target = self.root / path
        staging = target.with_name(f".{target.name}.tmp")
        with self._told():
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            try:
                with staging.open("wb") as file:
                    written = _digest(blocks, file.write)
                    file.flush()
                    os.fsync(file.fileno())
                staging.replace(target)
                _sync_folder(target.parent)
            finally:
                staging.unlink(missing_ok=True)
        return written

    def read(self, path: str) -> Iterator[bytes]:
        with self._told(), (self.root / path).open("rb") as file:
            while block := file.read(BLOCK):
                yield block

    def paths(self, folder: str) -> list[str]:
        with self._told():
            found = [file for file in (self.root / folder).rglob("*") if file.is_file()]
        return sorted(str(file.relative_to(self.root)) for file in found)

    def delete(self, path: str) -> None:
        with self._told():
            (self.root / path).unlink(missing_ok=True)

    def table_function(self, paths: list[str], structure: str) -> str:
        return f"file({_quoted(_glob(str(self.root), paths))}, Parquet, {_quoted(structure)})"

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreError(f"cold store {self.root}: {error.strerror or error}") from error


class Bucket:
    """A prefix of an S3 bucket, by pyarrow's S3 client."""

    def __init__(self, bucket: str, prefix: str, region: str | None, endpoint: str | None) -> None:
        self.place = "/".join(part for part in (bucket, prefix) if part)
        self._region, self._endpoint = region, endpoint
        self._client: Any = None

    def write(self, path: str, blocks: Iterable[bytes]) -> Written:
        try:
            with self._told(), self._files().open_output_stream(f"{self.place}/{path}") as file:
                return _digest(blocks, file.write)
        except BaseException:
            # Closing the stream completes the upload, whatever made it end.
            with self._told():
                self.delete(path)
            raise

    def read(self, path: str) -> Iterator[bytes]:
        with self._told(), self._files().open_input_stream(f"{self.place}/{path}") as file:
            while block := file.read(BLOCK):
                yield block

    def paths(self, folder: str) -> list[str]:
        from pyarrow.fs import FileSelector, FileType

        with self._told():
            found = self._files().get_file_info(
                FileSelector(f"{self.place}/{folder}", recursive=True, allow_not_found=True)
            )
        return sorted(info.path.removeprefix(f"{self.place}/") for info in found if info.type == FileType.File)

    def delete(self, path: str) -> None:
        with self._told():
            try:
                self._files().delete_file(f"{self.place}/{path}")
            except FileNotFoundError:
                return

    def table_function(self, paths: list[str], structure: str) -> str:
        if self._endpoint:
            base = f"{self._endpoint.rstrip('/')}/{self.place}"
        else:
            bucket, _, prefix = self.place.partition("/")
            base = f"https://{bucket}.s3.{self._region or 'us-east-1'}.amazonaws.com/{prefix}".rstrip("/")
        return f"s3({_quoted(_glob(base, paths))}, Parquet, {_quoted(structure)})"

    def _files(self) -> Any:
        if self._client is None:
            from pyarrow.fs import AwsStandardS3RetryStrategy, S3FileSystem

            scheme, _, host = (self._endpoint or "https://").partition("://")
            self._client = S3FileSystem(
                region=self._region or "us-east-1",
                endpoint_override=host.rstrip("/") or None,
                scheme=scheme,
                connect_timeout=5,
                request_timeout=60,
                retry_strategy=AwsStandardS3RetryStrategy(max_attempts=3),
            )
        return self._client

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = (str(error).strip().splitlines() or ["no reason given"])[0]
            raise StoreError(f"cold store s3://{self.place}: {reason[:300]}") from error


def _glob(base: str, paths: list[str]) -> str:
    return f"{base}/{paths[0]}" if len(paths) == 1 else f"{base}/{{{','.join(paths)}}}"


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
