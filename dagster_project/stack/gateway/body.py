"""The request body as the query's thread reads it: decoded, looked ahead at, or spooled to a file."""

from __future__ import annotations

from dagster_project.stack.gateway.blocks import BlockDecoder
from dagster_project.stack.gateway.channels import Inlet
from dagster_project.stack.gateway.compression import decoder
from dagster_project.stack.gateway.request import Request


class Body:
    """Decoded body bytes in order."""

    def __init__(self, inlet: Inlet, request: Request) -> None:
        self._inlet = inlet
        decoders = [decoder(request.request_encoding), BlockDecoder() if request.decompress else None]
        self._decoders = [one for one in decoders if one is not None]
        self._pushed_back = b""
        self._ended = False

    def read(self) -> bytes:
        """The next bytes; empty at the end.

        Raises:
            Aborted: the client went away. EngineError: the body cannot be decoded.
        """
        if self._pushed_back:
            data, self._pushed_back = self._pushed_back, b""
            return data
        while not self._ended:
            data = self._inlet.take()
            self._ended = not data
            for one in self._decoders:
                data = (one.decode(data) if data else b"") + (one.finish() if self._ended else b"")
            if data:
                return data
        return b""

    def unread(self, data: bytes) -> None:
        """Put `data` back in front."""
        self._pushed_back = data + self._pushed_back

    def read_all(self) -> bytes:
        """Everything that is left."""
        parts = []
        while data := self.read():
            parts.append(data)
        return b"".join(parts)

    def at_least(self, size: int) -> tuple[bytes, bool]:
        """The next `size` bytes or more, and whether that was all."""
        parts, have = [], 0
        while have < size:
            data = self.read()
            if not data:
                return b"".join(parts), True
            parts.append(data)
            have += len(data)
        return b"".join(parts), False
