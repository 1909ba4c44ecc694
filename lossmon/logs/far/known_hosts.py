"""Whose key is trusted over sftp: those of `~/.ssh/known_hosts`, as ssh does, and no other.

fsspec's own choice is to accept any key of a host that it meets for the first time.
"""

from __future__ import annotations

import os
from typing import Any

from lossmon.words import said


class UnknownHostKey(Exception):
    """The box shows a key that nobody has accepted."""


def policy() -> Any:
    """What paramiko asks about a key."""
    import paramiko

    def judge(policy: Any, client: Any, hostname: str, key: Any) -> None:  # noqa: ARG001
        file = os.path.expanduser("~/.ssh/known_hosts")
        try:
            if paramiko.HostKeys(file).check(hostname, key):
                return
        except OSError:
            pass
        raise UnknownHostKey(
            said(
                "the host key of {host} is not in ~/.ssh/known_hosts; connect once with sftp, "
                "look at it and accept it",
                host=hostname,
            )
        )

    return type("Known", (paramiko.MissingHostKeyPolicy,), {"missing_host_key": judge})()
