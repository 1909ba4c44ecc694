"""A place that holds more logs than are read at once, batch by batch, by a worker that is this one."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from lossmon import settings
from lossmon.cli import cli
from lossmon.errors import TargetError
from lossmon.report import batches
from tests.conftest import falling, training_rows, write_jsonl
from tests.fleet.test_parts import Alone


class Listed(batches.Batches):
    """Folders, of which each is a batch; the last cannot be listed where that is asked for."""

    def __init__(self, folders: list[str], torn: bool) -> None:
        self._folders, self._torn = folders, torn
        super().__init__(folders)

    def _list(self) -> Iterator[tuple[str, list[str]]]:
        for folder in self._folders:
            yield folder, [str(path) for path in sorted(Path(folder).rglob("*.jsonl"))]
        if self._torn:
            raise TargetError("the list broke off")


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str, str]]:
    """Check three batches: two runs that are well, one that has diverged, one that is neither."""
    sick = [*falling(40), *[math.nan] * 20]
    for name, losses in (
        ("a/well", falling(60)), ("a/good", falling(50)), ("b/sick", sick), ("c/flat", [2.3] * 60),
    ):  # fmt: skip
        write_jsonl(tmp_path / name / "log.jsonl", training_rows(losses))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(batches, "Here", Alone)

    def run(*options: str, torn: bool = False, of: str = "abc") -> tuple[int, str, str]:
        monkeypatch.setattr(batches, "listed", lambda _: Listed(list(of), torn))
        settings.use(settings.Settings())
        done = CliRunner().invoke(cli, ["check", *of, *options], catch_exceptions=False)
        return done.exit_code, done.stdout, done.stderr

    return run


def test_a_table_of_all_batches_has_those_first_that_need_attention(check) -> None:
    status, told, errors = check()
    heads = [line for line in told.splitlines() if line[:1] in "✗!·✓" and line[:1].strip()]
    assert [line.split()[1].split("/")[-1] for line in heads] == ["sick", "flat", "good", "well"]
    assert told.splitlines()[-1] == "4 logs of 4 runs: 1 critical, 1 with a warning"
    assert (status, errors) == (0, "")


@pytest.mark.parametrize(
    ("options", "status"),
    [
        (("--fail-on", "critical"), 1),
        (("--fail-on", "warning"), 1),
        (("--fail-on", "never"), 0),
    ],
)
def test_it_fails_on_what_it_was_asked_to(check, options: tuple[str, ...], status: int) -> None:
    assert check(*options)[0] == status
    assert check(*options, of="a")[0] == 0


def test_as_json_each_run_is_a_line_and_the_sum_stands_beside_it(check) -> None:
    status, told, errors = check("--json", "--no-timeline")
    runs = [json.loads(line) for line in told.splitlines()]
    assert [one["run"].split("/")[-1] for one in runs] == ["good", "well", "sick", "flat"]
    assert (status, errors) == (0, "4 logs of 4 runs: 1 critical, 1 with a warning\n")


def test_a_list_that_breaks_off_is_told_behind_what_was_read(check) -> None:
    status, told, errors = check(torn=True)
    assert status == 2
    assert told.splitlines()[-1].startswith("4 logs of 4 runs")
    assert errors == "lossmon: the list broke off\n"


def test_of_more_runs_than_a_table_holds_the_neediest_stay(
    check, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "MOST_ROWS", 2)
    _, told, _ = check()
    assert told.splitlines()[-1] == (
        "4 logs of 4 runs: 1 critical, 1 with a warning; those 2 that need it most are shown"
    )
    assert "well" not in told
