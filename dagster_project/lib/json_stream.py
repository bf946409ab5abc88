"""JSON documents element by element, so that a file of any size needs the memory of its largest element.

A document is a list, or an object whose lists are walked through and whose other values are taken whole.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, BinaryIO

from dagster_project.lib.exact_json import DECODER, NotJson

CHUNK = 1 << 18
SPACES = " \t\n\r"
# What the decoder says about text that is cut off; anything else that it says away from the end is a fault of the text.
CUT_OFF = 16


class Mark(Enum):
    """What stands in place of a value."""

    LIST = "a list begins"


@dataclass(frozen=True)
class Item:
    """One value: `key` of the top-level object ("" when the document is a list), `value`, and whether it is an element
    of a list. The value `Mark.LIST` comes once before the elements of each list, also of an empty one."""

    key: str
    value: Any
    listed: bool = False


def items(file: BinaryIO, decoder: json.JSONDecoder = DECODER, chunk: int = CHUNK) -> Iterator[Item]:
    """The values of a document, in order.

    Args:
        decoder: how numbers are read; by default exact, see `exact_json`.
        chunk: bytes to read at a time.

    Raises:
        NotJson: not UTF-8, not JSON, or nested too deeply; values before the fault have been given by then.
    """
    text = _Text(file, decoder, chunk)
    match text.peek():
        case "[":
            yield from _elements(text, "")
        case "{":
            yield from _members(text)
        case _:
            yield Item("", text.value())
    if text.peek():
        raise text.error("Extra data")


def _members(text: _Text) -> Iterator[Item]:
    text.take("{")
    if text.peek() == "}":
        text.take("}")
        return
    while True:
        if text.peek() != '"':
            raise text.error("Expecting property name enclosed in double quotes")
        key = text.value()
        if text.peek() != ":":
            raise text.error("Expecting ':' delimiter")
        text.take(":")
        if text.peek() == "[":
            yield from _elements(text, key)
        else:
            yield Item(key, text.value())
        if text.peek() == "}":
            text.take("}")
            return
        if text.peek() != ",":
            raise text.error("Expecting ',' delimiter")
        text.take(",")


def _elements(text: _Text, key: str) -> Iterator[Item]:
    text.take("[")
    yield Item(key, Mark.LIST, True)
    if text.peek() == "]":
        text.take("]")
        return
    while True:
        yield Item(key, text.value(), True)
        if text.peek() == "]":
            text.take("]")
            return
        if text.peek() != ",":
            raise text.error("Expecting ',' delimiter")
        text.take(",")


class _Text:
    """A window on the file's text that grows only while a value does not fit."""

    def __init__(self, file: BinaryIO, decoder: json.JSONDecoder, chunk: int) -> None:
        self._file, self._decoder, self._chunk = file, decoder, chunk
        self._utf8 = codecs.getincrementaldecoder("utf-8-sig")()
        self._bytes = 0
        self._buffer, self._at, self._ended = "", 0, False
        self._line, self._column = 1, 1  # of the buffer's first character

    def peek(self) -> str:
        """The next character that is not white space, or "" at the end."""
        while True:
            while self._at < len(self._buffer) and self._buffer[self._at] in SPACES:
                self._at += 1
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if self._ended:
                return ""
            self._more()

    def take(self, character: str) -> None:
        """Step over the character that `peek` gave."""
        self._at += len(character)

    def value(self) -> Any:
        """The value that begins at the next character."""
        self.peek()
        size = self._chunk
        while True:
            try:
                value, end = self._decoder.raw_decode(self._buffer, self._at)
            except json.JSONDecodeError as error:
                cut_off = error.msg.startswith("Unterminated") or error.pos > len(self._buffer) - CUT_OFF
                if self._ended or not cut_off:
                    raise self.error(error.msg, error.pos) from None
            except RecursionError:
                raise NotJson("nested too deeply") from None
            else:
                # A number at the very end may go on in the next chunk: 1 of 12, of 1.5 ("1.") or of 1e-7 ("1e-").
                rest = self._buffer[end : end + CUT_OFF]
                if self._ended or (rest and (rest[0] not in ".eE" or len(rest) == CUT_OFF)):
                    self._at = end
                    return value
            self._more(size)
            size *= 2

    def error(self, what: str, at: int | None = None) -> NotJson:
        """The error at the present place, or at `at` of the buffer."""
        before = self._buffer[: self._at if at is None else at]
        lines = before.count("\n")
        column = len(before) - before.rfind("\n") if lines else self._column + len(before)
        return NotJson(f"{what} at line {self._line + lines}, column {column}")

    def _more(self, size: int = 0) -> None:
        gone = self._buffer[: self._at]
        lines = gone.count("\n")
        self._column = len(gone) - gone.rfind("\n") if lines else self._column + len(gone)
        self._line += lines
        data = self._file.read(size or self._chunk)
        self._ended = not data
        try:
            text = self._utf8.decode(data, final=self._ended)
        except UnicodeDecodeError as error:
            start = self._bytes + len(data) - len(error.object) + error.start
            raise NotJson(f"not UTF-8 at byte {start}") from None
        self._bytes += len(data)
        self._buffer, self._at = self._buffer[self._at :] + text, 0
