"""The two configuration files that the embedded engine reads like a server does: users and the query log.

The gateway's own user is known to the engine too, because a dictionary's SOURCE(CLICKHOUSE(USER ... PASSWORD ...))
signs in inside the engine. Users, roles and grants cannot be created: the engine has no writable store for them.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from xml.sax.saxutils import escape

# What ran and how long it took; `Settings['cluster_for_parallel_replicas']` is the id that the client knows.
QUERY_LOG_DAYS = 7

_USERS = """<clickhouse>
  <profiles><default/></profiles>
  <quotas><default/></quotas>
  <users>
    <default>
      <password></password><networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota>
    </default>
    {user}
  </users>
</clickhouse>
"""
_USER = """<{name}>
      <password_sha256_hex>{digest}</password_sha256_hex>
      <networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota>
    </{name}>"""
_CONFIG = """<clickhouse>
  <users_config>{users}</users_config>
  <query_log>
    <database>system</database>
    <table>query_log</table>
    <ttl>event_date + INTERVAL {days} DAY DELETE</ttl>
    <flush_interval_milliseconds>7500</flush_interval_milliseconds>
  </query_log>
</clickhouse>
"""


def write_config(folder: Path, user: str, password: str) -> Path:
    """Write both files into `folder` (readable by the owner only); the path of the first.

    Raises:
        OSError: as the disk says.
    """
    users, config = folder / "users.xml", folder / "config.xml"
    known = user.isidentifier() and user.isascii() and user != "default"
    digest = hashlib.sha256(password.encode()).hexdigest()
    _write(users, _USERS.format(user=_USER.format(name=user, digest=digest) if known else ""))
    _write(config, _CONFIG.format(users=escape(str(users)), days=QUERY_LOG_DAYS))
    return config


def _write(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
