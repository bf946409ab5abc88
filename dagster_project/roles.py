"""The roles of PostgreSQL: their passwords, and what one of them may that it should not.

Migration 0013 makes the roles without a login and gives them their rights. A password travels as a SCRAM verifier, so
that neither the server's log nor pg_stat_activity shows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dagster_project.settings import ROLES, Role, Settings, role_name

if TYPE_CHECKING:
    import psycopg

TIMEOUT_SECONDS = 10


class RoleError(Exception):
    """A role cannot be given its password; the message is one line and names the fix."""


def set_passwords(settings: Settings) -> list[Role]:
    """Gives every role that has a password in `settings` that password and a login; returns those that changed.

    A role without a password stays as it is: NOLOGIN when it is new. One that logs in already is not touched.

    Raises:
        RoleError: this user may not change the role.
    """
    import psycopg
    from psycopg import sql

    changed: list[Role] = []
    with psycopg.connect(settings.postgres_url, autocommit=True, connect_timeout=TIMEOUT_SECONDS) as connection:
        may_log_in = dict(connection.execute("SELECT rolname, rolcanlogin FROM pg_roles").fetchall())
        for role in ROLES:
            name, password = role_name(role), settings.role_password(role)
            if password is None or name not in may_log_in:
                continue
            if may_log_in[name] and _logs_in(settings.role_url(role)):
                continue
            verifier = connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
            statement = sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(name), sql.Literal(verifier))
            try:
                connection.execute(statement)
            except psycopg.errors.InsufficientPrivilege:
                raise RoleError(
                    f"{connection.info.user} may not set the password of {name}: let an administrator do it, or"
                    f" GRANT {name} TO {connection.info.user} WITH ADMIN OPTION"
                ) from None
            changed.append(role)
    return changed


def excess_rights(connection: psycopg.Connection) -> list[str]:
    """What the role of `connection` may do in this database and should not, one phrase each. Empty: all is well."""
    from dagster_project.lib.queries import statement

    return [what for (what,) in connection.execute(statement("role_excess")).fetchall()]


def _logs_in(url: str) -> bool:
    import psycopg

    try:
        psycopg.connect(url, connect_timeout=TIMEOUT_SECONDS).close()
    except psycopg.OperationalError:
        return False
    return True
