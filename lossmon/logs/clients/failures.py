"""What clients say when they fail, in one line that says what to do."""

from __future__ import annotations

import re
import shutil

from lossmon.errors import TargetError
from lossmon.logs import openssh
from lossmon.logs.openssh import Host
from lossmon.logs.scheme import Target
from lossmon.logs.source import Failure, HostState
from lossmon.text import printable
from lossmon.words import Said, said

NOT_FOUND = 127  # status of a shell that does not find a program

# What a client prints -> what that means for the user; the first match holds.
_CONTAINERS: tuple[tuple[str, HostState, str], ...] = (
    (
        r"permission denied while trying to connect|dial unix \S+: connect: permission denied",
        "gone",
        "you may not talk to its daemon: join the group docker and log in anew, "
        "or use a rootless one",
    ),
    (
        r"Cannot connect to the (?:Docker daemon|Podman socket)(?: at (?P<at>\S+[^.\s]))?"
        r"|error during connect|[Uu]nable to connect to Podman",
        "retrying",
        "no daemon answers {at}: start it, or set DOCKER_HOST or the context right",
    ),
    (
        r"[Nn]o such (?:object|container)|no container with name or ID",
        "retrying",
        "no container of this name; `{client} ps -a` lists them",
    ),
    (
        r"logging driver does not support reading|log driver .{0,40} not support",
        "gone",
        "its log driver keeps nothing to read; run it with `--log-driver local`",
    ),
)
_PODS: tuple[tuple[str, HostState, str], ...] = (
    (
        r"Unauthorized|must be logged in|asked for the client to provide credentials",
        "gone",
        "the cluster does not know you: log in anew, until `kubectl get pods` works",
    ),
    (
        r"getting credentials|exec: executable|exec plugin|refresh token|no Auth Provider",
        "gone",
        "no credentials for the cluster ({line})",
    ),
    (r"[Ff]orbidden", "gone", "you may not read there ({line})"),
    (
        r"context .{0,100}does not exist|context was not found|no context exists"
        r"|no configuration has been provided",
        "gone",
        "kubectl knows no such context; `kubectl config get-contexts` lists them",
    ),
    (r"namespaces? .{1,80}not found", "retrying", "no such namespace"),
    (
        r"\(NotFound\)|not found",
        "retrying",
        "no such pod or container; `kubectl get pods` lists them",
    ),
    (
        r"was refused|dial tcp|no such host|i/o timeout|TLS handshake|deadline exceeded|Unable to "
        r"connect|ServiceUnavailable|connection reset|EOF|unable to handle the request",
        "retrying",
        "the cluster does not answer ({line})",
    ),
)
_UNITS: tuple[tuple[str, HostState, str], ...] = (
    (
        r"insufficient permissions|not seeing messages|Permission denied",
        "gone",
        "you may not read the journal: join the group systemd-journal and log in anew",
    ),
    (r"No journal files were (?:found|opened)", "retrying", "no journal is kept on this machine"),
    (r"[Ff]ailed to seek to cursor", "retrying", "the journal was cut ({line})"),
)
_TABLES = {"docker": _CONTAINERS, "podman": _CONTAINERS, "kubectl": _PODS, "journalctl": _UNITS}


def explain(client: str, last: str, status: int, box: Host | None = None) -> Failure:
    """What the last words of a client mean.

    Args:
        client: the program.
        last: its last words, untrusted.
        status: how it ended.
        box: where it ran; None for here.
    """
    if box is not None and status == openssh.UNREACHED:
        return openssh.explain(last, status, box)
    if status == NOT_FOUND:
        return missing(client, box)
    for pattern, state, words in _TABLES.get(client, ()):
        # The last one: kubectl's log of its tries comes before what it makes of them.
        found = next(reversed(list(re.finditer(pattern, last))), None)
        if found is not None:
            line = openssh.line_around(last, found.start())
            at = printable((found.groupdict().get("at") or "").rstrip("."))
            where = said("at {at}", at=at) if at else said("there")
            return Failure(state, Said(words, {"client": client, "line": line, "at": where}))
    line = openssh.last_line(last)
    if status < 0:
        return Failure("retrying", said("{client} was ended by a signal", client=client))
    ended = said("{client} ended with status {status}", client=client, status=status)
    return Failure("retrying", line or ended)


def missing(client: str, box: Host | None) -> Failure:
    """There is no such program."""
    if box is None:
        here = said("no {client} on this machine; install it, or name a box with it", client=client)
        return Failure("gone", here)
    there = said("no {client} there, or not on the PATH of a command over ssh", client=client)
    return Failure("gone", there)


def check_client(target: Target, client: str = "") -> None:
    """Raise TargetError where the client of a target is not on this machine; a box is asked later.

    Args:
        target: what is to be read.
        client: the program; named as the kind of target where empty.
    """
    client = client or target.kind
    if not target.host and shutil.which(client) is None:
        raise TargetError(
            said(
                "{target}: no {client} on this machine; install it, or name a box with it",
                target=target.heading + target.path,
                client=client,
            )
        )
