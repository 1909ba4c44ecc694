"""Settings beside the logs of another box: kept apart from logs, and bounded."""

from __future__ import annotations

import os
from pathlib import Path

from lossmon.logs.walk import walk
from lossmon.monitor.beside import Beside


def test_settings_are_no_logs_and_come_in_pieces() -> None:
    beside = Beside()
    assert beside.take("gpu1:runs/a/config.json", 0, b'{"lr":')
    assert beside.take("gpu1:runs/a/config.json", 6, b" 1}")
    assert beside.files == {"gpu1:runs/a/config.json": b'{"lr": 1}'}
    assert not beside.take("gpu1:runs/a/log.jsonl", 0, b"{}")
    assert beside.take("gpu1:runs/a/config.json", 0, b"{}"), "written anew"
    assert beside.files == {"gpu1:runs/a/config.json": b"{}"}


def test_a_parameter_of_mlflow_may_be_a_log_as_well() -> None:
    beside = Beside()
    assert not beside.take("gpu1:mlruns/0/ab/params/lr", 0, b"0.1")
    assert not beside.take("gpu1:params/train.log", 0, b"step 1 loss 2\n" * 999)
    assert list(beside.files) == ["gpu1:mlruns/0/ab/params/lr"]


def test_what_is_too_large_is_not_kept() -> None:
    beside = Beside()
    for i in range(400):
        beside.take(f"gpu1:{i}/config.json", 0, bytes(100_000))
    assert sum(map(len, beside.files.values())) <= 1 << 25
    beside.take("gpu1:x/args.yaml", 0, bytes(1 << 18))
    assert "gpu1:x/args.yaml" not in beside.files


def test_only_who_asks_for_settings_walks_to_them(tmp_path: Path) -> None:
    for name in ("config.yaml", "train.log", ".hydra/overrides.yaml", ".hydra/x.log", ".git/config.json",
                 "model/tokenizer.json", "training_args.bin", "weights.bin"):  # fmt: skip
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")

    def found(settings: bool) -> set[str]:
        return {os.path.relpath(path, tmp_path) for path in walk(str(tmp_path), settings)}

    assert found(False) == {"train.log"}
    assert found(True) == {"train.log", "config.yaml", ".hydra/overrides.yaml", "training_args.bin"}
