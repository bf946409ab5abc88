"""Connections that queries run on: a fresh one for each request, or the one that a session keeps.

A session's connection holds its temporary tables, its SET and USE. What a request's URL sets is for that request only
and is taken back before the next one, except where the session itself has a value of its own to return to.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from dagster_project.stack.gateway.engine import Engine
from dagster_project.stack.gateway.errors import SESSION_IS_LOCKED, SESSION_NOT_FOUND, own_error
from dagster_project.stack.gateway.literals import assignments, identifier, name_of, quoted
from dagster_project.stack.gateway.request import Request


class Session:
    """A connection that outlives requests.

    What a URL set stays until a request wants it otherwise. Values that the client itself SET are read from the engine
    once: for each of the 13 settings of a dbt connection at every statement they cost 50 ms of CPU a statement.
    """

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.busy = False
        self.expires = 0.0
        self.database = b"default"
        self._active = b"default"
        self._applied: dict[str, bytes] = {}
        self._own: dict[str, bytes] = {}
        self._own_settings = False

    def apply(self, settings: dict[str, bytes], database: bytes) -> None:
        """Take back what earlier requests set, set what this one does."""
        self._restore([name for name in self._applied if name not in settings])
        changed = {name: value for name, value in settings.items() if self._applied.get(name) != value}
        if changed:
            if self._own_settings:
                self._remember([name for name in changed if name not in self._own])
            self.connection.query(assignments(changed), "TSV")
        self._applied = dict(settings)
        wanted = database or self.database
        if wanted != self._active:
            self.connection.query(b"USE " + identifier(wanted), "TSV")
            self._active = wanted

    def before_set(self) -> None:
        """A SET acts on the session's own values, and must not be undone together with what the URL set."""
        self._restore(list(self._applied))
        self._applied = {}

    def changed(self, word: bytes) -> None:
        """The client ran SET or USE in its session."""
        if word == b"SET":
            self._own_settings = True
            self._own = {}
        elif word == b"USE":
            self.database = self._active = self.connection.query(
                "SELECT currentDatabase() FORMAT RawBLOB", "TSV"
            ).bytes()

    def _restore(self, names: list[str]) -> None:
        if not names:
            return
        back = [
            name_of(name) + b" = " + (quoted(self._own[name]) if name in self._own else b"DEFAULT") for name in names
        ]
        self.connection.query(b"SET " + b", ".join(back), "TSV")

    def _remember(self, names: list[str]) -> None:
        """Read the session's own values; hexadecimal, because a value may hold any byte and any format may be set."""
        if not names:
            return
        wanted = b", ".join(quoted(name.encode("latin-1")) for name in names)
        sql = b"SELECT name, '=', hex(value), ' ' FROM system.settings WHERE name IN (" + wanted + b") FORMAT RawBLOB"
        for row in self.connection.query(sql, "TSV").bytes().split():
            name, _, value = row.partition(b"=")
            self._own[name.decode()] = bytes.fromhex(value.decode())


class Sessions:
    """Every open session, by id."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._sessions: dict[str, Session] = {}
        self._lock = threading.Lock()

    @contextmanager
    def acquire(self, request: Request, marker: str) -> Iterator[Session]:
        """The request's session, locked for it.

        Raises:
            EngineError: SESSION_NOT_FOUND, SESSION_IS_LOCKED.
        """
        with self._lock:
            session = self._sessions.get(request.session_id)
            if session is None or (not session.busy and session.expires < time.monotonic()):
                if request.session_check:
                    raise own_error(SESSION_NOT_FOUND, "Session not found.")
                if session is not None:
                    session.connection.close()
                session = self._sessions[request.session_id] = Session(self._engine.connect())
            if session.busy:
                raise own_error(SESSION_IS_LOCKED, f"Session {request.session_id} is locked by a concurrent client.")
            session.busy = True
        try:
            # A session that made itself readonly cannot be marked; its queries cannot be killed by id.
            with suppress(RuntimeError):
                self._engine.mark(session.connection, marker)
            yield session
        finally:
            with self._lock:
                session.busy = False
                session.expires = time.monotonic() + request.session_timeout
                if request.close_session and self._sessions.get(request.session_id) is session:
                    del self._sessions[request.session_id]
                    session.connection.close()

    def sweep(self) -> None:
        """Close sessions whose time is over."""
        now = time.monotonic()
        with self._lock:
            over = [name for name, session in self._sessions.items() if not session.busy and session.expires < now]
            closing = [self._sessions.pop(name) for name in over]
        for session in closing:
            session.connection.close()

    def close(self) -> None:
        """Close every session that is not in use."""
        with self._lock:
            for session in self._sessions.values():
                if not session.busy:
                    session.connection.close()
            self._sessions.clear()
