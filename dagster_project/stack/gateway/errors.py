"""Engine errors and the HTTP statuses that ClickHouse's HTTPHandler gives them."""

from __future__ import annotations

import re

AUTHENTICATION_FAILED = 516
BAD_ARGUMENTS = 36
CANNOT_DECOMPRESS = 271
HTTP_LENGTH_REQUIRED = 381
INTO_OUTFILE_NOT_ALLOWED = 358
INVALID_SESSION_TIMEOUT = 374
LOGICAL_ERROR = 49
NOT_IMPLEMENTED = 48
QUERY_WAS_CANCELLED = 394
QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING = 216
READONLY = 164
SESSION_IS_LOCKED = 373
SESSION_NOT_FOUND = 372
SYNTAX_ERROR = 62
UNKNOWN_FORMAT = 73

NAMES = {
    AUTHENTICATION_FAILED: "AUTHENTICATION_FAILED",
    BAD_ARGUMENTS: "BAD_ARGUMENTS",
    CANNOT_DECOMPRESS: "CANNOT_DECOMPRESS",
    HTTP_LENGTH_REQUIRED: "HTTP_LENGTH_REQUIRED",
    INTO_OUTFILE_NOT_ALLOWED: "INTO_OUTFILE_NOT_ALLOWED",
    INVALID_SESSION_TIMEOUT: "INVALID_SESSION_TIMEOUT",
    LOGICAL_ERROR: "LOGICAL_ERROR",
    NOT_IMPLEMENTED: "NOT_IMPLEMENTED",
    QUERY_WAS_CANCELLED: "QUERY_WAS_CANCELLED",
    QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING: "QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING",
    READONLY: "READONLY",
    SESSION_IS_LOCKED: "SESSION_IS_LOCKED",
    SESSION_NOT_FOUND: "SESSION_NOT_FOUND",
    SYNTAX_ERROR: "SYNTAX_ERROR",
    UNKNOWN_FORMAT: "UNKNOWN_FORMAT",
}

# The groups of exceptionCodeToHTTPStatus.cpp; every other code is 500.
_STATUSES = {
    401: (194,),
    403: (192, 193, 497, 512, 516),
    400: (
        *(6, 8, 15, 25, 26, 27, 36, 37, 38, 41, 44, 53, 62, 72, 117, 123, 167, 168, 223),
        *(321, 376, 427, 441, 675, 676),
    ),
    404: (46, 47, 50, 56, 60, 63, 73, 78, 81, 115, 152, 336, 511),
    408: (159,),
    411: (381,),
    413: (229,),
    415: (779,),
    501: (48,),
    503: (76, 209, 439),
}
_STATUS_OF = {code: status for status, codes in _STATUSES.items() for code in codes}

_CODE = re.compile(r"Code: (\d+)\. DB::Exception: ")


class EngineError(Exception):
    """An exception with a ClickHouse code; `text` is what the client reads, starting with `Code: N. DB::Exception:`."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text

    @property
    def status(self) -> int:
        """The HTTP status for this code."""
        return http_status(self.code)


def http_status(code: int) -> int:
    """The HTTP status that ClickHouse answers for an exception code."""
    return _STATUS_OF.get(code, 500)


def own_error(code: int, message: str) -> EngineError:
    """An error that the gateway finds itself, worded as the engine words its own."""
    return EngineError(code, f"Code: {code}. DB::Exception: {message} ({NAMES[code]})")


def engine_error(error: BaseException) -> EngineError:
    """The EngineError for what chdb raised; text without a code counts as LOGICAL_ERROR."""
    if isinstance(error, EngineError):
        return error
    text = str(error)
    found = _CODE.search(text)
    if found is None:
        return own_error(LOGICAL_ERROR, text or type(error).__name__)
    return EngineError(int(found.group(1)), text[found.start() :].rstrip())
