"""How a triage by many workers ends: its lines, what could not be read, and the status."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import pytest
from click.testing import CliRunner

from lossmon import settings
from lossmon.cli import cli, fleets
from lossmon.errors import TargetError
from lossmon.fleet import pools
from lossmon.fleet import triage as triages

GONE = [TargetError("gone: no such file")]


class Fleet:
    """A triage that has been done."""

    severities: tuple[str, ...] = ()
    refused: tuple[TargetError, ...] = ()
    interrupted = False
    done, tasks = 1200, 3000

    def __init__(self, *given: object) -> None:
        assert given == (("runs",), "en", "as it grows")

    def __enter__(self) -> Fleet:
        return self

    def __exit__(self, *_: object) -> None: ...

    def read(self, pool: object, resume: bool) -> None:
        assert (pool, resume) == ("POOL", True)

    def lines(self) -> Iterator[tuple[str, str]]:
        yield from ((f"run of {one or 'nothing'}", one) for one in self.severities)

    def errors(self) -> list[TargetError]:
        return list(self.refused)


@pytest.mark.parametrize(
    ("found", "fail_on", "status", "says"),
    [
        ({}, (), 0, ""),
        ({"severities": ("critical", "")}, (), 0, ""),
        ({"severities": ("critical", "")}, ("critical",), 1, ""),
        ({"severities": ("", "warning")}, ("critical",), 0, ""),
        ({"severities": ("warning",)}, ("never", "info"), 1, ""),
        ({"severities": ("critical",)}, ("never",), 0, ""),
        ({"severities": ("",)}, ("info",), 0, ""),
        ({"severities": ("critical",), "refused": GONE}, ("critical",), 2, "lossmon: gone: no such"),
        ({"interrupted": True, "severities": ("critical",)}, ("critical",), "abort",
         "lossmon: read 1,200 of 3,000 parts; --resume goes on from there"),
        ({"interrupted": True, "refused": GONE}, (), "abort", "lossmon: gone: no such"),
    ],
    ids=str,
)  # fmt: skip
def test_how_it_ends(
    found: dict[str, Any], fail_on: tuple[str, ...], status: int | str, says: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    opened: list[tuple[int, str]] = []
    monkeypatch.setattr(triages, "Fleet", type("Found", (Fleet,), found))
    monkeypatch.setattr(
        pools, "opened", lambda *given: (opened.append(given), nullcontext("POOL"))[1]
    )
    settings.use(settings.Settings())
    asked = ["check", "runs", "--json", "--resume", "--cluster", "tcp://a:1", "--workers", "3"]
    levels = [part for one in fail_on for part in ("--fail-on", one)]
    done = CliRunner().invoke(cli, [*asked, *levels], standalone_mode=False)
    assert opened == [(3, "tcp://a:1")]
    assert ("abort" if type(done.exception).__name__ == "Abort" else done.exit_code) == status
    assert done.stderr.startswith(says)
    assert bool(done.stderr) == bool(says)
    assert done.stdout.splitlines() == [
        f"run of {one or 'nothing'}" for one in found.get("severities", ())
    ]


@pytest.mark.parametrize("workers", [1, 1024])
def test_so_many_workers_may_be_asked_for(workers: int) -> None:
    assert fleets.processes(workers) == workers
