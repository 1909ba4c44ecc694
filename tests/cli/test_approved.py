"""The whole answer of each command, on each stream, as it was approved (see `tests.approved`)."""

from __future__ import annotations

import json
import math
import os
import re
import shlex
import time
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from lossmon import __version__, settings
from lossmon.cli import cli
from lossmon.errors import LossmonError, messages_of
from lossmon.usage import show
from tests import approved
from tests.conftest import WRITTEN, falling, training_rows, write_jsonl
from tests.diagnosis import curves

NOW = float(WRITTEN + 3600)


def _over() -> list[dict[str, object]]:
    """A run that over-fits, with all that a trainer may write, to its planned end."""
    # Rounded, since the last digits of exp() are those of the processor.
    train, evals = (curve.round(6) for curve in curves.evaluations("overfitting"))
    rows: list[dict[str, object]] = []
    for i, loss in enumerate(train.tolist(), 1):
        place = {"step": i, "max_steps": 600, "epoch": i / 100, "timestamp": WRITTEN - 900 + i}
        rate = round(1e-4 * (1 + math.cos(i / 600 * math.pi)), 12)
        rows.append({**place, "loss": loss, "lr": rate, "grad_norm": 0.8, "tokens": i * 4096})
        if i % 15 == 0:
            rows.append({**place, "eval_loss": float(evals[i // 15 - 1])})
    return rows


_CRASH = "".join(f"step {i}/400 loss {2 / i**0.5:.4f} lr 1e-4\n" for i in range(1, 80)) + (
    "Traceback (most recent call last):\n"
    '  File "train.py", line 12, in <module>\n'
    "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB\n"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs of most kinds, three seeds, settings beside them, and what is no log."""
    folder = tmp_path_factory.mktemp("work")
    runs = folder / "runs"
    sick = [*falling(40), *[float("nan")] * 20]
    write_jsonl(runs / "well" / "log.jsonl", training_rows(falling(60)))
    write_jsonl(runs / "sick" / "log.jsonl", training_rows(sick))
    write_jsonl(runs / "over" / "trainer_log.jsonl", _over())
    for name, settings_of in (("well", {"lr": 0.25}), ("sick", {"lr": 0.5, "seed": 3})):
        (runs / name / "config.json").write_text(json.dumps(settings_of))
    (runs / "crash.log").write_text(_CRASH)
    for seed in range(3):
        losses = [one + 0.01 * math.sin(seed + i) for i, one in enumerate(falling(80))]
        rows = training_rows(losses)
        write_jsonl(folder / "seeds" / f"s{seed}" / "log.jsonl", rows)
    write_jsonl(folder / "worse.jsonl", training_rows([one + 0.3 for one in falling(80)]))
    (folder / "prose.txt").write_text("This is a story of a boat.\n" * 40)
    for path in folder.rglob("*.*"):
        os.utime(path, (WRITTEN, WRITTEN))
    return folder


COMMANDS = """
check runs
check runs --ascii
check runs --lang zh
check runs/over
check runs/over runs/crash.log -v
check runs/well --json --no-timeline
check runs/crash.log --json --total-steps 400
check runs/over --json
check runs --format github
check runs --format sarif
check runs --columns lr,seed
check seeds
check worse.jsonl --baseline seeds --fail-on behind
check worse.jsonl runs/sick --baseline seeds/s0 --fail-on behind --at time
check worse.jsonl --baseline seeds/s0 --margin 80
check seeds/s1 --baseline seeds/s0 --json --no-timeline
check prose.txt runs/well
check runs/well prose.txt none --fail-on info
check runs --fail-on zzz
plot runs/over --width 70 --height 16
plot runs/over --width 70 --height 16 --ascii --log-y --log-x
plot runs/over --width 60 --height 14 --x epoch --strip lr
plot runs/over --width 60 --height 14 --x time --strip 'grad norm' --from 100 --to 400
plot runs/over --width 60 --height 14 --x clock --full-range --smooth 0
plot runs/over --width 60 --height 14 --x tokens --metric grad_norm
plot runs/sick --width 60 --height 12 --x epoch --strip lr
plot seeds runs/well --together --width 80 --height 16
plot runs/well --lang zh --width 40 --height 10
plot runs/well --metric zzz
export runs/sick runs/crash.log
export none -o x.csv
report runs -o x.md
report runs/well -o x.pdf
report runs/over -o page.md
report runs/crash.log -o page.md --lang zh
status runs --width 50
status runs --width 30 --style tmux
status runs --style ansi --ascii
status runs --lang zh --style plain
watch runs/over --until finished
watch runs/over --until finished --json --level warning
explain
explain overfitting
explain overfitting -v --ascii
explain diverged --lang zh -v
explain overfiting
config
demo --list
demo --list --lang zh
replay --speed 0
replay runs
open runs
open --tee x runs
open --pick
chek runs
check --zzz
check --width
plot --width 19
plot runs --x zzz
completion ksh
--version
"""
_CLOCK = re.compile(r"20(?!25)\d\d-\d\d-\d\d.\d\d:\d\d:\d\d[+:\d]*")  # of no log
LINES = COMMANDS.strip().split("\n")


@pytest.fixture
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal of 100 cells in that folder, an hour after the last row."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    for name in ("LC_ALL", "LC_CTYPE", "LC_MESSAGES", "NO_COLOR", "TMUX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(time, "time", lambda: NOW)


def answer(*arguments: str) -> str:
    """The status of a command and what it says, standard output first."""
    settings.use(settings.Settings())
    runner = CliRunner()
    done = runner.invoke(cli, list(arguments), prog_name="lossmon", standalone_mode=False)
    told, error, status = done.stderr, done.exception, done.exit_code
    if isinstance(error, LossmonError):
        status, told = 2, told + "".join(f"lossmon: {one}\n" for one in messages_of(error))
    elif isinstance(error, click.ClickException):
        with runner.isolation() as (out, err, *_rest):
            show(error)
        assert out.getvalue() == b""
        status, told = error.exit_code, told + err.getvalue().decode()
    elif error is not None and not isinstance(error, SystemExit):
        raise error
    return f"{done.stdout}--- {status}\n{told}"


@pytest.mark.snapshot
@pytest.mark.parametrize("line", LINES)
def test_the_answer_is_as_approved(line: str, folder: Path, here: None) -> None:
    told = answer(*shlex.split(line)).replace(str(folder), "HERE").replace("\x1b", "ESC")
    if "-o page.md" in line:
        told += (folder / "page.md").read_text()
    approved.hold("cli", line, _CLOCK.sub("NOW", told).replace(__version__, "VERSION"))


@pytest.mark.snapshot
@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("command", ["", *sorted(cli.commands)])
def test_its_help_is_as_approved(command: str, lang: str, here: None) -> None:
    words = [*command.split(), "--help"]
    approved.hold("help", f"{command} {lang}", answer("--lang", lang, *words))


def test_its_options_are_as_approved() -> None:
    """What help does not show: bounds, defaults, what may be repeated."""
    lines = []
    for name, command in sorted(cli.commands.items()):
        lines += [f"{name}{' (hidden)' * command.hidden}"]
        for one in command.params:
            default = None if callable(one.default) else one.get_default(click.Context(command))
            kind = " ".join(
                f"{field}={getattr(one.type, field)}"
                for field in ("min", "max", "min_open", "max_open")
                if getattr(one.type, field, None)
            )
            kind += " ".join(getattr(one.type, "choices", ()))
            marks = [
                mark
                for mark in (
                    "required",
                    "multiple",
                    "is_flag",
                    "is_eager",
                    "hidden",
                    "expose_value",
                )
                if getattr(one, mark, False)
            ]
            said = f"{default}" if isinstance(default, (int, float, str, tuple)) else ""
            lines += [f"  {'/'.join(one.opts)} {one.type.name} {kind} {said} {' '.join(marks)}"]
    approved.hold("options", "all", "\n".join(lines))
