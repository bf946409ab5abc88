"""SQL literals and names from raw bytes."""

from __future__ import annotations


def quoted(value: bytes) -> bytes:
    """A string literal."""
    return b"'" + value.replace(b"\\", b"\\\\").replace(b"'", b"\\'") + b"'"


def identifier(name: bytes) -> bytes:
    """A quoted identifier."""
    return b"`" + name.replace(b"\\", b"\\\\").replace(b"`", b"\\`") + b"`"


def assignments(settings: dict[str, bytes]) -> bytes:
    """`SET` of several settings at once; a name that is none is the engine's to refuse."""
    return b"SET " + b", ".join(name_of(name) + b" = " + quoted(value) for name, value in settings.items())


def name_of(setting: str) -> bytes:
    """A setting's name, quoted where it has to be."""
    raw = setting.encode("latin-1")
    return raw if raw.replace(b"_", b"").isalnum() else identifier(raw)
