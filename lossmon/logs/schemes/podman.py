"""Containers of podman, through its own client."""

from __future__ import annotations

from lossmon.logs.scheme import Scheme
from lossmon.logs.schemes.docker import check_container, open_containers

SCHEME = Scheme(
    name="podman",
    open=open_containers,
    prefixes=("podman:",),
    check=check_container,
    behind="client",
    writes="`podman:NAME`, `HOST:podman:NAME`",
    sees="what a container prints, live, over its restarts",
    misses="files inside it, settings",
)
