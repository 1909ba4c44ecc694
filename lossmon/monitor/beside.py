"""Settings beside the logs of another box, as its agent brought them."""

from __future__ import annotations

import os

from lossmon.logs.walk import SETTINGS

_MOST_FILE = 1 << 17  # bytes of one; a longer one is none
_MOST = 1 << 25  # bytes of all
_PARAMETER = 1000  # bytes of one of MLflow's, which are a file each


class Beside:
    """Keeps what came of such files, by their path."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self._sum = 0

    def take(self, path: str, offset: int, data: bytes) -> bool:
        """Note a piece of a file; True where it is no log and needs no further look."""
        alone = SETTINGS.match(os.path.basename(path)) is not None
        parameter = os.path.basename(os.path.dirname(path)) == "params" and not alone
        if not (alone or (parameter and len(data) < _PARAMETER and offset == 0)):
            return False
        before = self.files.get(path, b"")[:offset]
        whole = before + data if len(before) == offset else data
        self._sum += len(whole) - len(self.files.get(path, b""))
        self.files[path] = whole
        if len(whole) > _MOST_FILE or self._sum > _MOST:
            self._sum -= len(self.files.pop(path))
        return alone
