"""External data: multipart/form-data whose file parts become temporary tables and whose fields are parameters."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from typing import IO, Any

from python_multipart.multipart import MultipartParser, parse_options_header

from dagster_project.stack.gateway.body import Body
from dagster_project.stack.gateway.errors import BAD_ARGUMENTS, own_error
from dagster_project.stack.gateway.literals import identifier
from dagster_project.stack.gateway.request import Request

SPOOL = 16 << 20


def _spool() -> IO[bytes]:
    return tempfile.SpooledTemporaryFile(max_size=SPOOL)  # type: ignore[return-value]


@dataclass
class Part:
    """One part of the form; a file part is spooled, beyond SPOOL bytes to disk."""

    headers: dict[bytes, bytes] = field(default_factory=dict)
    content: IO[bytes] = field(default_factory=_spool)

    def option(self, name: bytes) -> str | None:
        """A field of Content-Disposition."""
        value = parse_options_header(self.headers.get(b"content-disposition", b""))[1].get(name)
        return None if value is None else value.decode("latin-1")

    def value(self) -> bytes:
        """The whole content."""
        self.content.seek(0)
        return self.content.read()


class Form:
    """Reads the parts as they arrive."""

    def __init__(self, boundary: bytes) -> None:
        self.parts: list[Part] = []
        self._name = b""
        self._value = b""
        self._parser = MultipartParser(
            boundary,
            {  # type: ignore[arg-type]
                "on_part_begin": lambda: self.parts.append(Part()),
                "on_header_field": self._field,
                "on_header_value": self._header_value,
                "on_header_end": self._header_end,
                "on_part_data": lambda data, start, end: self.parts[-1].content.write(data[start:end]),
            },
        )

    def feed(self, data: bytes) -> None:
        """Parse one chunk."""
        self._parser.write(data)

    def _field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        self.parts[-1].headers[self._name.lower()] = self._value
        self._name = self._value = b""


def read_form(body: Body, request: Request) -> list[Part]:
    """Take fields into the request, give back the file parts."""
    form = Form(request.boundary or b"")
    try:
        while data := body.read():
            form.feed(data)
    except ValueError as error:
        raise own_error(BAD_ARGUMENTS, f"Cannot parse the multipart/form-data body: {error}") from error
    files = []
    for part in form.parts:
        name = part.option(b"name") or ""
        if part.option(b"filename") is not None:
            files.append(part)
        elif name == "query":
            request.query += part.value()
        elif name.startswith("param_"):
            request.add_parameter(name[6:], part.value())
        else:
            request.external[name] = part.value()
    return files


def create_tables(connection: Any, files: list[Part], request: Request) -> list[bytes]:
    """Temporary tables from file parts; their names.

    Raises:
        EngineError: a table without structure. RuntimeError: the engine refuses one.
    """
    names = []
    for part in files:
        name = part.option(b"name") or "_data"
        structure = request.external.get(f"{name}_structure")
        types = request.external.get(f"{name}_types")
        if structure is None and types is None:
            raise own_error(
                BAD_ARGUMENTS, f"Neither structure nor types have not been provided for external table {name}."
            )
        columns = structure if structure is not None else _numbered(types or b"")
        table = identifier(name.encode("latin-1"))
        form = request.external.get(f"{name}_format", b"TabSeparated").decode("latin-1")
        connection.query(b"CREATE TEMPORARY TABLE " + table + b" (" + columns + b")", "TSV")
        names.append(table)
        insert = connection.send_insert(b"INSERT INTO " + table, form)
        part.content.seek(0)
        try:
            while data := part.content.read(1 << 20):
                connection.insert_append(insert, data)
        except BaseException:
            connection.insert_cancel(insert)
            raise
        connection.insert_done(insert)
        part.content.close()
    return names


def _numbered(types: bytes) -> bytes:
    """`Int32,Tuple(a, b)` as `_1 Int32, _2 Tuple(a, b)`."""
    columns, depth, start = [], 0, 0
    for at, character in enumerate(types + b","):
        if character == ord("("):
            depth += 1
        elif character == ord(")"):
            depth -= 1
        elif character == ord(",") and depth == 0:
            columns.append(b"_%d %b" % (len(columns) + 1, types[start:at].strip()))
            start = at + 1
    return b", ".join(columns)
