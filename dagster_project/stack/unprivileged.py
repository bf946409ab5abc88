"""How root starts PostgreSQL, which refuses to run as root."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from dagster_project.stack.errors import StackError

NOBODY = 65534


class Account:
    """The user that the PostgreSQL programs run as.

    `uid` and `gid` are numbers; `switches` says whether that is another user than ours.
    """

    def __init__(self, uid: int, gid: int, *, switches: bool) -> None:
        self.uid = uid
        self.gid = gid
        self.switches = switches

    @classmethod
    def for_folder(cls, folder: Path) -> Account:
        """The account that owns, or will own, the data in `folder`.

        Raises:
            StackError: the folder belongs to somebody that we cannot become.
        """
        me = os.geteuid()
        owner = folder.stat() if folder.exists() else None
        if me == 0:
            if owner is None or owner.st_uid == 0:
                return cls(NOBODY, NOBODY, switches=True)
            return cls(owner.st_uid, owner.st_gid, switches=True)
        if owner is not None and owner.st_uid != me:
            raise StackError(
                f"{folder} belongs to user {owner.st_uid} (made as root?), you are {me}:"
                f" `sudo chown -R {me} {folder.parent}`, or set CANDLEHOUSE_HOME to another folder"
            )
        return cls(me, os.getegid(), switches=False)

    def wrap(self, command: list[str], death_signal: str | None = None) -> list[str]:
        """`command`, run as this account.

        Two bits are there for data under a folder that only root may enter: CAP_DAC_OVERRIDE travels as an ambient
        capability, and no_setuid_fixup keeps it effective for access(2), which initdb asks.

        Raises:
            StackError: root without setpriv (util-linux).
        """
        if not self.switches:
            return command
        setpriv = shutil.which("setpriv")
        if setpriv is None:
            raise StackError(
                "PostgreSQL refuses to run as root and setpriv is not installed: `apt-get install util-linux`,"
                " or run as another user"
            )
        return [
            setpriv,
            f"--reuid={self.uid}",
            f"--regid={self.gid}",
            "--clear-groups",
            "--inh-caps=-all,+dac_override",
            "--ambient-caps=-all,+dac_override",
            "--securebits=+no_setuid_fixup",
            *([f"--pdeathsig={death_signal}"] if death_signal else []),
            *command,
        ]

    def own(self, path: Path) -> None:
        """Give `path` to this account."""
        if self.switches:
            os.chown(path, self.uid, self.gid)
