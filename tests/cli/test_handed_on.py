"""What each command asks of those who do its work: how many processes, when to judge, whom to tell."""

from __future__ import annotations

import functools
import shlex
from collections import Counter
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from lossmon import config, settings
from lossmon.cli import cli, pages, verdicts
from lossmon.diagnosis.knowledge import Knowledge
from lossmon.errors import LossmonError
from lossmon.fleet import pools, table
from lossmon.formats import detect
from lossmon.report import (
    against,
    batches,
    document,
    gather,
    headless,
    status,
    status_cache,
    status_now,
    status_read,
)
from tests import approved

pytestmark = pytest.mark.snapshot

LINES = """
check
check runs
check runs --jobs 3
check runs --workers 2
check runs --workers 2 --jobs 3
check runs --json
check runs --json --no-timeline
check runs --timeline
check runs --workers 2 --json
check runs --workers 2 --format github
check gpu1:runs --workers 2 --json
check --json --resume
check runs --json --cluster tcp://a:1 --workers 4 --lang zh --fail-on warning --no-timeline
check runs -v --workers 2
check runs --baseline seeds --workers 2 --json --at time --margin 3
check many
check many --json --workers 2
check many --jobs 3 --fail-on warning
check many --fail-on critical
check many --format github
check many --baseline seeds
plot
plot runs --width 40 --height 9
export
export runs -o x.txt
export runs --workers 2 -o x/
export --cluster tcp://a:1 -o x/
export torn --workers 2 -o x/
export none --workers 2 -o x/
report -o x.md
watch
watch runs --exec 'tell {run}' --exec-timeout 3 --notify ntfy://a --level warning --pattern nan
watch runs --json --until finished --fail-on critical --lang zh
status
status runs --refresh --lang zh
status runs --max-age 3 --width 9
status --follow --width 9 --style plain --ascii
""".strip().split("\n")


class Pool:
    """Workers, of which no work is asked here."""

    def __enter__(self) -> str:
        return "POOL"

    def __exit__(self, *_: object) -> None: ...


def shown(value: object) -> str:
    """A value that is handed on."""
    if callable(value):
        return f"<{getattr(value, '__name__', type(value).__name__)}>"
    return f"<{value.lang}>" if isinstance(value, Knowledge) else repr(value)


@pytest.mark.parametrize("line", LINES)
def test_what_is_asked_is_as_approved(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    def record(name: str, answer: Any, *args: Any, **named: Any) -> Any:
        given = [*map(shown, args), *(f"{key}={shown(one)}" for key, one in sorted(named.items()))]
        told.append(f"{name}({', '.join(given)})")
        return answer

    def stub(module: Any, name: str, answer: Any = None) -> None:
        monkeypatch.setattr(module, name, functools.partial(record, name, answer))

    torn = [LossmonError("a torn part")] if "torn" in line else []
    written = table.Written(0 if "none" in line else 3, 12, torn, len(torn))
    many = batches.Triage(severities=Counter(warning=2), logs=3) if "many" in line else None
    for module, name, answer in (
        (gather, "gather", ([], [], {})),
        (against, "against", {}),
        (batches, "listed", ["BATCH"] if many else None),
        (batches, "triaged", many),
        (verdicts, "triage", None),
        (verdicts, "one_thread", None),
        (verdicts, "collect_seldom", None),
        (pages, "one_thread", None),
        (document, "check_output", None),
        (headless, "watch", 4),
        (status_now, "now", (status_cache.Memory(), "a note")),
        (status_now, "refresh", None),
        (status, "line", "LINE"),
        (status_read, "follow", None),
        (pools, "opened", Pool()),
        (table, "write_folder", written),
        (config, "apply", None),
        (detect, "broken_plug_ins", ["a plug-in is torn"]),
    ):
        stub(module, name, answer)
    for module in (verdicts, pages):
        monkeypatch.setattr(module, "asking", lambda: "ASK")
    monkeypatch.setattr("os.cpu_count", lambda: 5)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    for name in ("LC_ALL", "LC_CTYPE", "LC_MESSAGES", "TMUX"):
        monkeypatch.delenv(name, raising=False)
    settings.use(settings.Settings())
    done = CliRunner().invoke(cli, shlex.split(line), standalone_mode=False)
    if isinstance(done.exception, (LossmonError, click.ClickException)):
        told.append(f"refused: {done.exception}")
    elif done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    approved.hold("handed", line, "\n".join([*told, f"--- {done.exit_code}", done.output]))
