"""The parsed dbt project as dbt's commands take it, for the databases of this installation.

dbt parses anew what was parsed for other databases, another server or another cut: 8 s of CPU per engine and command.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from dagster_project.defs.transform.prepare import Engine, ensure_manifests, manifest_path
from dagster_project.settings import ANALYTICS, DATABASE

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest


def parsed(engine: Engine, environment: Mapping[str, str]) -> Manifest:
    """What `prepare` parsed, current, with the names of databases that these variables (`dbt_environment`) say.

    Each command needs its own: dbt writes into it.
    """
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumuro_decoder

    ensure_manifests()
    packed = manifest_path(engine).with_name("partial_parse.msgpack").read_bytes()
    manifest = Manifest.from_msgpack(packed, decoder=extended_mashumuro_decoder)
    for node in (*manifest.nodes.values(), *manifest.sources.values()):
        if engine == "postgres":
            node.database = environment["DBT_POSTGRES_DATABASE"]
            where = f'"{node.database}"."{node.schema}"'
        else:
            if node.schema == DATABASE:
                node.schema = environment["DBT_CLICKHOUSE_DATABASE"]
            else:  # with what dbt appends for tests
                node.schema = environment["DBT_CLICKHOUSE_SCHEMA"] + node.schema.removeprefix(ANALYTICS)
            where = f"`{node.schema}`"
        if node.relation_name:
            node.relation_name = f"{where}.{node.relation_name.rpartition('.')[2]}"
    manifest.build_flat_graph()
    return manifest
