"""What a cluster and a journal answer, row by row: which logs there are, what waits, how it ended."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lossmon.logs.clients.journal import JournalReader, Unit
from lossmon.logs.clients.kubernetes import Pods
from lossmon.logs.clients.workload import Unreadable

RUNS = {"state": {"running": {}}, "containerID": "c1"}


def pod(*containers: str, name: str = "p", **states: dict[str, Any]) -> dict[str, Any]:
    """A pod as kubectl prints it."""
    told = [{"name": one, **states.get(one, RUNS)} for one in containers]
    return {
        "metadata": {"name": name, "uid": "u1"},
        "spec": {"containers": [{"name": one} for one in containers]},
        "status": {"phase": "Running", "containerStatuses": told},
    }


def answer(pods: Pods, told: object, status: int = 0, said: str = "") -> list[Any]:
    found = pods.answer(json.dumps(told).encode(), said, status)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("target", "told", "logs"),
    [
        ("ml/p", pod("main"), ["ml/p"]),
        ("ml/p", pod("main", "side"), ["ml/p/main", "ml/p/side"]),
        ("ml/p/side", None, ["ml/p/side"]),
        (
            "ml/-l app=x",
            {"items": [pod("main", name="a"), pod("main", name="b")]},
            ["ml/a", "ml/b"],
        ),
        ("-l app=x", {"items": [pod("m", "s", name="a")]}, ["a/m", "a/s"]),
        ("ml/p", pod("main", "-bad"), ["ml/p/main"]),
    ],
)
def test_containers_are_a_log_each(target: str, told: object, logs: list[str]) -> None:
    pods = Pods(target)
    if told is None:  # a context may be meant: it is asked which there are
        assert pods.question() == ["kubectl", "config", "get-contexts", "--output=name"]
        assert pods.answer(b"other\n", "", 0) is None
        told = pod("main", "side")
    assert [one.log for one in answer(pods, told)] == logs


@pytest.mark.parametrize(
    ("target", "contexts", "asked"),
    [
        ("a/b/c", "other\n", ["get", "pods", "b", "--namespace=a"]),
        ("a/b/c", "a\n", ["get", "pods", "c", "--context=a", "--namespace=b"]),
        ("a/b/c/d", "a/b\nb\n", ["get", "pods", "d", "--context=a/b", "--namespace=c"]),
        ("a/b/c/d", "a\n", ["get", "pods", "c", "--context=a", "--namespace=b"]),
        ("a/b/-l x=y", "a\n", ["get", "pods", "--selector=x=y", "--context=a", "--namespace=b"]),
        ("a/b/c/d", "x\n", "no context a/b; `kubectl config get-contexts` lists them"),
        ("a/b/-l x=y", "x\n", "no context a; `kubectl config get-contexts` lists them"),
    ],
)
def test_a_context_is_told_from_a_namespace_by_those_that_there_are(
    target: str, contexts: str, asked: list[str] | str
) -> None:
    pods = Pods(target)
    if isinstance(asked, str):
        with pytest.raises(Unreadable) as caught:
            pods.answer(contexts.encode(), "", 0)
        assert (caught.value.failure.state, caught.value.failure.reason) == ("gone", asked)
    else:
        assert pods.answer(contexts.encode(), "", 0) is None
        assert pods.question() == ["kubectl", *asked, "--output=json"]
    with pytest.raises(Unreadable, match="kubectl knows no such context"):
        Pods(target).answer(b"", "error: no context exists with the name", 1)


@pytest.mark.parametrize(
    ("target", "told", "status", "says"),
    [
        ("ml/-l app=x", {"items": []}, 0, "no pod has this label yet"),
        ("ml/p", {}, 0, "kubectl ended with status 0"),
        ("ml/p", [], 3, "kubectl ended with status 3"),
        ("ml/p", {"metadata": {"name": "p", "uid": "u"}, "spec": {}}, 0, "kubectl ended"),
    ],
)
def test_why_there_is_no_pod(target: str, told: object, status: int, says: str) -> None:
    with pytest.raises(Unreadable, match=says):
        answer(Pods(target), told, status)


def test_why_there_is_no_container() -> None:
    pods = Pods("ml/p/none")
    assert pods.answer(b"", "", 0) is None
    with pytest.raises(Unreadable, match="the pod has no container none"):
        answer(pods, pod("main"))


CRASHED = {"terminated": {"exitCode": 1, "reason": "Error", "containerID": "c1"}}
WAITS = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}}


@pytest.mark.parametrize(
    ("state", "id", "ended", "waits", "before", "ending"),
    [
        (RUNS, "u1 c1", False, "", "", ""),
        ({"state": {"waiting": {"reason": "ImagePullBackOff", "message": "no \x1bimage"}}}, "u1 ", True,
         "it waits: ImagePullBackOff (no image)", "", ""),
        ({"state": {}}, "u1 ", True, "it waits: Running", "", ""),
        ({"state": WAITS, "containerID": "c1", "lastState": CRASHED}, "u1 c1", True, "", "u1 c1",
         "the container ended with status 1"),
        ({"state": WAITS, "containerID": "c2", "lastState": CRASHED}, "u1 c2", True,
         "it waits: CrashLoopBackOff (back-off)", "u1 c1", "the container ended with status 1"),
        ({"state": {"terminated": {"exitCode": 0}}, "containerID": "c1"}, "u1 c1", True, "", "", ""),
        ({**RUNS, "containerID": "c2", "lastState": CRASHED}, "u1 c2", False, "", "u1 c1", ""),
        ({"state": {"waiting": {"reason": "x" * 300}}}, "u1 ", True, "it waits: " + "x" * 190, "", ""),
    ],
    ids=range(8),
)  # fmt: skip
def test_what_is_known_of_a_container(
    state: dict[str, Any], id: str, ended: bool, waits: str, before: str, ending: str
) -> None:
    (found,) = answer(Pods("ml/p"), pod("main", main=state))
    assert (found.id, found.ended, found.waits) == (id, ended, waits)
    assert (found.before, found.ending) == (before, ending)


def test_a_pod_of_which_nothing_is_known_waits() -> None:
    for status, words in (
        ({}, "Pending"),
        ({"reason": "Evicted", "message": "disk"}, "Evicted (disk)"),
    ):
        told = {**pod("main"), "status": status}
        (found,) = answer(Pods("ml/p"), told)
        assert found.waits == f"it waits: {words}"


# -- a journal -------------------------------------------------------------------------------------


def row(message: Any, cursor: object = "s=1;i=2", **more: Any) -> bytes:
    told = {"__CURSOR": cursor, "__REALTIME_TIMESTAMP": "1500000", "MESSAGE": message, **more}
    return json.dumps(told).encode() + b"\n"


OPEN = {"_LINE_BREAK": "line-max"}


@pytest.mark.parametrize(
    ("rows", "lines", "left"),
    [
        ([row("a"), row("b")], b"a\nb\n", b""),
        ([row([65, 66])], b"AB\n", b""),
        ([row(["a", "b"])], b"a\nb\n", b""),
        ([row([300])], b"\n", b""),
        ([row(None)], b"\n", b""),
        ([row("a", **OPEN), row("b")], b"ab\n", b""),  # it goes on
        ([row("a", **OPEN)], b"", b"a\n"),
        ([row("a", _STREAM_ID="1", **OPEN), row("x", _STREAM_ID="2"), row("b", _STREAM_ID="1")],
         b"x\nab\n", b""),
        ([row("a", _LINE_BREAK="eof"), row("b")], b"a\nb\n", b""),
        ([row("a", cursor="odd cursor"), row("b", cursor=3), row("c", cursor="")], b"", b""),
        ([row("a", cursor="x" * 500)], b"a\n", b""),
        ([row("a", cursor="x" * 501)], b"", b""),
        ([b"odd\n", b"[]\n", b"{}\n", row("a")], b"a\n", b""),
    ],
    ids=range(13),
)  # fmt: skip
def test_rows_of_a_journal_are_lines(rows: list[bytes], lines: bytes, left: bytes) -> None:
    data = b"".join(rows)
    for size in (7, len(data)):
        reader = JournalReader()
        reader.begin()
        out = b"".join(
            reader.take(0, data[at : at + size], True) for at in range(0, len(data), size)
        )
        assert out == lines
        assert reader.end(True) == b""
        assert reader.finish(True) == left
        assert reader.finish(True) == b""
        if lines and rows[-1] == row("b"):
            assert (reader.since, reader.written) == ("s=1;i=2", 1.5)


def test_a_row_that_was_cut_short_comes_again() -> None:
    reader = JournalReader()
    reader.begin()
    assert reader.take(0, row("a")[:20], True) == b""
    reader.end(False)
    reader.begin()
    assert reader.take(0, row("a"), True) == b"a\n"
    assert reader.take(1, b"words", True) == b""
    assert reader.said == b"words"


def test_what_follows_a_unit_is_told_where_it_was() -> None:
    unit = Unit("train")
    (found,) = unit.answer(b"", "", 0) or [None]
    assert found is not None
    assert found.waits.startswith("the journal has no line of it")
    line = unit.command(found, "s=1", follow=True)
    assert {"--follow", "--no-tail", "--after-cursor=s=1"} <= set(line)
    assert not {"--follow", "--no-tail"} & set(unit.command(found, "", follow=False))
    assert not [one for one in unit.command(found, "", follow=False) if "cursor" in one]
