"""`candlehouse import`: recorded data of other designs, one sub-command each."""

from __future__ import annotations

import click


@click.group()
def import_() -> None:
    """Bring recorded data of other designs in, every row accounted for.

    \b
    Example: candlehouse import nof0 ../shared/data/arena
    """
