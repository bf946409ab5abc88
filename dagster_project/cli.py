"""The `candlehouse` command: a thin group; each command is a module under `commands/`, loaded when it is asked for."""

from __future__ import annotations

import importlib
from typing import Any

import click

# Command name -> (module under commands/, attribute, the line that `candlehouse --help` shows).
COMMANDS: dict[str, tuple[str, str, str]] = {
    "up": ("up", "up", "Start the stack, run the pipeline, print the board, serve the Dagster UI."),
    "down": ("down", "down", "Stop the stack in order."),
    "status": ("status", "status", "Show each part: running, healthy, where."),
    "migrate": ("migrate", "migrate", "Apply pending SQL files to both warehouses, or show them."),
    "board": ("board", "board", "Print the leaderboard of both warehouses."),
    "figures": ("figures", "figures", "Print every figure of every agent beside the published one."),
    "freshness": ("freshness", "freshness", "Say how old the newest row of each source of the boards is."),
    "archive": ("archive", "archive", "Move finished rows to ClickHouse, with proof: plan, apply, verify."),
    "cold": ("cold", "cold", "Move old months of ClickHouse to Parquet files, with proof: plan, apply, verify."),
    "dump": ("dump", "dump", "Dump PostgreSQL into the cold store."),
    "restore": ("restore", "restore", "Bring a cold month or a dump back, compared row by row."),
    "prove": ("prove", "prove", "Show where a row is and every step of its way."),
    "erase": ("erase", "erase", "Delete a person's data or single rows everywhere, on request."),
    "import": ("import_", "import_", "Bring recorded data of other designs in."),
    "replay": ("replay", "replay", "Serve recorded candle files as a venue."),
    "sql": ("sql", "sql", "Ask PostgreSQL or ClickHouse a question."),
    "theatre": ("theatre", "theatre", "Kill and cut off the archive on engines of its own, and count the rows."),
    "docs": ("docs", "docs", "Serve the dbt documentation of both warehouses."),
    "data-model": ("data_model", "data_model", "Write docs/data-model.md from the comments in the databases."),
    "doctor": ("doctor", "doctor", "Find what is wrong on this machine and how to fix it."),
    "env": ("env", "env", "Print the variables that dbt and dagster need, for a shell."),
}

# Errors whose message is one line for a person. By name, so that --help imports none of these modules.
ONE_LINE = {
    ("dagster_project.settings", "SettingsError"),
    ("dagster_project.stack.errors", "StackError"),
    ("dagster_project.migrations", "MigrationError"),
    ("dagster_project.stack.theatre.scenes", "UnknownScene"),
    ("dagster_project.lib.archive.engines", "EngineAway"),
    ("dagster_project.lib.archive.progress", "NotMigrated"),
    ("dagster_project.lib.cold.dumps", "DumpFailed"),
    ("dagster_project.lib.cold.errors", "NotProven"),
    ("dagster_project.lib.cold.ledger", "Busy"),
    ("dagster_project.lib.cold.policies", "UnknownTable"),
    ("dagster_project.lib.cold.restore", "NotCold"),
    ("dagster_project.lib.cold.store", "StoreError"),
    ("dagster_project.lib.cold.table", "NotFit"),
    ("dagster_project.lib.erasure.erase", "NotErased"),
    ("dagster_project.lib.erasure.mutations", "NotDeleted"),
}


class Commands(click.Group):
    """Commands that are imported when they run; known errors end as one line and exit code 1."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of one command."""
        if cmd_name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[cmd_name]
        return getattr(importlib.import_module(f"dagster_project.commands.{module}"), attribute)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, _, line) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run; turn known errors into one line."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            if any((kind.__module__, kind.__qualname__) in ONE_LINE for kind in type(error).__mro__):
                raise click.ClickException(str(error)) from None
            raise


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="candlehouse")
def main() -> None:
    """The data house of a fleet of AI trading agents.

    State lives under CANDLEHOUSE_HOME (.candlehouse). What to collect is in candlehouse.toml.

    \b
    Example: candlehouse up
    """


if __name__ == "__main__":
    main()
