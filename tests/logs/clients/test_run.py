"""What is run for a log as its container ends, is started again, or is another one."""

from __future__ import annotations

import pytest

from lossmon.logs.clients import run as module
from lossmon.logs.clients.kubernetes import Pods
from lossmon.logs.clients.run import Run
from lossmon.logs.clients.workload import Found

A = Found("ml/p", ("p", "main"), "uid a")
B = Found("ml/p", ("p", "main"), "uid b", before="uid a")
RUNS = object()  # a client
LINE = b"2026-11-29T10:00:00.000000000Z %s\n"


class Following:
    """A run whose client is played by the test."""

    def __init__(self) -> None:
        self.text = b""
        self.ended = list[str]()
        self.run = Run(Pods("ml/p"), A, self._put, lambda _, words: self.ended.append(words))

    def _put(self, log: str, data: bytes, written: float) -> None:
        self.text += data

    def starts(self, *words: str) -> None:
        """The next client is started, and with these words."""
        command = self.run.command(True)
        assert command is not None
        options = {word for word in command if word in ("--follow", "--previous")}
        assert options == set(words)
        self.run.child = RUNS  # type: ignore[assignment]

    def prints(self, *lines: bytes) -> None:
        self.run.take(0, b"".join(LINE % line for line in lines), True)

    def ends(self, status: int = 0, said: bytes = b"") -> None:
        self.run.take(1, said, True)
        self.run.over(status)


@pytest.fixture
def following(monkeypatch: pytest.MonkeyPatch) -> Following:
    monkeypatch.setattr(module, "GRACE_S", -1.0)
    made = Following()
    made.starts("--follow")
    made.prints(b"1")
    return made


def test_the_end_of_a_container_that_was_started_again_is_read_before_the_next(
    following: Following,
) -> None:
    following.ends(1, b"error: unexpected EOF")
    assert following.run.command(True) is None, "it is asked first what stands there"
    following.run.meet(B)
    following.starts("--previous")
    following.prints(b"1", b"2")
    following.ends()
    following.starts("--follow")
    following.prints(b"3")
    assert following.text == b"1\n2\n3\n"


def test_a_client_that_shows_the_next_container_by_now_is_ended_but_not_one_that_looks_back(
    following: Following,
) -> None:
    following.run.meet(B)
    assert following.run.overdue()
    following.run.cut()
    following.starts("--previous")
    assert not following.run.overdue(), "it shows the end of the one before"


def test_looking_back_is_tried_again_when_its_link_is_lost(following: Following) -> None:
    following.ends()
    following.run.meet(B)
    following.starts("--previous")
    following.prints(b"1")
    following.ends(1, b"error: unexpected EOF")
    following.run.meet(B)
    following.starts("--previous")
    following.run.cut()
    following.starts("--previous")
    following.prints(b"1", b"2")
    following.ends(1, b'previous terminated container "main" in pod "p" not found')
    following.starts("--follow")
    assert following.text == b"1\n2\n"


def test_a_client_that_hangs_though_its_writer_ended_or_began_anew_is_ended(
    following: Following,
) -> None:
    following.run.meet(A)
    assert not following.run.overdue()
    following.run.meet(Found("ml/p", ("p", "main"), "uid a", turn="2"))
    assert following.run.overdue()
    following.run.cut()
    following.starts("--follow")
    following.prints(b"1", b"2")
    assert not following.run.overdue()
    following.run.meet(Found("ml/p", ("p", "main"), "uid a", turn="2", ended=True))
    assert following.run.overdue()
    following.run.cut()
    following.starts()
    following.run.meet(Found("ml/p", ("p", "main"), "uid a", turn="2", ended=True))
    assert not following.run.overdue(), "it shows what there is, and ends"
    following.prints(b"1", b"2", b"3")
    following.ends()
    assert following.run.rests
    assert following.text == b"1\n2\n3\n"


def test_what_was_read_to_its_end_is_not_read_again(following: Following) -> None:
    following.ends()
    gone = Found("ml/p", ("p", "main"), "uid a", ended=True, ending="it ran out of memory")
    following.run.meet(gone)
    following.starts()
    following.prints(b"1", b"2")
    following.ends()
    assert following.run.rests
    assert following.ended == ["it ran out of memory"]
    following.run.meet(gone)
    assert following.run.command(True) is None
    following.run.meet(B)
    following.starts("--follow")
    assert following.text == b"1\n2\n"


def test_a_client_that_is_slow_to_begin_has_not_shown_all(
    following: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`check k8s:ml/p` said that there was nothing, where kubectl took half a second to connect."""
    monkeypatch.setattr(module, "QUIET_S", -1.0)
    assert following.run.settled, "it follows, and nothing more comes"
    once = Following()
    assert once.run.command(False) is not None
    once.run.child = RUNS  # type: ignore[assignment]
    assert not once.run.settled
    once.prints(b"1")
    assert not once.run.settled
    once.ends()
    assert once.run.settled
    assert once.text == b"1\n"
