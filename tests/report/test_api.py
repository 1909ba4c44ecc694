"""The Python calls."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import lossmon
from lossmon.report.check import as_table
from tests.conftest import falling, training_rows, write_jsonl
from tests.diagnosis.curves import evaluations


def test_read_gives_every_point_in_long_form(tmp_path: Path) -> None:
    rows = [*training_rows(falling(5)), {"step": 50, "eval_loss": float("nan"), "epoch": 0.5}]
    frame = lossmon.read(write_jsonl(tmp_path / "log.jsonl", rows))
    assert list(frame.columns) == ["run", "metric", "step", "epoch", "time", "value", "stage"]
    assert frame.step.dtype == np.int64
    assert frame.query("metric == 'loss'").value.tolist() == falling(5)
    assert frame.query("metric == 'eval_loss'").epoch.tolist() == [0.5]
    assert frame.query("metric == 'eval_loss'").value.isna().all(), "NaN is data"


def test_read_keeps_what_a_resumed_run_logged_twice(tmp_path: Path) -> None:
    rows = training_rows([3.0, 2.0, 1.0]) + training_rows([2.5, 1.5])
    frame = lossmon.read(write_jsonl(tmp_path / "log.jsonl", rows))
    assert frame.step.tolist() == [10, 20, 30, 10, 20]


def test_diagnose_takes_a_path_arrays_or_a_frame(tmp_path: Path) -> None:
    train, evals = curves()
    steps = np.arange(1, len(train) + 1)
    every = len(train) // len(evals)
    by_arrays = lossmon.diagnose(
        step=steps, train_loss=train, eval_loss=evals, eval_step=steps[every - 1 :: every]
    )
    sparse = np.full(len(train), np.nan)
    sparse[every - 1 :: every] = evals
    by_sparse = lossmon.diagnose(train_loss=train, eval_loss=sparse)
    frame = pd.DataFrame({"step": steps, "loss": train, "eval_loss": sparse})
    by_frame = lossmon.diagnose(frame)
    rows = frame.to_dict("records")
    rows = [{k: v for k, v in row.items() if v == v} for row in rows]
    by_path = lossmon.diagnose(write_jsonl(tmp_path / "log.jsonl", rows))
    by_long = lossmon.diagnose(lossmon.read(tmp_path / "log.jsonl"))
    for report in (by_arrays, by_sparse, by_frame, by_path, by_long):
        assert report.pair == "overfitting"
        assert report.findings[0].pattern == "overfitting"
        assert report.as_dict()["pair"] == "overfitting"
        assert "OVERFITTING" in str(report)
        assert report.update.loading == 1.0, "all of it was read"
        # As wide as notebooks and issues show text.
        assert str(report) == as_table([report.update], report.knowledge, 100)


def test_several_runs_are_named(tmp_path: Path) -> None:
    for name in "ab":
        write_jsonl(tmp_path / name / "log.jsonl", training_rows(falling(30)))
    with pytest.raises(lossmon.TargetError, match="diagnose_all"):
        lossmon.diagnose(tmp_path)
    assert len(lossmon.diagnose_all(tmp_path)) == 2


def test_errors_say_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(lossmon.TargetError, match="no such file"):
        lossmon.read(tmp_path / "missing")
    (tmp_path / "x.bin").write_bytes(b"\x00" * 100)
    with pytest.raises(lossmon.FormatError, match="binary"):
        lossmon.diagnose(tmp_path / "x.bin")
    with pytest.raises(lossmon.TargetError, match="3 values for 2 steps"):
        lossmon.diagnose(step=[1, 2], train_loss=[1, 2, 3])
    with pytest.raises(lossmon.TargetError, match="nothing to diagnose"):
        lossmon.diagnose()


def curves() -> tuple[np.ndarray, np.ndarray]:
    """100 losses and 20 evaluations of a run that overfits."""
    train, evals = evaluations("overfitting", 20)
    return np.asarray(train)[5::6], np.asarray(evals)


@pytest.mark.parametrize("kind", [list, tuple, np.array, pd.Series, pd.array, pd.Index])
@pytest.mark.slow
def test_a_curve_is_whatever_holds_numbers(kind) -> None:
    train, evals = curves()
    at = np.arange(1, len(evals) + 1) * (len(train) // len(evals))
    report = lossmon.diagnose(
        train_loss=kind(train.tolist()), eval_loss=kind(evals.tolist()), eval_step=kind(at.tolist())
    )
    assert report.pair == "overfitting"
    alone = lossmon.diagnose(eval_loss=kind(evals.tolist()[:5]))
    assert alone.update.eval == "eval_loss"


def test_missing_values_of_pandas_are_points_that_were_not_logged() -> None:
    loss = pd.Series([1.0, None, 0.5, pd.NA, 0.2] * 10, dtype="Float64")
    frame = pd.DataFrame({"step": pd.Series(range(50), dtype="Int64"), "loss": loss})
    update = lossmon.diagnose(frame).update
    assert update.logged["loss"].step.tolist() == [i for i in range(50) if i % 5 in (0, 2, 4)]


LOSS = [2 / (1 + i / 30) for i in range(300)]


@pytest.mark.parametrize(
    "half",
    [
        [None if i % 2 else value for i, value in enumerate(LOSS)],
        np.ma.masked_array(
            [1e9 if i % 2 else value for i, value in enumerate(LOSS)],
            mask=[i % 2 for i in range(300)],
        ),
        pd.Series([pd.NA if i % 2 else value for i, value in enumerate(LOSS)], dtype=object),
        pd.Series([pd.NA if i % 2 else value for i, value in enumerate(LOSS)], dtype="Float64"),
    ],
    ids=["None", "masked", "NA", "Float64"],
)
def test_what_is_left_out_was_not_logged(half: object) -> None:
    update = lossmon.diagnose(train_loss=half).update
    assert update.series["loss"].value.tolist() == LOSS[::2]


def test_a_loss_that_is_nan_is_one() -> None:
    report = lossmon.diagnose(train_loss=[*LOSS, *[math.nan] * 20])
    assert report.findings[0].pattern == "diverged"


def test_a_target_and_curves_are_too_much(tmp_path: Path) -> None:
    with pytest.raises(lossmon.TargetError, match="both"):
        lossmon.diagnose(tmp_path, train_loss=LOSS)


def test_of_a_frame_of_several_runs_each_is_judged_by_itself(tmp_path: Path) -> None:
    for name, losses in (("falls", falling(60)), ("flat", [2.3] * 60)):
        write_jsonl(tmp_path / name / "log.jsonl", training_rows(losses))
    long = lossmon.read(tmp_path)
    wide = pd.concat(
        pd.DataFrame({"run": name, "step": range(60), "loss": losses})
        for name, losses in (("falls", falling(60)), ("flat", [2.3] * 60))
    )
    for frame in (long, wide):
        with pytest.raises(lossmon.TargetError, match=r"2 runs.*diagnose_all"):
            lossmon.diagnose(frame)
        reports = sorted(lossmon.diagnose_all(frame), key=lambda report: report.update.run)
        falls, flat = reports
        assert "falls" in falls.update.run
        assert falls.findings[0].pattern != flat.findings[0].pattern
        assert flat.findings[0].pattern in ("constant", "plateau")
        one = frame[frame.run == falls.update.run]
        assert lossmon.diagnose(one).findings[0].pattern == falls.findings[0].pattern


def test_steps_that_are_texts_come_in_the_order_of_their_numbers() -> None:
    """As texts 99 is the newest of 200: a curve that has fallen to 0.01 stood at 1.01."""
    losses = [2 - i / 100 for i in range(200)]
    frame = pd.DataFrame({"metric": "loss", "step": map(str, range(200)), "value": losses})
    update = lossmon.diagnose(frame).update
    assert (update.step, update.series["loss"].value[-1]) == (199, losses[-1])


class Strange:
    """An array of some library, whose conversion breaks."""

    def __len__(self) -> int:
        return 3

    def __array__(self, *_: object, **__: object) -> np.ndarray:
        raise RuntimeError("on another device")


ROWS = {"step": [1, 2, 3], "loss": [1.0, 2.0, 3.0]}
BAD_CALLS = {
    "read nothing": lambda: lossmon.read(None),
    "read a number": lambda: lossmon.read(5),
    "read a list": lambda: lossmon.read([]),
    "read a frame": lambda: lossmon.read(pd.DataFrame(ROWS)),
    "read bytes": lambda: lossmon.read(b"/no/such/file"),
    "an empty path": lambda: lossmon.read(""),
    "a NUL": lambda: lossmon.read("a\0b"),
    "several paths": lambda: lossmon.diagnose(["a", "b"]),
    "a dict": lambda: lossmon.diagnose(ROWS),
    "all of nothing": lambda: lossmon.diagnose_all(None),
    "step NaN": lambda: lossmon.diagnose(step=[1, float("nan")], train_loss=[1, 2]),
    "step infinite": lambda: lossmon.diagnose(step=[1, float("inf")], train_loss=[1, 2]),
    "step beyond all": lambda: lossmon.diagnose(step=[1, 10**30], train_loss=[1, 2]),
    "step of 400 digits": lambda: lossmon.diagnose(step=[1, 10**400], train_loss=[1, 2]),
    "half a step": lambda: lossmon.diagnose(step=[0.5, 1], train_loss=[1, 2]),
    "steps of text": lambda: lossmon.diagnose(step=["1", "2"], train_loss=[1, 2]),
    "dates": lambda: lossmon.diagnose(step=pd.date_range("2024", periods=2), train_loss=[1, 2]),
    "two dimensions": lambda: lossmon.diagnose(train_loss=np.ones((3, 2))),
    "no dimension": lambda: lossmon.diagnose(train_loss=np.float64(3)),
    "ragged": lambda: lossmon.diagnose(train_loss=[[1], [1, 2]]),
    "text": lambda: lossmon.diagnose(train_loss="1,2,3"),
    "words": lambda: lossmon.diagnose(train_loss=["a", "b"]),
    "a generator": lambda: lossmon.diagnose(train_loss=(x for x in [1.0, 2.0])),
    "a scalar": lambda: lossmon.diagnose(train_loss=3.0),
    "complex": lambda: lossmon.diagnose(train_loss=np.array([1j, 2])),
    "None inside": lambda: lossmon.diagnose(train_loss=[{}, None]),
    "a set": lambda: lossmon.diagnose(train_loss={1.0, 2.0}),
    "an array that breaks": lambda: lossmon.diagnose(train_loss=Strange()),
    "lengths": lambda: lossmon.diagnose(step=[1, 2], train_loss=[1, 2, 3]),
    "lengths of evals": lambda: lossmon.diagnose(train_loss=[1, 2, 3], eval_loss=[1, 2]),
    "eval_step alone": lambda: lossmon.diagnose(train_loss=[1, 2], eval_step=[1]),
    "nothing": lambda: lossmon.diagnose(),
    "step alone": lambda: lossmon.diagnose(step=[1, 2]),
    "total of text": lambda: lossmon.diagnose(train_loss=[1, 2], total_steps="x"),
    "total NaN": lambda: lossmon.diagnose(train_loss=[1, 2], total_steps=float("nan")),
    "total negative": lambda: lossmon.diagnose(train_loss=[1, 2], total_steps=-5),
    "total beyond all": lambda: lossmon.diagnose(train_loss=[1, 2], total_steps=10**30),
    "a file of settings": lambda: lossmon.diagnose(train_loss=[1, 2], config="/no/such/file"),
    "one class": lambda: lossmon.diagnose(train_loss=[1, 2], classes=1),
    "classes true": lambda: lossmon.diagnose(train_loss=[1, 2], classes=True),
    "language": lambda: lossmon.diagnose(train_loss=[1, 2], lang="xx"),
    "no language": lambda: lossmon.diagnose(train_loss=[1, 2], lang=None),
    "two columns": lambda: lossmon.diagnose(
        pd.DataFrame([[1, 2.0, 3.0]], columns=["step", "loss", "loss"])
    ),
    "no columns": lambda: lossmon.diagnose(pd.DataFrame()),
    "no numbers": lambda: lossmon.diagnose(pd.DataFrame({"step": [1, 2], "note": ["a", "b"]})),
    "no rows": lambda: lossmon.diagnose(pd.DataFrame({"step": [], "loss": []})),
    "step of text in a frame": lambda: lossmon.diagnose(
        pd.DataFrame({"step": ["a", "b"], "loss": [1.0, 2.0]})
    ),
    "step infinite in a frame": lambda: lossmon.diagnose(
        pd.DataFrame({"step": [1, float("inf")], "loss": [1.0, 2.0]})
    ),
    "long without a place": lambda: lossmon.diagnose(
        pd.DataFrame({"metric": ["loss"], "value": [1.0]})
    ),
    "long with text": lambda: lossmon.diagnose(
        pd.DataFrame({"step": [1], "metric": ["loss"], "value": ["x"]})
    ),
}


@pytest.mark.parametrize("name", BAD_CALLS)
def test_a_bad_call_is_told_in_words_of_ours(name: str) -> None:
    with pytest.raises(lossmon.LossmonError) as told:
        BAD_CALLS[name]()
    words = str(told.value)
    assert len(words) > 15
    assert "\n" not in words


def test_a_call_reads_no_settings_unless_it_is_asked_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "config.toml"
    settings.write_text(
        '[patterns]\nconstant = "off"\nplateau = "off"\n[roles]\nenergy = "train_loss"\n'
    )
    monkeypatch.setenv("LOSSMON_CONFIG", str(settings))
    log = write_jsonl(tmp_path / "log.jsonl", training_rows([2.3] * 60))
    flat = {"constant", "plateau"}

    def found(**more: bool) -> set[str]:
        return {finding.pattern for finding in lossmon.diagnose(log, **more).findings} & flat

    assert found()
    assert not found(config=True)
    assert found(), "what was asked for once does not stay"
    for asked in (False, True):
        (one,) = lossmon.diagnose_all(log, **({"config": True} if asked else {}))
        assert bool({finding.pattern for finding in one.findings} & flat) != asked
    assert {one.pattern for one in lossmon.diagnose(train_loss=[2.3] * 60).findings} & flat
    energy = write_jsonl(
        tmp_path / "e" / "log.jsonl", [{"step": i, "energy": 2.0 / (i + 1)} for i in range(60)]
    )
    assert lossmon.diagnose(energy, config=True).update.train == "energy"
    settings.write_text("no toml at all")
    assert found(), "a broken file concerns who asks for it"
    with pytest.raises(lossmon.ConfigError):
        found(config=True)


def test_two_classes_are_the_fewest() -> None:
    report = lossmon.diagnose(train_loss=np.full(120, np.log(2)), classes=2)
    assert not report.update.errors


@pytest.mark.slow
def test_calls_in_threads_do_not_hear_each_other() -> None:
    loss = np.log(10) + np.random.default_rng(1).normal(0, 0.005, 120)

    def judged(classes: int | None) -> bool:
        report = lossmon.diagnose(train_loss=loss, classes=classes)
        return "chance_level" in {finding.pattern for finding in report.findings}

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(judged, [10, None] * 4)) == [True, False] * 4
