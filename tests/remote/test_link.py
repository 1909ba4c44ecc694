"""Following logs on a real box: what arrives, and what survives a fault."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lossmon.logs.ssh import Patience
from tests.remote.box import HASTY, Box, Cable, Collector
from tests.waiting import wait_until

Collect = Callable[..., Collector]


def lines(n: int, start: int = 0) -> bytes:
    return b"".join(
        b'{"step": %d, "loss": %.3f}\n' % (i, 2 / (i + 1)) for i in range(start, start + n)
    )


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "runs" / "a" / "log.jsonl"
    path.parent.mkdir(parents=True)
    path.write_bytes(lines(100))
    return path


def test_what_is_there_and_what_is_appended_arrives(box: Box, collect: Collect, log: Path) -> None:
    got = collect(box, log.parents[1])
    got.until_settled()
    assert got.content == {str(log): log.read_bytes()}
    assert got.source.is_directory(str(log.parents[1]))
    append(log, lines(5, 100))
    other = log.parents[1] / "b" / "log.jsonl"
    other.parent.mkdir()
    other.write_bytes(lines(3))
    got.until(lambda: got.content == {str(p): p.read_bytes() for p in (log, other)})


def test_globs_and_the_home_directory_are_expanded_there(
    make_box: Callable[..., Box], collect: Collect, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    for name in ("one", "two"):
        (home / "exp" / name).mkdir(parents=True)
        (home / "exp" / name / "log.jsonl").write_bytes(lines(4))
    got = collect(make_box(settings=f"SetEnv HOME={home}"), "~/exp/*/log.jsonl")
    got.until_settled()
    assert sorted(got.content) == ["~/exp/one/log.jsonl", "~/exp/two/log.jsonl"]


def test_targets_come_and_go_while_the_link_stands(
    box: Box, collect: Collect, log: Path, tmp_path: Path
) -> None:
    late = tmp_path / "late.jsonl"
    late.write_bytes(lines(2))
    got = collect(box, log)
    got.until_settled()
    got.source.add(str(late))
    got.until(lambda: str(late) in got.content)
    got.source.remove(str(late))
    append(log, lines(1, 100))
    append(late, lines(1, 2))
    got.until(lambda: got.content[str(log)] == log.read_bytes())
    time.sleep(0.6)
    got.poll()
    assert got.content[str(late)] == lines(2)


def test_a_log_that_is_dropped_is_sent_no_more(box: Box, collect: Collect, log: Path) -> None:
    got = collect(box, log.parents[1])
    got.until_settled()
    got.source.drop(str(log))
    append(log, lines(1000, 100))
    other = log.parent / "other.jsonl"
    other.write_bytes(lines(2))
    got.until(lambda: str(other) in got.content)
    assert got.content[str(log)] == lines(100)
    assert not got.source.pending()


def test_of_a_long_log_the_end_comes_before_the_middle(
    box: Box, collect: Collect, log: Path
) -> None:
    log.write_bytes(lines(200_000))
    got = collect(box, log)
    got.until_settled()
    assert [c.kind for c in got.chunks[:2]] == ["data", "newest"]
    assert got.content[str(log)] == log.read_bytes()


# -- faults ----------------------------------------------------------------------------------------


def lose_the_link(box: Box, cable: Cable) -> None:
    cable.cut()


def lose_the_server(box: Box, cable: Cable) -> None:
    box.stop()
    box.start()


def lose_ssh(box: Box, cable: Cable) -> None:
    for pid in Path("/proc").iterdir():
        if pid.name.isdigit():
            try:
                words = (pid / "cmdline").read_bytes()
            except OSError:
                continue
            if words.startswith(b"ssh\0") and str(box.client).encode() in words:
                os.kill(int(pid.name), signal.SIGKILL)


@pytest.mark.parametrize("lose", [lose_the_link, lose_the_server, lose_ssh])
def test_after_a_drop_nothing_is_lost_or_doubled(
    box: Box, cable: Cable, collect: Collect, log: Path, lose: Callable[[Box, Cable], None]
) -> None:
    got = collect(box, log.parents[1])
    got.until_settled()
    lose(box, cable)
    append(log, lines(50, 100))
    got.until(lambda: got.content[str(log)] == log.read_bytes())
    assert not [c for c in got.chunks if c.kind in ("replaced", "truncated")], "all was read anew"
    assert [c.offset for c in got.chunks if c.kind == "data"] == [0, len(lines(100))]


def test_a_link_cut_in_the_middle_of_frames_goes_on_where_it_was(
    box: Box, cable: Cable, collect: Collect, log: Path
) -> None:
    log.write_bytes(os.urandom(1 << 20).hex().encode())  # does not pack well
    got = collect(box, log)
    for _ in range(4):
        cable.cut_after(230_001)
        before = cable.carried
        got.until(lambda before=before: cable.carried >= before + 230_001)
    got.until_settled()
    assert got.content[str(log)] == log.read_bytes()
    assert not [c for c in got.chunks if c.kind in ("replaced", "truncated")]


def other_file(log: Path) -> None:
    log.rename(log.with_suffix(".old"))
    log.write_bytes(lines(200, 7))


def cut_short(log: Path) -> None:
    log.write_bytes(lines(3))


def rewritten_longer(log: Path) -> None:
    log.write_bytes(lines(300, 9))


@pytest.mark.parametrize("change", [other_file, cut_short, rewritten_longer])
def test_a_file_that_is_rotated_during_the_drop_starts_anew(
    box: Box, cable: Cable, collect: Collect, log: Path, change: Callable[[Path], None]
) -> None:
    got = collect(box, log)
    got.until_settled()
    box.stop()
    change(log)
    box.start()
    got.until(lambda: got.content[str(log)] == log.read_bytes())


def test_a_log_that_goes_on_under_another_inode_is_not_read_again(
    box: Box, cable: Cable, collect: Collect, log: Path
) -> None:
    """A box that was rebooted, a file system that was mounted anew."""
    got = collect(box, log)
    got.until_settled()
    box.stop()
    copy = log.with_name("copy")
    shutil.copy(log, copy)
    append(copy, lines(5, 100))
    copy.replace(log)
    box.start()
    got.until(lambda: got.content[str(log)] == log.read_bytes())
    assert [c.offset for c in got.chunks if c.kind == "data"] == [0, len(lines(100))]


def test_a_network_that_falls_silent_ends_both_ends(
    box: Box, cable: Cable, collect: Collect, log: Path, quick_beats: None
) -> None:
    got = collect(box, log)
    got.until_settled()
    assert box.agents()
    cable.fall_silent()
    got.until(lambda: got.source.health().state == "retrying")
    assert "no sign of life" in got.source.health().reason
    wait_until(lambda: not box.agents(), "the agent outlived its link")
    append(log, lines(7, 100))
    cable.heal()
    got.until(lambda: got.content[str(log)] == log.read_bytes())


@pytest.mark.parametrize("end", ["close", "kill"])
def test_the_agent_ends_with_its_link_and_leaves_nothing(
    box: Box, cable: Cable, collect: Collect, log: Path, end: str, no_beats: None
) -> None:
    got = collect(box, log, patience=Patience(first_s=600))
    got.until_settled()
    wait_until(lambda: len(box.agents()) == 1)
    if end == "close":
        got.source.close()
    else:
        lose_ssh(box, cable)
    wait_until(lambda: not box.agents(), "the agent outlived its link")


def test_a_reader_that_is_slow_makes_nobody_buffer(box: Box, collect: Collect, log: Path) -> None:
    from lossmon.logs.inbox import FULL_BYTES

    log.write_bytes(os.urandom(20 << 20).hex().encode())
    got = collect(box, log)
    wait_until(lambda: got.source._session.inbox.full)
    time.sleep(1.0)
    assert got.source._session.inbox.waiting_bytes < FULL_BYTES + (2 << 20)
    (agent,) = box.agents()
    resident = int(Path(f"/proc/{agent}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    assert resident < 40e6
    got.until_settled()
    assert len(got.content[str(log)]) == 40 << 20


def test_a_host_that_is_off_is_tried_again_until_it_is_back(
    make_box: Callable[..., Box], collect: Collect, log: Path
) -> None:
    box = make_box()
    box.stop()
    got = collect(box, log)
    got.until(lambda: got.source.health().state == "retrying")
    health = got.source.health()
    assert "connection refused" in health.reason
    assert health.retry_at is not None
    assert got.source.pending() == 0
    box.start()
    got.until_settled()
    assert got.content[str(log)] == log.read_bytes()


def test_reading_once_gives_up_and_says_why(make_box: Callable[..., Box], log: Path) -> None:
    box = make_box()
    box.stop()
    source = box.source(log, watch=False, patience=HASTY)
    wait_until(lambda: source.exhausted)
    assert source.health().state == "gone"
    assert "connection refused" in source.trouble(str(log))
    source.close()
