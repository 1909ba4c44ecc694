"""Frames: any cut of the stream gives the same, and nothing that a box sends does harm."""

from __future__ import annotations

import ast
import json
import os
import sys
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossmon.logs import bootstrap, wire
from lossmon.logs.agent import LEAST_WINDOW, MOST_WINDOW, Window
from lossmon.logs.openssh import Host, explain
from lossmon.logs.target import parse

FRAMES = st.lists(
    st.tuples(
        st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=9), max_size=4),
        st.binary(max_size=2000),
        st.booleans(),
    ),
    max_size=6,
)


@given(FRAMES, st.lists(st.integers(1, 50), min_size=1, max_size=20))
def test_any_cut_of_the_stream_gives_the_same_frames(frames, cuts) -> None:  # type: ignore[no-untyped-def]
    told = [({**header, "t": "x"}, body, pack) for header, body, pack in frames]
    told = [({k: v for k, v in h.items() if k != "z"}, body, pack) for h, body, pack in told]
    stream = b"".join(wire.frame(*one) for one in told)
    reader, got, at, i = wire.Reader(), [], 0, 0
    while at < len(stream):
        size = cuts[i % len(cuts)]
        got += reader.feed(stream[at : at + size])
        at, i = at + size, i + 1
    assert [body for _, body, _ in got] == [body for _, body, _ in told]
    assert [{k: v for k, v in h.items() if k != "z"} for h, _, _ in got] == [h for h, _, _ in told]
    assert sum(size for _, _, size in got) == len(stream)


@given(st.binary(max_size=400))
def test_garbage_is_refused_or_waited_for(data: bytes) -> None:
    try:
        for header, _, _ in wire.Reader().feed(data):
            assert isinstance(header["t"], str)
    except wire.WireError:
        pass


def test_a_body_that_grows_without_bound_when_unpacked_is_refused() -> None:
    bomb = zlib.compress(bytes(wire.MOST_BODY + 1))
    header = json.dumps({"t": "data", "z": 1}).encode()
    stream = len(header).to_bytes(4, "big") + len(bomb).to_bytes(4, "big") + header + bomb
    with pytest.raises(wire.WireError, match="too large"):
        wire.Reader().feed(stream)


def test_what_is_packed_is_only_what_gets_smaller() -> None:
    noise, rows = os.urandom(5000), b'{"step": 1, "loss": 2.5}\n' * 200
    assert len(wire.frame({"t": "data"}, noise, pack=True)) > 5000
    assert len(wire.frame({"t": "data"}, rows, pack=True)) < len(rows) / 10


def test_a_pipe_that_is_full_holds_nobody_up() -> None:
    reading, writing = os.pipe()
    out = wire.Outbox(writing)
    sent = os.urandom(300_000)
    out.put(sent)
    assert len(out) > 0
    got = b""
    while len(got) < len(sent):
        got += os.read(reading, 1 << 16)
        out.flush()
    assert got == sent
    assert len(out) == 0
    os.close(reading)
    os.close(writing)


def test_the_window_opens_on_a_quick_link_and_closes_on_a_slow_one() -> None:
    window, now = Window(), 0.0
    for _ in range(20):
        window.took(50_000, now)
        now += 0.01
        window.confirm(window.sent, now)
    assert window.size == MOST_WINDOW
    assert window.fast
    for _ in range(20):
        window.took(50_000, now)
        now += 2.0
        window.confirm(window.sent, now)
    assert window.size == LEAST_WINDOW
    window.confirm(1 << 60, now)
    assert window.room == LEAST_WINDOW, "no more can be confirmed than was sent"


# -- what is sent to a box -------------------------------------------------------------------------


@pytest.mark.parametrize("name", bootstrap._MODULES)
def test_what_is_sent_is_python_3_6_and_the_standard_library_alone(name: str) -> None:
    text = bootstrap.pkgutil.get_data("lossmon.logs", f"{name}.py")
    assert text is not None
    allowed = {f"lossmon.logs.{one}" for one in bootstrap._MODULES} | {"lossmon.logs"}
    for node in ast.walk(ast.parse(text, feature_version=(3, 6))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        for one in names:
            assert one in allowed or one.split(".")[0] in sys.stdlib_module_names, one
            assert one != "__future__", "annotations there are of Python 3.7"


def test_the_line_for_the_login_shell_needs_no_more_quoting() -> None:
    line = bootstrap.shell_line()
    assert line.startswith("exec sh -c '")
    assert line.endswith("'")
    inside = line[len("exec sh -c '") : -1]
    assert not set("'\\!\n") & set(inside)


# -- what the user types, what ssh says ------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "host", "user", "port", "path"),
    [
        ("gpu1:runs", "gpu1", "", None, "runs"),
        ("gpu1:", "gpu1", "", None, "."),
        ("me@gpu1:~/exp/*", "gpu1", "me", None, "~/exp/*"),
        ("ssh://me@gpu1:2222/data/runs", "gpu1", "me", 2222, "/data/runs"),
        ("ssh://gpu1/~/exp", "gpu1", "", None, "~/exp"),
        ("[::1]:runs", "::1", "", None, "runs"),
        ("ssh://me@[fe80::1%eth0]:22/x", "fe80::1%eth0", "me", 22, "/x"),
    ],
)
def test_a_target_on_a_box(typed: str, host: str, user: str, port: int | None, path: str) -> None:
    target = parse(typed)
    assert (target.kind, target.host, target.user, target.port, target.path) == (
        "ssh", host, user, port, path,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("said", "state", "words"),
    [
        ("me@gpu1: Permission denied (publickey).", "needs_password", "ssh-copy-id"),
        ("me@gpu1: Permission denied (publickey,password).", "needs_password", "must be typed"),
        ("Host key verification failed.", "needs_password", "must be confirmed"),
        ("@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @", "gone", "ssh-keygen -R gpu1"),
        ("ssh: Could not resolve hostname gpu1: Name or service not known", "retrying", "spelling"),
        ("ssh: connect to host gpu1 port 22: Connection refused", "retrying", "no sshd listens"),
        ("ssh: connect to host gpu1 port 22: Connection timed out", "retrying", "off, or out of"),
        ("ssh: connect to host gpu1 port 22: No route to host", "retrying", "network"),
        ("Received disconnect: Too many authentication failures", "gone", "IdentitiesOnly"),
        ("c: line 1: Bad configuration option: foo", "gone", "Bad configuration option: foo"),
        ("kex_exchange_identification: Connection closed by remote host", "retrying", "was cut"),
        ("something \x1b[31mnew", "retrying", "something [31mnew"),
    ],
)
def test_what_ssh_says_is_told_in_words(said: str, state: str, words: str) -> None:
    failure = explain("Welcome to the lab\n" + said + "\n", 255, Host("gpu1"))
    assert failure.state == state
    assert words in failure.reason
    assert "\n" not in failure.reason
