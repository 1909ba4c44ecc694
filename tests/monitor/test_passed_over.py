"""Tables that are no trainings: what lossmon itself saved, what counts money."""

from __future__ import annotations

from pathlib import Path

import pytest

from lossmon.api import read_targets
from lossmon.presentation.export import write
from tests.conftest import falling, training_rows, write_jsonl


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_what_was_exported_is_passed_over_in_a_folder_and_read_by_name(
    tmp_path: Path, ending: str
) -> None:
    write_jsonl(tmp_path / "run" / "log.jsonl", training_rows(falling(40)))
    saved = tmp_path / f"saved.{ending}"
    write(read_targets([str(tmp_path)]).updates, str(saved))
    found = read_targets([str(tmp_path)])
    assert len(found.updates) == 1
    assert "lossmon saved" in found.refused[str(saved)]
    (again,) = read_targets([str(saved)]).updates
    assert len(again.series["loss"]) == 40


def test_losses_in_money_are_no_training(tmp_path: Path) -> None:
    rows = "".join(f"{i},{1000 + 37 * i % 91},{i * 3}\n" for i in range(60))
    (tmp_path / "metrics.csv").write_text("id,loss_usd,amount\n" + rows)
    assert not read_targets([str(tmp_path)]).updates
