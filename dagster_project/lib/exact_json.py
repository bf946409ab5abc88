"""JSON without loss: numbers keep every digit that was written; what PostgreSQL's jsonb cannot hold is found first."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

# jsonb keeps numbers of up to 131072 digits before the point; nothing in trading needs a tenth of that.
_WIDEST_NUMBER = 10_000


class NotJson(ValueError):
    """A text is not JSON; the message says where."""


def loads(data: bytes) -> Any:
    """The document with whole numbers as int and all others (NaN and Infinity too) as Decimal.

    Raises:
        NotJson: not UTF-8, not JSON, or nested too deeply.
    """
    try:
        return DECODER.decode(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise NotJson(f"not UTF-8 at byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise NotJson(f"{error.msg} at line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise NotJson("nested too deeply") from None


def dumps(value: Any) -> str:
    """JSON text of a document as `loads` gives it: digits unchanged; NaN, Infinity and times as text."""
    match value:
        case dict():
            return "{" + ", ".join(f"{json.dumps(_storable(str(k)))}: {dumps(v)}" for k, v in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(dumps(item) for item in value) + "]"
        case Decimal():
            return f'"{value}"' if _too_wide(value) else f"{value}"
        case float():
            return json.dumps(value) if value - value == 0 else f'"{value}"'
        case str():
            return json.dumps(_storable(value))
        case datetime() | date():
            return json.dumps(value.isoformat())
        case _:
            return json.dumps(value)


def unstorable(value: Any) -> str | None:
    """Why PostgreSQL cannot keep this document or text as it is, or None."""
    match value:
        case str():
            if "\0" in value:
                return "holds a NUL character"
            return "holds half a surrogate pair" if _storable(value) != value else None
        case Decimal():
            return "is a number out of range" if _too_wide(value) else None
        case dict():
            return next((why for part in value.items() for item in part if (why := unstorable(item))), None)
        case list() | tuple():
            return next((why for item in value if (why := unstorable(item))), None)
        case _:
            return None


def _fraction(text: str) -> Decimal | str:
    """A number beyond even Decimal's exponents stays text, so that its row is refused and not its file."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return text


def _whole(text: str) -> int | Decimal:
    return int(text) if len(text) < 40 else Decimal(text)


DECODER = json.JSONDecoder(parse_float=_fraction, parse_int=_whole, parse_constant=Decimal)
"""Reads numbers as `loads` does."""


def _too_wide(value: Decimal) -> bool:
    wide = abs(value.adjusted()) > _WIDEST_NUMBER or len(value.as_tuple().digits) > _WIDEST_NUMBER
    return wide or not value.is_finite()


def _storable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\u0000")
