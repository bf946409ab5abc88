"""The little of a statement's text that routing needs: where INSERT data begins, which FORMAT, which ids a KILL names.

Everything here works on bytes, because what follows an INSERT's head may be binary. String literals, quoted
identifiers, comments and heredocs are stepped over; nothing else is understood.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_SKIP = (
    rb"""'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`(?:[^`\\]|\\.|``)*`"""
    rb"""|--[^\n]*|\#[ !][^\n]*|/\*.*?\*/|\$(\w*)\$.*?\$\1\$"""
)
_LANDMARK = re.compile(
    _SKIP
    + rb"""|(?P<open>\()|(?P<close>\))|(?P<end>;)
    |(?<![\w.])(?:
        (?P<format>FORMAT)\s+(?P<name>[A-Za-z_]\w*)
        |(?P<values>VALUES)(?!\w)
        |(?P<settings>SETTINGS)(?!\w)
        |(?P<insert>INSERT)(?!\w)
        |(?P<select>SELECT|WITH)(?!\w)
        |(?P<outfile>INTO\s+OUTFILE)(?!\w)
        |(?P<infile>FROM\s+INFILE)(?!\w)
        |(?P<input>INPUT)\s*(?=\()
    )""",
    re.DOTALL | re.VERBOSE | re.IGNORECASE,
)
_BLANK = re.compile(rb"(?:\s+|--[^\n]*(?:\n|\Z)|\#[ !][^\n]*(?:\n|\Z)|/\*.*?\*/)*", re.DOTALL)
_WORD = re.compile(rb"[A-Za-z]+")
_STRING_OR_COMMENT = re.compile(_SKIP + rb"|(?<![\w.])(query_id)(?!\w)", re.DOTALL | re.VERBOSE | re.IGNORECASE)
_TAIL = re.compile(rb"(?:\s|;)*\Z")
_BEFORE_DATA = re.compile(rb"[ \t\f]*\r?\n?")

RESULT_KEYWORDS = (b"SELECT", b"WITH", b"FROM")
INSERT_KEYWORDS = (b"INSERT", b"WITH")


@dataclass(frozen=True)
class Insert:
    """An INSERT whose data follows the statement.

    head: the statement without FORMAT, VALUES and data · format: the input format's name · data: offset of the first
    data byte in the text · infile: offset in `head` where FROM INFILE may stand · input: span of the word INPUT when
    the statement selects from input().
    """

    head: bytes
    format: str
    data: int
    infile: int
    input: tuple[int, int] | None


@dataclass(frozen=True)
class Result:
    """What decides how a statement's result is delivered.

    text: the statement without trailing semicolons · format: name in its FORMAT clause · clause: offset of that clause
    or of the end, where INTO OUTFILE may stand · files: it names a file of the gateway's machine itself.
    """

    text: bytes
    format: str | None
    clause: int
    files: bool


def first_word(text: bytes) -> bytes:
    """The first keyword in upper case, comments and parentheses skipped; empty when there is none."""
    at = 0
    while True:
        at = _BLANK.match(text, at).end()  # type: ignore[union-attr]
        if text[at : at + 1] != b"(":
            break
        at += 1
    word = _WORD.match(text, at)
    return word.group().upper() if word else b""


def find_insert(text: bytes, complete: bool) -> Insert | None:
    """The INSERT at the start of `text`; None when no data follows, or (`complete` False) when more text is needed."""
    depth = 0
    infile = None
    inserts = selects = False
    source = None
    for mark in _LANDMARK.finditer(text):
        kind = mark.lastgroup
        if kind == "open":
            depth += 1
        elif kind == "close":
            depth -= 1
        elif kind == "input" and inserts:
            source = source or (mark.start("input"), mark.end("input"))
        elif depth:
            continue
        elif kind == "end":
            return None
        elif kind == "insert":
            inserts = True
        elif not inserts:
            continue
        elif kind == "select":
            selects = True
        elif kind == "settings":
            infile = mark.start() if infile is None else infile
        elif mark.end() == len(text) and not complete:
            return None
        elif kind == "values" and not selects:
            at = mark.start() if infile is None else infile
            return Insert(text[: mark.start()], "Values", mark.end(), at, None)
        elif kind == "name" and (source or not selects):
            data = _BEFORE_DATA.match(text, mark.end()).end()  # type: ignore[union-attr]
            if data == len(text) and not complete:
                # The line end that belongs to the statement may be still to come.
                return None
            at = mark.start("format") if infile is None else infile
            return Insert(text[: mark.start("format")], mark.group("name").decode(), data, at, source)
    return None


def find_result(text: bytes) -> Result:
    """Where the result of a statement (not an INSERT with data) can be directed."""
    depth = 0
    files = False
    clause: tuple[int, int, str] | None = None
    end = None
    for mark in _LANDMARK.finditer(text):
        kind = mark.lastgroup
        if kind == "open":
            depth += 1
        elif kind == "close":
            depth -= 1
        elif kind in ("outfile", "infile"):
            files = True
        elif depth:
            continue
        elif kind == "end":
            if end is None and _only_blanks(text, mark.end()):
                end = mark.start()
        elif kind == "name":
            clause = (mark.start("format"), mark.end("name"), mark.group("name").decode())
    text = text if end is None else text[:end]
    if clause is not None:
        rest = text[_BLANK.match(text, clause[1]).end() :]  # type: ignore[union-attr]
        if not rest or rest[:8].upper() == b"SETTINGS":
            return Result(text, clause[2], clause[0], files)
    return Result(text, None, len(text), files)


def own_query_ids(text: bytes, expression: bytes) -> bytes:
    """A KILL QUERY statement with the column query_id replaced by `expression`."""
    return _STRING_OR_COMMENT.sub(lambda mark: expression if mark.group(2) else mark.group(), text)


def _only_blanks(text: bytes, at: int) -> bool:
    while True:
        after = _BLANK.match(text, at).end()  # type: ignore[union-attr]
        if text[after : after + 1] != b";":
            return after == len(text)
        at = after + 1
