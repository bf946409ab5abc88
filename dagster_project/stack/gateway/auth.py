"""Who may come in: basic, X-ClickHouse-User/Key headers, or user and password in the URL, never two of them at once."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping

from dagster_project.stack.gateway.errors import AUTHENTICATION_FAILED, EngineError, own_error


class Credentials:
    """The one user of this gateway."""

    def __init__(self, user: str, password: str) -> None:
        self._user = user.encode()
        self._password = password.encode()

    def check(self, headers: Mapping[bytes, bytes], params: Mapping[str, bytes]) -> None:
        """Let a request pass.

        Raises:
            EngineError: AUTHENTICATION_FAILED (HTTP 403), in ClickHouse's words.
        """
        user, password = _given(headers, params)
        # Both are always compared, so that the time taken tells nothing about which was wrong.
        right_user = hmac.compare_digest(user, self._user)
        right_password = hmac.compare_digest(password, self._password)
        if not (right_user and right_password):
            name = user.decode(errors="replace")
            raise _failed(f"{name}: Authentication failed: password is incorrect, or there is no user with such name.")


def _given(headers: Mapping[bytes, bytes], params: Mapping[str, bytes]) -> tuple[bytes, bytes]:
    user, password = headers.get(b"x-clickhouse-user", b""), headers.get(b"x-clickhouse-key", b"")
    authorization = headers.get(b"authorization", b"")
    in_url = "user" in params or "password" in params
    if user or password:
        if authorization:
            raise _both("X-ClickHouse HTTP headers", "Authorization HTTP header")
        if in_url:
            raise _both("X-ClickHouse HTTP headers", "authentication via parameters")
        if not user:
            raise _failed("Got an empty user name from X-ClickHouse HTTP headers")
        return user, password
    if authorization:
        if in_url:
            raise _both("Authorization HTTP header", "authentication via parameters")
        scheme, _, value = authorization.partition(b" ")
        if scheme.lower() != b"basic":
            raise _failed(
                f"Invalid authentication: '{scheme.decode('latin-1')}' HTTP Authorization scheme is not supported"
            )
        try:
            user, _, password = base64.b64decode(value.strip()).partition(b":")
        except binascii.Error:
            raise _failed("Invalid authentication: the Authorization header is not base64") from None
        return user, password
    return params.get("user", b"default"), params.get("password", b"")


def _both(one: str, other: str) -> EngineError:
    return _failed(f"Invalid authentication: it is not allowed to use {one} and {other} simultaneously")


def _failed(message: str) -> EngineError:
    return own_error(AUTHENTICATION_FAILED, message)
