"""Containers: `docker:NAME`, `podman:NAME`."""

from __future__ import annotations

import json
import re
from typing import Any

from lossmon.errors import TargetError
from lossmon.logs.clients import failures
from lossmon.logs.clients.workload import Found, Reader, StampedReader, Unreadable
from lossmon.logs.source import Failure
from lossmon.words import said

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,254}")


def check(client: str, name: str) -> None:
    """Raise TargetError where this is no name of a container."""
    if not _NAME.fullmatch(name):
        raise TargetError(
            said(
                "{target}: no name of a container; write {client}:NAME, as `{client} ps` has it",
                target=f"{client}:{name}",
                client=client,
            )
        )


class Container:
    """One container, under its name: another one that takes the name goes on with the log.

    Args:
        client: docker or podman.
        name: of the container, or its id.
    """

    every_s = None
    by_name = False

    def __init__(self, client: str, name: str) -> None:
        check(client, name)
        self.client = client
        self.target = name

    def question(self) -> list[str]:
        """What container has the name, and does it run?"""
        return [self.client, "inspect", "--type", "container", self.target]

    def answer(self, out: bytes, said: str, status: int) -> list[Found]:
        """The one container."""
        try:
            told = json.loads(out)[0]
            state = told["State"]
            id, running = str(told["Id"]), state["Status"] not in ("exited", "dead", "stopped")
        except (ValueError, LookupError, TypeError, RecursionError):
            raise Unreadable(self.failure(said, status)) from None
        if not re.fullmatch("[0-9a-f]{12,128}", id):
            raise Unreadable(Failure("gone", f"what {self.client} says of it makes no sense"))
        turn = str(state.get("StartedAt"))[:100]
        waits = "it has not been started yet" if state["Status"] == "created" else ""
        ending = "" if running else _ending(state)
        return [Found(self.target, (id,), id, turn, not running, waits, ending=ending)]

    def command(self, found: Found, since: str, *, follow: bool, before: bool = False) -> list[str]:
        """`logs`, of the container that was found and no other."""
        del before
        options = ["--follow"] if follow else []
        options += ["--since", since] if since else []
        return [self.client, "logs", "--timestamps", *options, *found.names]

    def reader(self) -> Reader:
        """Both streams come apart, as the container wrote them."""
        return StampedReader(both=True)

    def failure(self, said: str, status: int) -> Failure:
        """Why the client ended."""
        return failures.explain(self.client, said, status)


def _ending(state: Any) -> str:
    """How a container ended, in words; empty where that was well."""
    status = state.get("ExitCode")
    if state.get("OOMKilled") is True:
        return said("the container ran out of memory and was killed")
    if type(status) is not int or not status:
        return ""
    return said("the container ended with status {status}{more}", status=status, more="")
