"""A pasted excerpt: what its few rows show, in text, JSON, a page and the panel."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from lossmon.cli import cli
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.knowledge import load
from lossmon.monitor.update import RunUpdate
from lossmon.monitor.whole import read_targets
from lossmon.presentation.brief import brief
from lossmon.report.document import as_markdown
from lossmon.tui.digest import digest
from lossmon.tui.wording import Wording, plain

RISES = [1.62, 1.25, 1.14, 1.12, 1.14, 1.16, 1.18, 1.21]
EVALS = [1.2, 1.0, 1.21, 0.98, 1.22, 1.29, 1.27, 1.25]
SHOWN = {"en": ("these rows show", "1 time in 120"), "zh": ("这些行已经显示", "120 分之")}
HINT = {"en": "hint", "zh": "线索"}


@pytest.fixture
def excerpt(tmp_path: Path) -> Path:
    """Eight epochs of 200; train has risen in each of the last four."""
    log = tmp_path / "log.txt"
    rows = zip(RISES, EVALS, strict=True)
    log.write_text(
        "".join(f"Epoch {n}/200 loss: {a} - val_loss: {b}\n" for n, (a, b) in enumerate(rows, 1))
    )
    return log


def told(log: Path) -> tuple[RunUpdate, Finding]:
    (update,) = read_targets([str(log)], judging="at the end").updates
    (finding,) = update.diagnosis.findings
    return update, finding


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("options", [[], ["-v"]])
def test_check_tells_what_few_rows_show_and_warns_of_nothing(
    excerpt: Path, lang: str, options: list[str]
) -> None:
    command = ["check", str(excerpt), "--lang", lang, "--fail-on", "warning", *options]
    done = CliRunner().invoke(cli, command, env={"COLUMNS": "200"})
    assert done.exit_code == 0
    assert all(words in done.output for words in SHOWN[lang])
    assert HINT[lang] in done.output
    assert load(lang).pattern("too_early").title.upper() in done.output
    assert load(lang).cause("lr_too_high").text in done.output
    assert load(lang).word("likely") not in done.output


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_json_has_the_hints_apart_from_findings(excerpt: Path, lang: str) -> None:
    done = CliRunner().invoke(cli, ["check", str(excerpt), "--json", "--lang", lang])
    (finding,) = json.loads(done.stdout)["findings"]
    (hint,) = finding["hints"]
    assert (finding["pattern"], finding["severity"]) == ("too_early", "info")
    assert SHOWN[lang][1] in hint["text"]
    assert (hint["pattern"], hint["causes"]) == ("rebound", ["lr_too_high"])


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_page_a_message_and_the_panel_tell_them(excerpt: Path, lang: str) -> None:
    update, finding = told(excerpt)
    knowledge = load(lang)
    panel = plain(list(Wording(knowledge, 200).body(update, finding)))
    for text in (
        as_markdown(update, knowledge, 0.0),
        brief(update, knowledge, ascii=False),
        panel,
    ):
        assert SHOWN[lang][0] in text
        assert SHOWN[lang][1] in text.replace("\n", "")
    assert panel.count(SHOWN[lang][1]) == 1, "a reason is not told twice"


def test_a_short_panel_begins_with_what_they_show(excerpt: Path) -> None:
    update, finding = told(excerpt)
    lines = plain(digest(Wording(load("en"), 76), update, finding, 5)).split("\n")
    assert any("loss rose in each of its last 4 rows" in line for line in lines)
    assert any(line.startswith("hint") for line in lines)
    assert any(line.startswith("do") for line in lines)
