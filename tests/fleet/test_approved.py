"""What commands with workers say, write and end with, read by one that is this process."""

from __future__ import annotations

import json
import math
import os
import shlex
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from lossmon import settings
from lossmon.cli import cli
from lossmon.errors import LossmonError, messages_of
from lossmon.fleet import pools
from tests import approved
from tests.cli.test_approved import NOW
from tests.conftest import WRITTEN, falling, training_rows, write_jsonl
from tests.fleet.test_parts import Alone

pytestmark = pytest.mark.snapshot


def _runs(folder: Path) -> None:
    """Runs of four kinds, two logs that hold the same, and what is no log."""
    for name, losses in (
        ("falls", falling(40)),
        ("breaks", [*falling(40), *[math.nan] * 20]),
        ("flat", [2.3] * 40),
        ("copy/a", [one + 1 for one in falling(30)]),
        ("copy/b", [one + 1 for one in falling(30)]),
    ):
        write_jsonl(folder / name / "log.jsonl", training_rows(losses))
    (folder / "falls" / "config.json").write_text('{"lr": 0.1}')
    (folder / "note.log").write_text("nothing\n" * 30)
    for path in folder.rglob("*.*"):
        os.utime(path, (WRITTEN, WRITTEN))


WALKS = {
    "check": """
check . --json --workers 2
check . --json --resume --fail-on warning
check . --json --resume --fail-on critical
check . --json --resume --timeline falls flat
check . --resume
check gone --json --resume
check note.log --json --resume
check note.log falls --json --resume
""",
    "export": """
export . --workers 2 -o out/
export falls flat --workers 2 -o out/
export . --workers 1 -o out/
export note.log --workers 1 -o out/
export falls --workers 1 -o out
export falls --workers 1 -o new/deep/
""",
}


@pytest.mark.parametrize("walk", WALKS)
def test_each_answer_is_as_approved(
    walk: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if walk == "export":
        parquet = pytest.importorskip("pyarrow.parquet", reason="no pyarrow")
    _runs(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pools, "Here", Alone)
    monkeypatch.setattr(time, "time", lambda: NOW)
    for line in WALKS[walk].strip().split("\n"):
        settings.use(settings.Settings())
        done = CliRunner().invoke(cli, shlex.split(line), standalone_mode=False)
        error, told = done.exception, done.stderr
        if isinstance(error, LossmonError):
            told += "".join(f"lossmon: {one}\n" for one in messages_of(error))
        elif error is not None and not isinstance(error, SystemExit):
            told += f"{type(error).__name__}: {error}\n"
        out = sorted(done.stdout.splitlines(), key=lambda one: json.loads(one)["run"])
        lines = [*out, f"--- {done.exit_code}", told]
        for part in sorted(tmp_path.rglob("*.parquet")):
            table = parquet.read_table(part)
            lines += [f"{part.parent.relative_to(tmp_path)}: {table.num_rows} {table.column_names}"]
        approved.hold("fleet", line, "\n".join(lines).replace(str(tmp_path), "HERE"))
