"""Commands that need a database say so in one line when there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dagster_project.settings import Settings


def require_answers(settings: Settings, *names: str) -> None:
    """Ask each of `names` (postgres, clickhouse, redis) for a sign of life.

    Raises:
        StackError: one is silent; for an embedded part the fix is `candlehouse up`.
    """
    from dagster_project.stack.errors import StackError
    from dagster_project.stack.ports import is_free
    from dagster_project.stack.servers import check_server

    for name in names:
        if settings.embeds(name) and is_free(settings.port(name)):
            raise StackError(
                f"{name} does not run: start it with `candlehouse up --detach`, or set its CANDLEHOUSE_*_URL"
            )
        check_server(name, settings)
