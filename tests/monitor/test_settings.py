"""Two monitors in one process: each works under what was said when it was made."""

from __future__ import annotations

import threading
from pathlib import Path

from lossmon import settings
from lossmon.monitor import RunUpdate
from lossmon.monitor.sources import open_monitor
from tests.conftest import write_jsonl


def test_two_monitors_in_one_process_do_not_know_of_each_other(tmp_path: Path) -> None:
    rows = [{"step": i, "aim": 2 / (1 + i / 50), "loss": 2.3} for i in range(1, 201)]
    log = write_jsonl(tmp_path / "log.jsonl", rows)
    ways = {
        "as it is": settings.Settings(),
        "told": settings.Settings(roles={"aim": "train_loss", "loss": "other"}, total_steps=5000),
        "quiet": settings.Settings(patterns={"constant": "off"}, classes=10),
    }
    monitors = {}
    for name, told in ways.items():
        with settings.using(told):
            monitors[name] = open_monitor([str(log)], watch=False)
    found: dict[str, RunUpdate] = {}

    def read(name: str) -> None:
        while monitors[name].pending():
            monitors[name].poll(0.0)
        (found[name],) = monitors[name].conclude(0.0)

    readers = [threading.Thread(target=read, args=(name,)) for name in monitors]
    for reader in readers:  # none of these threads has any settings of its own
        reader.start()
    for reader in readers:
        reader.join()
    patterns = {
        name: {finding.pattern for finding in update.diagnosis.findings}
        for name, update in found.items()
    }
    assert (found["as it is"].train, found["as it is"].total_steps) == ("loss", None)
    assert (found["told"].train, found["told"].total_steps) == ("aim", 5000)
    assert "constant" in patterns["as it is"]
    assert not {"constant"} & (patterns["told"] | patterns["quiet"])
    assert settings.current() == settings.Settings()
