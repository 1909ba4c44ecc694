"""Units of systemd: the real journalctl on files that the real systemd-journal-remote writes."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from lossmon.errors import TargetError
from lossmon.logs.clients.journal import JournalReader, Unit
from lossmon.logs.clients.source import ClientSource
from lossmon.logs.clients.workload import Unreadable
from tests.logs.clients.journal_files import Journal
from tests.logs.clients.reading import HASTY, Reading
from tests.remote.box import descendants


def test_a_unit_is_followed_from_where_it_was_read_when_its_client_ended(journal: Journal) -> None:
    journal.write(b"step 0 loss 2")
    source = ClientSource("journal", [Unit("train")], patience=HASTY, env=journal.env)
    reading = Reading(source)
    said = ["step 0 loss 2"]
    try:
        reading.until_reads("train", said)
        for number in range(1, 4):
            for pid in descendants(os.getpid()):
                if b"--follow" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    os.kill(pid, signal.SIGKILL)
            journal.write(b"of another", unit="web.service")
            journal.write(b"step %d loss 2" % number)
            journal.write(b"\r10%%|\x1b[32m#\x1b[0m| %d\r" % number)
            said += [f"step {number} loss 2", "", f"10%|\x1b[32m#\x1b[0m| {number}"]
            enough = len(said)
            reading.until(lambda n=enough: len(reading.lines("train")) >= n)  # type: ignore[misc]
            assert reading.content["train"].decode().replace("\r\n", "\n").splitlines() == said
        journal.write(b"x" * 20_000, _LINE_BREAK="line-max", _STREAM_ID="1")
        journal.write(b"the other stream", _STREAM_ID="2")
        journal.write(b"y", _STREAM_ID="1")
        reading.until(lambda: "the other stream" in reading.lines("train"))
        reading.until(lambda: reading.lines("train")[-1] == "x" * 20_000 + "y")
    finally:
        source.close()


def test_what_a_journal_prints_is_untrusted() -> None:
    reader = JournalReader()
    rows = [
        b"null", b"[]", b"{", b'{"__CURSOR": 1}', b"[" * 100_000,
        b'{"__CURSOR": "s=1", "__REALTIME_TIMESTAMP": "x"}',
        b'{"__CURSOR": "--output=x", "__REALTIME_TIMESTAMP": "1", "MESSAGE": "no"}',
        b'{"__CURSOR": "s=1;i=2", "__REALTIME_TIMESTAMP": "1", "MESSAGE": [300, "x"]}',
        b'{"__CURSOR": "s=1;i=3", "__REALTIME_TIMESTAMP": "1", "MESSAGE": null}',
        b'{"__CURSOR": "s=1;i=4", "__REALTIME_TIMESTAMP": "2000000", "MESSAGE": "yes"}',
    ]  # fmt: skip
    printed = b"".join(row + b"\n" for row in rows)
    assert reader.take(0, printed, True).split() == [b"x", b"yes"]
    assert reader.since == "s=1;i=4"
    assert reader.written == 2.0


@pytest.mark.parametrize("unit", ["", "-x", "--all", "a b", "a/b", "user/", "user/-x", "$(id)"])
def test_what_is_no_unit_is_refused_before_anything_runs(unit: str) -> None:
    with pytest.raises(TargetError, match="no unit"):
        Unit(unit)


def test_a_unit_of_the_user_and_what_its_journal_answers() -> None:
    unit = Unit("user/train@1")
    assert "--user-unit=train@1" in unit.question()
    (found,) = unit.answer(b"loss 1\n", "", 0)
    assert not found.waits
    assert "--user-unit=train@1" in unit.command(found, "", follow=False)
    (found,) = unit.answer(b"-- No entries --\n", "", 0)
    assert "no line of it" in found.waits
    hint = "Hint: You are currently not seeing messages from other users and the system.\n"
    with pytest.raises(Unreadable, match="join the group systemd-journal"):
        unit.answer(b"", hint, 0)


def test_of_what_a_client_complains_the_newest_is_kept_until_it_starts_anew() -> None:
    reader = JournalReader()
    assert reader.take(1, b"no ", False) + reader.take(1, b"journal\n", False) == b""
    assert reader.said == b"no journal\n"
    reader.take(1, b"x" * 8190, False)
    assert reader.said == b"l\n" + b"x" * 8190
    reader.begin()
    assert reader.said == b""
