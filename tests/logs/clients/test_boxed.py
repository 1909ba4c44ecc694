"""Clients that run on a box, over the user's own ssh."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lossmon.logs.clients.containers import Container
from lossmon.logs.clients.journal import Unit
from lossmon.logs.clients.source import ClientSource
from lossmon.logs.openssh import Host
from tests.logs.clients.journal_files import Journal
from tests.logs.clients.reading import HASTY, Reading
from tests.remote.box import Box, Cable
from tests.remote.box import why_not as no_box
from tests.waiting import wait_until


@pytest.fixture
def box(tmp_path: Path, journal: Journal) -> Iterator[Box]:
    """A box that has the journal."""
    if no_box():
        pytest.skip(no_box())
    path = journal.env["PATH"]
    made = Box(tmp_path / "box", login=f'PATH="{path}" sh -c "$SSH_ORIGINAL_COMMAND"')
    yield made
    made.stop()


def on_the_box(box: Box) -> list[bytes]:
    """Clients that run there."""
    found = []
    for pid in box.sessions():
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            continue
        if b"journalctl" in words.split(b"\0")[0] and b"--follow" in words:
            found.append(words)
    return found


def test_a_lost_link_costs_no_line_and_nothing_is_left_on_the_box(
    box: Box, journal: Journal
) -> None:
    cable = Cable(box.port)
    box.write_client(cable.port)
    journal.write(b"step 0")
    source = ClientSource("box:journal", [Unit("train")], box=box.host, patience=HASTY)
    reading, said = Reading(source), ["step 0"]
    try:
        reading.until_reads("train", said)
        for number in (1, 2):
            cable.cut_after(200)
            journal.write(b"step %d" % number)
            said.append(f"step {number}")
            reading.until_reads("train", said)
        assert on_the_box(box)
    finally:
        source.close()
    wait_until(lambda: not on_the_box(box), why="a client was left there")
    cable.close()


def test_what_is_wrong_there_is_one_line(box: Box) -> None:
    source = ClientSource(
        "box:podman", [Container("podman", "x")], box=box.host, patience=HASTY, watch=False
    )
    reading = Reading(source)
    try:
        reading.until(lambda: reading.source.exhausted)
        assert "podman" in reading.reason()
    finally:
        source.close()
    nowhere = Host("nowhere.invalid")
    source = ClientSource("x", [Unit("x")], box=nowhere, patience=HASTY, watch=False)
    reading = Reading(source)
    try:
        reading.until(lambda: reading.source.exhausted)
        assert "no host of this name" in reading.reason()
    finally:
        source.close()
