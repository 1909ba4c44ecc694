"""Files kept open while they grow, as `tail -F` does, so that their last rows are read.

A rotation that moves a log, packs it and removes it within a second leaves nothing beside it that
could be followed: a small log under `logrotate` with `compress` lost what was written since the
last look. Standard library alone, runs on Python 3.6: it is sent to boxes along with the follower.
"""

import os
from typing import Any, Dict, Iterator, Sequence, Tuple  # noqa: F401 - for type comments

try:
    import resource
except ImportError:  # pragma: no cover - not on Unix
    resource = None  # type: ignore[assignment]

MOST_HELD = 256  # files; an eighth of the descriptors that a process may have, where that is less

_NETWORK = (
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "lustre", "9p", "beegfs", "gpfs", "ceph", "glusterfs",
    "afs", "fuse",
)  # fmt: skip


_MOST_FOLDERS = 4096  # that are known
MOST_REST = 8 << 20  # bytes that are read of a file that is gone


class Held:
    """Descriptors of the files that grew last.

    None on network file systems: a file that is open there can't be removed with its folder.
    """

    def __init__(self) -> None:
        self._held = {}  # type: Dict[str, Tuple[Any, int]]  # path -> identity, descriptor
        self._far = {}  # type: Dict[str, bool]  # folder -> whether it is on a network
        self._most = MOST_HELD
        if resource is not None:
            allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
            if allowed != resource.RLIM_INFINITY:
                self._most = min(MOST_HELD, allowed // 8)

    def keep(self, path: str, identity: Any) -> None:
        """Hold a file that has grown; nothing where another one has its name by now."""
        held = self._held.pop(path, None)
        if held is not None and held[0] == identity:
            self._held[path] = held  # as the newest
            return
        if held is not None:
            os.close(held[1])
        if self._is_far(os.path.dirname(path)):
            return
        while self._held and len(self._held) >= self._most:
            self.let_go(next(iter(self._held)))
        try:
            descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        except OSError:
            return
        found = os.fstat(descriptor)
        if (found.st_dev, found.st_ino) == identity:
            self._held[path] = identity, descriptor
        else:
            os.close(descriptor)

    def _is_far(self, folder: str) -> bool:
        """Where more files grow than are held, each look at a file would read all mounts anew."""
        if folder not in self._far:
            if len(self._far) >= _MOST_FOLDERS:
                self._far.clear()
            self._far[folder] = on_network(folder)
        return self._far[folder]

    def rest_of(
        self,
        path: str,
        identity: Any,
        known: "Sequence[Tuple[int, bytes]]",
        offset: int,
        count: int,
    ) -> "Iterator[bytes]":
        """What stands from an offset on in a file that went from its path, if it is held.

        Args:
            path: that it had.
            identity: of the file.
            known: (offset, bytes) of what stood in it.
            offset: so far it was read.
            count: bytes of a piece.
        """
        held = self._held.get(path)
        if held is None or held[0] != identity:
            return
        try:
            if any(os.pread(held[1], len(data), at) != data for at, data in known):
                return
            for at in range(offset, offset + MOST_REST, count):
                data = os.pread(held[1], count, at)
                if data:
                    yield data
                if len(data) < count:
                    break
            if not os.fstat(held[1]).st_nlink:
                self.let_go(path)  # its space is free again
        except OSError:
            return

    def let_go(self, path: str) -> None:
        """Hold a file no more."""
        held = self._held.pop(path, None)
        if held is not None:
            os.close(held[1])

    def close(self) -> None:
        """Hold none."""
        for path in list(self._held):
            self.let_go(path)


def on_network(path: str, mounts: str = "/proc/mounts") -> bool:
    """Whether a path lies on a file system that sends no events for writes made elsewhere."""
    try:
        with open(mounts, encoding="utf-8", errors="replace") as file:
            fields = [line.split() for line in file]
    except OSError:
        return False
    real = os.path.realpath(path)
    kind, longest = "", -1
    for entry in fields:
        if len(entry) < 3:
            continue
        point = entry[1].replace("\\040", " ")
        inside = real == point or real.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= longest:
            kind, longest = entry[2], len(point)
    return kind.split(".")[0] in _NETWORK
