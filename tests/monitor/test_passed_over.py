"""What gives no row says why: what lossmon itself saved, what counts money, what cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from lossmon.monitor.whole import read_targets
from lossmon.presentation.export import write
from lossmon.report.reading import as_text
from tests.conftest import falling, training_rows, write_jsonl


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_what_was_exported_is_passed_over_in_a_folder_and_read_by_name(
    tmp_path: Path, ending: str
) -> None:
    write_jsonl(tmp_path / "run" / "log.jsonl", training_rows(falling(40)))
    saved = tmp_path / f"saved.{ending}"
    write(read_targets([str(tmp_path)], judging="at the end").updates, str(saved))
    found = read_targets([str(tmp_path)], judging="at the end")
    assert len(found.updates) == 1
    assert "lossmon saved" in found.refused[str(saved)]
    (again,) = read_targets([str(saved)], judging="at the end").updates
    assert len(again.series["loss"]) == 40


def test_losses_in_money_are_no_training(tmp_path: Path) -> None:
    rows = "".join(f"{i},{1000 + 37 * i % 91},{i * 3}\n" for i in range(60))
    (tmp_path / "metrics.csv").write_text("id,loss_usd,amount\n" + rows)
    assert not read_targets([str(tmp_path)], judging="at the end").updates


@pytest.mark.parametrize("beside", [True, False])
def test_every_file_of_a_folder_that_gave_no_row_is_named(tmp_path: Path, beside: bool) -> None:
    """A log of which no row could be read was missing without a word where a good one stood by it."""
    texts = {
        "rows.csv": (
            "step,loss\nx,y\nz,w\n",
            "none of 2 lines could be read; no metric in this row",
        ),
        "begun.csv": (
            "step,loss\n",
            "it looks like csv (a header with loss), and holds no row yet",
        ),
        "empty.jsonl": ("", "an empty file"),
        "note.txt": ("hello\n", "text in which no line"),
        "other.json": ('{"a": 1}', "JSON without rows"),
    }
    for name, (text, _) in texts.items():
        (tmp_path / name).write_text(text)
    if beside:
        write_jsonl(tmp_path / "good.jsonl", training_rows(falling(40)))
    found = read_targets([str(tmp_path)], judging="at the end")
    told = {Path(path).name: str(why) for path, why in found.refused.items()}
    assert told.keys() == texts.keys()
    assert all(said in told[name] for name, (_, said) in texts.items())
    lines = as_text(found.updates, found.refused).splitlines()
    listed = lines[lines.index("not read") + 1 :]
    assert len(listed) == len(texts)
