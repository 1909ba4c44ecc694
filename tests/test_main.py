"""`python -m lossmon`: from its first import on ctrl+c ends it without a traceback."""

from __future__ import annotations

import gc
import runpy
import signal
from collections.abc import Iterator

import pytest


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """What ctrl+c does in a program that has just begun; afterwards it is as it was."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
def test_the_package_is_the_program_and_ctrl_c_ends_it_from_the_first_import_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    called: list[object] = []
    monkeypatch.setattr("lossmon.cli.main", lambda: called.append(signal.getsignal(signal.SIGINT)))
    runpy.run_module("lossmon", run_name="imported")
    assert called == []
    runpy.run_module("lossmon", run_name="__main__")
    assert called == [signal.SIG_DFL]


@pytest.mark.usefixtures("ctrl_c")
def test_whoever_has_ctrl_c_ignored_keeps_it_so(monkeypatch: pytest.MonkeyPatch) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    monkeypatch.setattr("lossmon.cli.main", lambda: None)
    runpy.run_module("lossmon", run_name="__main__")
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


@pytest.mark.parametrize("collects", [True, False])
def test_what_is_imported_is_not_searched_for_garbage_and_what_follows_is(
    collects: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To look for it took a tenth of --help; who has it off keeps it off."""
    told: list[object] = []
    monkeypatch.setattr(gc, "isenabled", lambda: collects)
    for name in ("enable", "disable"):
        monkeypatch.setattr(gc, name, lambda name=name: told.append(name))
    monkeypatch.setattr("lossmon.cli.main", lambda: told.append("command"))
    runpy.run_module("lossmon", run_name="__main__")
    assert told == ["disable", *(["enable"] if collects else []), "command"]
