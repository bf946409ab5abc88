"""What an HTTP request asks for, apart from its body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from dagster_project.stack.gateway.compression import choose_encoding
from dagster_project.stack.gateway.errors import BAD_ARGUMENTS, INVALID_SESSION_TIMEOUT, own_error

DEFAULT_SESSION_TIMEOUT = 60
MAX_SESSION_TIMEOUT = 3600
BUFFER = 1 << 20

# Parameters of HTTPHandler itself; every other one is a setting.
_RESERVED = frozenset(
    (
        *("query", "database", "default_format", "user", "password", "quota_key", "query_id", "stacktrace", "role"),
        *("session_id", "session_timeout", "session_check", "close_session", "buffer_size", "wait_end_of_query"),
        *("compress", "decompress", "client_protocol_version"),
    )
)


@dataclass
class Request:
    """One query request; `settings` and `parameters` map names to raw values."""

    method: str
    query: bytes = b""
    settings: dict[str, bytes] = field(default_factory=dict)
    parameters: dict[str, bytes] = field(default_factory=dict)
    external: dict[str, bytes] = field(default_factory=dict)
    database: bytes = b""
    default_format: str = "TabSeparated"
    query_id: str = ""
    session_id: str = ""
    session_timeout: int = DEFAULT_SESSION_TIMEOUT
    session_check: bool = False
    close_session: bool = False
    buffer_size: int = BUFFER
    wait_end_of_query: bool = False
    compress: bool = False
    decompress: bool = False
    response_encoding: str | None = None
    compression_level: int = 3
    request_encoding: str = ""
    boundary: bytes | None = None

    @property
    def is_readonly(self) -> bool:
        """GET and HEAD must not change anything."""
        return self.method in ("GET", "HEAD")

    def add_parameter(self, name: str, value: bytes) -> None:
        """Remember `param_NAME`; the first one wins."""
        self.parameters.setdefault(name, value)


def url_params(query_string: bytes) -> list[tuple[str, bytes]]:
    """The URL's parameters in order; values as raw bytes."""
    pairs = parse_qsl(query_string.decode("latin-1"), keep_blank_values=True, encoding="latin-1")
    return [(name, value.encode("latin-1")) for name, value in pairs]


def read_request(method: str, params: list[tuple[str, bytes]], headers: Mapping[bytes, bytes]) -> Request:
    """The request in URL and headers.

    Raises:
        EngineError: a parameter has no sensible value.
    """
    first = dict(reversed(params))
    request = Request(method, query=first.get("query", b""))
    request.boundary = _boundary(headers.get(b"content-type", b""))
    for name, value in params:
        if not name or name in _RESERVED:
            continue
        if name.startswith("param_"):
            request.add_parameter(name[6:], value)
        elif request.boundary is not None and name.endswith(("_format", "_types", "_structure")):
            request.external[name] = value
        else:
            request.settings[name] = value
    request.database = headers.get(b"x-clickhouse-database", b"") or first.get("database", b"")
    default_format = headers.get(b"x-clickhouse-format", b"") or first.get("default_format", b"")
    request.default_format = default_format.decode("latin-1") or "TabSeparated"
    request.query_id = (first.get("query_id") or headers.get(b"x-clickhouse-query-id", b"")).decode(errors="replace")
    request.session_id = first.get("session_id", b"").decode("latin-1")
    request.session_timeout = _session_timeout(first.get("session_timeout"))
    request.session_check = _flag(first, "session_check")
    request.close_session = _flag(first, "close_session")
    request.buffer_size = max(BUFFER, _number(first, "buffer_size", 0))
    request.wait_end_of_query = _flag(first, "wait_end_of_query") or _flag(first, "http_wait_end_of_query")
    request.compress = _flag(first, "compress")
    request.decompress = _flag(first, "decompress")
    request.request_encoding = headers.get(b"content-encoding", b"").decode("latin-1")
    if first.get("enable_http_compression", b"1") not in (b"0", b"false"):
        request.response_encoding = choose_encoding(headers.get(b"accept-encoding", b"").decode("latin-1"))
    request.compression_level = _number(first, "http_zlib_compression_level", 3)
    return request


def _boundary(content_type: bytes) -> bytes | None:
    if not content_type.lower().startswith(b"multipart/form-data"):
        return None
    from python_multipart.multipart import parse_options_header

    return parse_options_header(content_type)[1].get(b"boundary", b"")


def _session_timeout(value: bytes | None) -> int:
    if value is None:
        return DEFAULT_SESSION_TIMEOUT
    text = value.decode("latin-1")
    if not text.isdigit():
        raise own_error(INVALID_SESSION_TIMEOUT, f"Invalid session timeout: '{text}'")
    if int(text) > MAX_SESSION_TIMEOUT:
        raise own_error(
            INVALID_SESSION_TIMEOUT,
            f"Session timeout '{text}' is larger than max_session_timeout: {MAX_SESSION_TIMEOUT}.",
        )
    return int(text)


def _flag(params: Mapping[str, bytes], name: str) -> bool:
    return params.get(name, b"0").lower() in (b"1", b"true")


def _number(params: Mapping[str, bytes], name: str, default: int) -> int:
    value = params.get(name)
    if value is None:
        return default
    try:
        return int(value)
    except ValueError:
        raise own_error(
            BAD_ARGUMENTS, f"Cannot parse {name} = '{value.decode(errors='replace')}' as a number"
        ) from None
