"""A far place in memory: files by their paths, and what is in the way of some of them."""

from __future__ import annotations

from collections.abc import Iterator

from lossmon.logs.far.apart import Unreadable
from lossmon.logs.far.files import FarFiles, Listed, Whose
from lossmon.logs.files import Stat


class Cabinet(FarFiles):
    """Files by their paths, and what is in the way of some paths."""

    def __init__(self, *paths: str, **trouble: Exception) -> None:
        super().__init__()
        self.data = dict.fromkeys(paths, b"step 1 loss 2.0\n")
        self.trouble: dict[str, Exception] = trouble
        self.answers = True
        self.connected = 0

    def _asked_for(self, path: str) -> None:
        self.asked()
        if path in self.trouble:
            raise self.trouble[path]

    def connect(self) -> None:
        self.connected += 1

    def disconnect(self) -> None:
        self.connected -= 1

    def kind(self, path: str) -> str:
        self._asked_for(path)
        if path in self.data:
            return "file"
        if not any(one.startswith(f"{path}/") for one in self.data):
            raise FileNotFoundError(path)
        return "directory"

    def one(self, path: str) -> Stat:
        self._asked_for(f"one {path}")
        if path not in self.data:
            raise FileNotFoundError(path)
        return Stat(len(self.data[path]), 1.0, len(self.data[path]), None, True)

    def below(self, path: str) -> Iterator[Listed]:
        self._asked_for(f"below {path}")
        for one in sorted(self.data):
            if not path or one.startswith(f"{path}/"):
                try:
                    yield one, self.tried(one, self.one)
                except Unreadable as error:
                    yield one, error

    def piece(self, path: str, offset: int, count: int) -> bytes:
        if f"piece {path}" in self.trouble:
            raise self.trouble[f"piece {path}"]
        return self.data[path][offset : offset + count]

    def whose(self, error: Exception) -> Whose:
        return "unsure" if isinstance(error, TimeoutError) else super().whose(error)

    def stands(self) -> bool:
        return self.answers


TREE = ("r/a/t.log", "r/b/t.log", "r/b/deep/t.log", "r/b/w.pt", "r/ab/x.log", "t.log")
