"""One query from its text to its last byte, on a thread of its own."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from dagster_project.stack.gateway.body import Body
from dagster_project.stack.gateway.channels import Aborted
from dagster_project.stack.gateway.engine import ID_SETTING, Engine
from dagster_project.stack.gateway.errors import (
    INTO_OUTFILE_NOT_ALLOWED,
    READONLY,
    SYNTAX_ERROR,
    UNKNOWN_FORMAT,
    engine_error,
    own_error,
)
from dagster_project.stack.gateway.external import create_tables, read_form
from dagster_project.stack.gateway.literals import assignments, identifier, quoted
from dagster_project.stack.gateway.request import Request
from dagster_project.stack.gateway.response import Response
from dagster_project.stack.gateway.sessions import Session, Sessions
from dagster_project.stack.gateway.statement import (
    INSERT_KEYWORDS,
    RESULT_KEYWORDS,
    Insert,
    Result,
    find_insert,
    find_result,
    first_word,
    own_query_ids,
)

# Formats whose blocks can be written one after the other, so that the engine's own stream can be sent as it comes.
# All others have a beginning or an end (JSON, Parquet, WithNames, ...) and go through a pipe that one formatter fills.
CONCATENABLE = frozenset(
    (
        *("native", "rowbinary", "tabseparated", "tsv", "tabseparatedraw", "tsvraw", "raw", "csv", "tskv", "msgpack"),
        *("jsoneachrow", "jsonlines", "ndjson", "jsonl", "jsoncompacteachrow", "jsonstringseachrow"),
        *("jsoncompactstringseachrow", "lineasstring", "rawblob"),
    )
)
# Formats that need to seek: spooled to disk, because chdb would collect them in memory.
SEEKING = frozenset(("parquet", "orc", "arrow"))
PIPE = 1 << 20
F_SETPIPE_SZ = 1031
# Bytes of an INSERT that are looked at for where its data begins; as much as ClickHouse's max_query_size.
HEAD = 1 << 18
# A complete INSERT ... VALUES up to this size goes to the engine as it was written.
WHOLE_VALUES = 1 << 20


class Execution:
    """Runs a request; `marker` names it in system.processes."""

    def __init__(
        self,
        engine: Engine,
        sessions: Sessions,
        marker: str,
        request: Request,
        body: Body,
        response: Response,
        release: Callable[[], object],
    ) -> None:
        self._engine = engine
        self._sessions = sessions
        self._marker = marker
        self._request = request
        self._body = body
        self._response = response
        self._release = release

    def run(self) -> None:
        """Answer the request; errors become the answer.

        Raises:
            Aborted: the client went away.
        """
        with ExitStack() as after:
            failure = None
            try:
                self._run(after)
            except Aborted:
                raise
            except Exception as error:
                failure = self._versioned(engine_error(error))
            # By now the session and the query id are free again: a client may use them once it has read the answer.
            self._release()
            if failure is None:
                self._response.finish()
            else:
                self._response.discard()
                self._response.fail(failure)

    def _versioned(self, error: Any) -> Any:
        suffix = f"(version {self._engine.version} (official build))"
        if "(version " not in error.text[-60:]:
            error.text = f"{error.text} {suffix}"
        return error

    def _run(self, after: ExitStack) -> None:
        request = self._request
        files = read_form(self._body, request) if request.boundary is not None else []
        if not request.session_id:
            connection = self._engine.connect(self._marker)
            # 0.1 ms that the client need not wait for.
            after.callback(connection.close)
            self._prepare(connection)
            create_tables(connection, files, request)
            self._execute(connection, None)
            return
        with self._sessions.acquire(request, self._marker) as session:
            settings = {name: value for name, value in request.settings.items() if name != "readonly"}
            session.apply(settings, request.database)
            tables: list[bytes] = []
            try:
                tables = create_tables(session.connection, files, request)
                self._execute(session.connection, session)
            finally:
                for table in tables:
                    session.connection.query(b"DROP TEMPORARY TABLE IF EXISTS " + table, "TSV")

    def _prepare(self, connection: Any) -> None:
        request = self._request
        settings = dict(request.settings)
        if request.is_readonly and settings.get("readonly", b"0") in (b"0", b""):
            settings.pop("readonly", None)
            settings["readonly"] = b"2"
        elif "readonly" in settings:
            settings["readonly"] = settings.pop("readonly")
        if request.database and request.database != b"default":
            connection.query(b"USE " + identifier(request.database), "TSV")
        if settings:
            connection.query(assignments(settings), "TSV")

    def _execute(self, connection: Any, session: Session | None) -> None:
        text = self._request.query
        body = b""
        if text:
            text += b"\n"
        complete = False
        if first_word(text) in (*INSERT_KEYWORDS, b""):
            body, complete = self._body.at_least(HEAD)
            insert = self._find_insert(self._request.query, body, complete)
            if insert is not None:
                self._body.unread(insert[1])
                self._guard(b"INSERT", session)
                self._insert(connection, insert[0], complete)
                return
        text += body
        if not complete:
            text += self._body.read_all()
        self._statement(connection, session, text)

    def _find_insert(self, query: bytes, body: bytes, complete: bool) -> tuple[Insert, bytes] | None:
        """The INSERT in URL or body, and its data as far as it has arrived."""
        if query:
            insert = find_insert(query, complete=True)
            if insert is not None:
                rest = query[insert.data :]
                if not rest.strip(b"; \t\r\n\f"):
                    return insert, body
                between = b"\n" if body and not rest.endswith(b"\n") else b""
                return insert, rest + between + body
            text = query + b"\n" + body
        else:
            text = body
            if first_word(text) not in INSERT_KEYWORDS:
                return None
        insert = find_insert(text, complete)
        return None if insert is None else (insert, text[insert.data :])

    def _guard(self, word: bytes, session: Session | None, mutating: bool = True) -> None:
        """In a session, readonly cannot be a setting of the connection: it could never be taken back."""
        readonly = self._request.is_readonly or self._request.settings.get("readonly", b"0") not in (b"0", b"")
        if session is not None and readonly and (mutating or word in (b"SYSTEM", b"KILL")):
            raise own_error(READONLY, "Cannot execute query in readonly mode.")

    def _statement(self, connection: Any, session: Session | None, text: bytes) -> None:
        word = first_word(text)
        if not word and not text.strip(b"; \t\r\n\f"):
            raise own_error(SYNTAX_ERROR, "Syntax error: Empty query")
        found = connection.classify_query(text)
        if found["statement_count"] > 1:
            raise own_error(SYNTAX_ERROR, "Syntax error (Multi-statements are not allowed)")
        reads = found["query_class"].name == "READ_ONLY"
        self._guard(word, session, mutating=found["query_class"].name == "MUTATING")
        result = find_result(text)
        if result.files:
            raise own_error(INTO_OUTFILE_NOT_ALLOWED, "INTO OUTFILE and FROM INFILE are not allowed")
        if session is not None and word == b"SET":
            session.before_set()
        if word == b"KILL":
            result = self._kill_by_own_ids(result)
        if not (reads and word in RESULT_KEYWORDS):
            self._direct(connection, result)
        else:
            name = self._output_format(result.format or self._request.default_format)
            if name.lower() in CONCATENABLE and not _has_tail(text, self._request):
                self._stream(connection, result, name)
            else:
                self._pipe(connection, result)
        if session is not None and word in (b"SET", b"USE"):
            session.changed(word)

    def _kill_by_own_ids(self, result: Result) -> Result:
        expression = f"if(Settings['{ID_SETTING}'] != '', Settings['{ID_SETTING}'], query_id)".encode()
        return find_result(own_query_ids(result.text, expression))

    def _output_format(self, name: str) -> str:
        known = self._engine.formats.get(name.lower())
        if known is None or not known.is_output:
            raise own_error(UNKNOWN_FORMAT, f"Unknown format {name}")
        self._response.format = known.name
        self._response.content_type = known.content_type or self._response.content_type
        return known.name

    def _parameters(self) -> dict[str, str]:
        return {name: value.decode(errors="surrogateescape") for name, value in self._request.parameters.items()}

    def _direct(self, connection: Any, result: Result) -> None:
        """Statements with a small result or none: DDL, SHOW, EXPLAIN, INSERT SELECT, SYSTEM, ..."""
        name = result.format or self._request.default_format
        answer = connection.query(result.text, name, params=self._parameters())
        data = answer.bytes()
        if data:
            self._output_format(name)
        self._count(answer)
        summary = self._response.summary
        summary.written_rows, summary.written_bytes = answer.rows_written(), answer.bytes_written()
        self._response.write(data)

    def _stream(self, connection: Any, result: Result, name: str) -> None:
        """The engine's own stream of formatted blocks."""
        # The blocks' own figures can miss what was read while the last one was formatted.
        connection.set_progress_callback(self._progress)
        stream = connection.send_query(result.text, name, params=self._parameters())
        try:
            while True:
                block = connection.streaming_fetch_result(stream)
                if block is None:
                    return
                self._count(block)
                if block.size():
                    self._response.write(block.bytes())
                if block.rows_read() == 0:
                    return
        except Aborted:
            connection.streaming_cancel_query(stream)
            raise
        finally:
            connection.set_progress_callback(None)

    def _progress(self, figures: dict[str, int]) -> None:
        summary = self._response.summary
        summary.read_rows = max(summary.read_rows, figures["read_rows"])
        summary.read_bytes = max(summary.read_bytes, figures["read_bytes"])

    def _pipe(self, connection: Any, result: Result) -> None:
        """One formatter of the engine writes into a pipe, this thread reads it."""
        source, sink = _pipe_ends()
        target = f" INTO OUTFILE '/dev/fd/{sink}' TRUNCATE ".encode()
        text = result.text[: result.clause] + b"\n" + target + result.text[result.clause :]
        if result.format is None:
            text += b" FORMAT " + self._output_format(self._request.default_format).encode()
        outcome: list[Any] = []

        def fill() -> None:
            try:
                outcome.append(connection.query(text, "TSV", params=self._parameters()))
            except BaseException as error:
                outcome.append(error)
            finally:
                os.close(sink)

        filling = threading.Thread(target=fill, name=f"fill-{self._marker}")
        filling.start()
        try:
            while data := os.read(source, PIPE):
                self._response.write(data)
        except Aborted:
            self._engine.kill(self._marker)
            raise
        finally:
            os.close(source)
            filling.join()
        if isinstance(outcome[0], BaseException):
            raise outcome[0]
        self._count(outcome[0])

    def _count(self, block: Any) -> None:
        summary = self._response.summary
        summary.read_rows += block.storage_rows_read()
        summary.read_bytes += block.storage_bytes_read()
        summary.result_rows += block.rows_read()
        summary.result_bytes += block.bytes_read()

    def _insert(self, connection: Any, insert: Insert, complete: bool) -> None:
        if insert.format != "Values":
            known = self._engine.formats.get(insert.format.lower())
            if known is None or not known.is_input:
                raise own_error(UNKNOWN_FORMAT, f"Unknown format {insert.format}")
        if self._request.parameters:
            connection.query(assignments({f"param_{k}": v for k, v in self._request.parameters.items()}), "TSV")
        if insert.input is not None:
            self._insert_from_pipe(connection, insert)
        elif insert.format.lower() in SEEKING:
            self._insert_from_file(connection, insert)
        else:
            self._insert_stream(connection, insert, complete)

    def _insert_stream(self, connection: Any, insert: Insert, complete: bool) -> None:
        """The body through a pipe that the engine reads with FROM INFILE.

        chdb's own send_insert is no way in: its end says how many rows were parsed and drops what storing them raised.
        """
        data = self._body.read() if complete else b""
        if complete and insert.format == "Values" and len(data) <= WHOLE_VALUES:
            self._written(connection.query(insert.head + b"VALUES " + data, "TSV"))
            return
        self._body.unread(data)
        source, sink = _pipe_ends()
        place = f" FROM INFILE '/dev/fd/{source}' COMPRESSION 'none' ".encode()
        text = insert.head[: insert.infile] + place + insert.head[insert.infile :]
        self._from_pipe(connection, text + b" FORMAT " + insert.format.encode(), source, sink)

    def _insert_from_file(self, connection: Any, insert: Insert) -> None:
        """Spooled beside the data, then read by the engine with FROM INFILE."""
        with NamedTemporaryFile(dir=self._engine.spool, prefix="insert-") as spool:
            while data := self._body.read():
                spool.write(data)
            spool.flush()
            place = b" FROM INFILE " + quoted(str(Path(spool.name)).encode()) + b" COMPRESSION 'none' "
            text = insert.head[: insert.infile] + place + insert.head[insert.infile :]
            self._written(connection.query(text + b" FORMAT " + insert.format.encode(), "TSV"))

    def _insert_from_pipe(self, connection: Any, insert: Insert) -> None:
        """INSERT SELECT ... FROM input(structure): the same over file(pipe, format, structure)."""
        assert insert.input is not None
        source, sink = _pipe_ends()
        start, end = insert.input
        after = insert.head[end:].lstrip()[1:]
        place = f"file('/dev/fd/{source}', '{insert.format}', ".encode()
        connection.query("SET storage_file_read_method = 'pread'", "TSV")
        self._from_pipe(connection, insert.head[:start] + place + after, source, sink)

    def _from_pipe(self, connection: Any, text: bytes, source: int, sink: int) -> None:
        """Runs `text`, which reads the pipe at `source`, while a thread writes the body into it. Closes both ends."""
        failure: list[BaseException] = []

        def fill() -> None:
            try:
                while data := self._body.read():
                    view = memoryview(data)
                    while view:
                        view = view[os.write(sink, view) :]
            except BrokenPipeError:
                pass
            except BaseException as error:
                failure.append(error)
                self._engine.kill(self._marker)
            finally:
                os.close(sink)

        filling = threading.Thread(target=fill, name=f"fill-{self._marker}")
        filling.start()
        try:
            answer = connection.query(text, "TSV")
        except BaseException:
            if failure:
                raise failure[0] from None
            raise
        finally:
            os.close(source)
            filling.join()
        if failure:
            raise failure[0]
        self._written(answer)

    def _written(self, answer: Any) -> None:
        summary = self._response.summary
        summary.written_rows, summary.written_bytes = answer.rows_written(), answer.bytes_written()
        summary.read_rows, summary.read_bytes = answer.storage_rows_read(), answer.storage_bytes_read()


def _has_tail(text: bytes, request: Request) -> bool:
    """Whether the result has more than rows: totals, extremes, or JSON rows in one array."""
    upper = text.upper()
    if b"TOTALS" in upper or b"EXTREMES" in upper or b"ARRAY_OF_ROWS" in upper:
        return True
    return "extremes" in request.settings or "output_format_json_array_of_rows" in request.settings


def _pipe_ends() -> tuple[int, int]:
    import fcntl

    source, sink = os.pipe()
    with suppress(OSError):
        fcntl.fcntl(sink, F_SETPIPE_SZ, PIPE)
    return source, sink
