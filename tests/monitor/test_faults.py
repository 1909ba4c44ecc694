"""What one log holds, however odd, never stops the others: all of it is read beside a good run."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from lossmon.formats.decoder import Rows
from lossmon.monitor.log import Log
from lossmon.monitor.training import Training
from lossmon.monitor.whole import read_targets
from tests.conftest import falling, training_rows, write_jsonl
from tests.formats.samples import event, field, framed, simple, version
from tests.report.test_cli import run

HUGE = "9" * 400
GOOD = 60  # rows of each log before the odd one, and behind it


def _printed(i: int) -> str:
    return f"{{'loss': {2 - i / 1000:.4f}, 'learning_rate': 1e-05, 'epoch': {i / 100:.2f}}}\n"


def _bar(at: str, total: str) -> str:
    return f" 50%|█████     | {at}/{total} [00:12<00:12,  1.5it/s]\n"


def _box(step: str) -> str:
    rule = "-" * 34
    return (
        f"{rule}\n| rollout/            |          |\n|    ep_rew_mean      | 20.5     |\n"
        f"| time/               |          |\n|    total_timesteps  | {step:8} |\n"
        f"| train/              |          |\n|    loss             | 0.5      |\n{rule}\n"
    )


def _ray(step: str) -> str:
    return (
        f"Result for PPO_x_0:\n  training_iteration: {step}\n  episode_reward_mean: 5.5\n"
        "  loss: 0.7\n\n"
    )


def _mlperf(step: str, value: str = "2.5", time: str = "1715240877183") -> str:
    return (
        f':::MLLOG {{"namespace": "", "time_ms": {time}, "event_type": "POINT_IN_TIME",'
        f' "key": "train_loss", "value": {value}, "metadata": {{"step_num": {step}}}}}\n'
    )


def _around(good: list[str], odd: str) -> bytes:
    half = len(good) // 2
    return "".join([*good[:half], odd, *good[half:]]).encode()


_HF = [_printed(i) for i in range(2 * GOOD)]
_BOXES = [_box(str(i)) for i in range(2 * GOOD)]
_EVENTS = b"".join(event(i, 1.7e9 + i, simple("loss", 2 - i / 1000)) for i in range(GOOD))
_ML = [_mlperf(str(i)) for i in range(2 * GOOD)]
_FAR = b"\xff" * 9 + b"\x7f"  # a varint of 70 bits


def _event_far_away() -> bytes:
    summary = field(5, field(1, simple("loss", 1.0)))
    return framed(b"\x09" + bytes(8) + b"\x10" + _FAR + summary)


ODD = {
    "events": version() + _EVENTS + _event_far_away() + _EVENTS,
    "bar": _around(_HF, _bar("99999999999999999998", "99999999999999999999")),
    "long_bar": _around(_HF, _bar("7" * 5001, "8" * 5001)),
    **{f"box_{n}": _around(_BOXES, _box(n)) for n in ("1e300", "inf", "nan", "9" * 30, "٣")},
    **{
        f"ray_{n[:9]}": _around([_ray(str(i)) for i in range(GOOD)], _ray(n))
        for n in ("inf", "nan", "1e300", HUGE)
    },
    **{f"mlperf_step_{n[:9]}": _around(_ML, _mlperf(n)) for n in ("1e300", "NaN", "Infinity", HUGE)},
    "mlperf_value": _around(_ML, _mlperf("5", HUGE)),
    "mlperf_time": _around(_ML, _mlperf("5", "2.5", HUGE)),
    "jsonl": _around(
        [f'{{"step": {i}, "loss": {2 - i / 1000}}}\n' for i in range(2 * GOOD)],
        f'{{"step": {HUGE}, "loss": 1.5}}\n{{"step": NaN, "loss": 1.5}}\n',
    ),
    "text": _around(
        [f"step {i} loss {2 - i / 1000:.4f}\n" for i in range(2 * GOOD)],
        f"step {HUGE} loss 1.5\nstep {'1' * 5000} loss 1.5\nstep ٣٤ loss 1.5\n",
    ),
}  # fmt: skip


def _read(data: bytes, name: str, slice_: int = 4000) -> tuple[Log, int]:
    log = Log(name)
    training = Training(name, [log], judging="never")
    for at in range(0, len(data), slice_):
        training.take(log, log.feed(data[at : at + slice_]), 1.7e9, live=False)
    training.take(log, log.end(), 1.7e9, live=False)
    training.update(1.7e9, 1.0)
    return log, log.records


@pytest.mark.parametrize("odd", ODD)
def test_a_number_that_counts_nothing_costs_its_row_alone(odd: str) -> None:
    name = "events.out.tfevents.1" if odd == "events" else "train.log"
    log, records = _read(ODD[odd], name)
    assert (log.refused, log.errors) == (None, [])
    assert records >= GOOD
    for series in log.history.series.values():
        steps = series.kept().step
        assert max(abs(int(steps.max())), abs(int(steps.min()))) < 2**53
    assert log.history.plan.total_steps is None or log.history.plan.total_steps < 2**62


def test_a_skipped_row_is_counted() -> None:
    for odd in ("events", "mlperf_step_NaN", "box_inf"):
        name = "events.out.tfevents.1" if odd == "events" else "train.log"
        log, _ = _read(ODD[odd], name)
        assert log.decoder is not None
        assert log.decoder.skipped.count >= 1, odd


def test_all_are_read_beside_a_good_run(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "good" / "log.jsonl", training_rows(falling(100)))
    for odd, data in ODD.items():
        folder = tmp_path / odd.replace("/", "_")
        folder.mkdir()
        name = "events.out.tfevents.1" if odd == "events" else "train.log"
        (folder / name).write_bytes(data)
    updates, errors, refused = read_targets([str(tmp_path)], judging="at the end")
    assert (errors, refused) == ([], {})
    assert sum(len(update.logs) for update in updates) == len(ODD) + 1
    good = next(update for update in updates if update.run.endswith("good"))
    assert len(good.series["loss"]) == 100


def test_a_state_file_with_numbers_that_are_none(tmp_path: Path) -> None:
    rows = [{"step": i, "loss": 2 - i / 100, "epoch": i / 10} for i in range(1, 31)]
    state = {"max_steps": int(HUGE), "num_train_epochs": int(HUGE), "log_history": rows}
    numbered = {str(i): {"loss": 2 - i / 100} for i in range(1, 31)}
    numbered |= {"²": {"loss": 1.0}, "7" * 5000: {"loss": 1.0}}
    for name, document in (("trainer_state.json", state), ("history.json", numbered)):
        log, records = _read(json.dumps(document).encode(), name)
        assert (log.refused, records) == (None, 30), name
        assert log.history.plan.total_steps is None
        assert log.history.plan.total_epochs is None


def test_an_error_behind_the_decoder_is_of_that_run_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_jsonl(tmp_path / "good" / "log.jsonl", training_rows(falling(100)))
    write_jsonl(tmp_path / "odd" / "log.jsonl", training_rows(falling(100)))
    real = Training.update

    def broken(self: Training, *arguments: object) -> object:
        if "odd" in self.logs[0].path:
            raise ZeroDivisionError("of this run")
        return real(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Training, "update", broken)
    updates, _, refused = read_targets([str(tmp_path)], judging="at the end")
    assert [update.run.rpartition("/")[2] for update in updates] == ["good"]
    (why,) = refused.values()
    assert "of this run" in why


@pytest.mark.parametrize(("step", "told"), [(10**30, "1e+30"), (-(10**400), "-inf")])
def test_the_step_that_makes_no_sense_is_shown(step: int, told: str) -> None:
    from lossmon.formats.decoder import Record, Skipped
    from lossmon.formats.sound import sound

    skipped = Skipped()
    assert list(sound([Record({"loss": 2.0}, step)], skipped)) == []
    assert skipped.examples == [("a step that makes no sense", f"step {told}, loss 2")]


@pytest.mark.parametrize("beyond", ["1" + 20 * "0", "1e20", "9" * 400])
@pytest.mark.parametrize("form", ["step {} loss {}", "Epoch {} loss {}", "[{}/20] loss {}"])
def test_a_printed_step_beyond_all_bounds_is_no_row_of_the_step_before(
    form: str, beyond: str
) -> None:
    """It was put on the step of the row before, and what came again there was dropped unseen."""
    lines = [form.format(i, 2 - i / 20) for i in range(1, 21)]
    lines[10:10] = [form.format(beyond, "1e40"), form.format(beyond, "inf")]
    log = Log("train.log", named=True)
    records = [*log.feed("".join(f"{line}\n" for line in lines).encode()), *log.end()]
    assert [record.values["loss"] for record in records] == [2 - i / 20 for i in range(1, 21)]
    assert log.decoder is not None
    assert log.decoder.skipped.count == 2


_BELOW_0 = {
    "table.csv": ("step,loss", "{},{}"),
    "words.csv": ("step,loss,phase", "{},{},train"),
    "long.csv": ("metric,step,value", "loss,{},{}"),
    "log.jsonl": ("", '{{"step": {}, "loss": {}}}'),
    "step.log": ("", "step {} loss {}"),
    "cells.log": ("", "step={} loss={} lr=0.1"),
    "bar.log": ("", "[{}/40] loss: {}"),
}


@pytest.mark.parametrize(("name", "form"), _BELOW_0.items(), ids=_BELOW_0)
def test_a_step_below_0_is_no_row_whatever_the_format(name: str, form: tuple[str, str]) -> None:
    """Of a table it was kept; printed, it was a metric, and the rows were counted from there on."""
    lines = [form[1].format(i, 2 - i / 20) for i in range(-3, 20)]
    log = Log(name, named=True)
    text = "".join(f"{line}\n" for line in [form[0], *lines] if line)
    records = [*log.feed(text.encode()), *log.end()]
    assert [(one.step, one.values["loss"]) for one in records] == [
        (i, 2 - i / 20) for i in range(20)
    ]
    assert log.decoder is not None
    assert log.decoder.skipped.examples[0] == (
        "a step that makes no sense",
        "step -3, loss 2.15" + (", lr 0.1" if "cells" in name else ""),
    )


def _calls(work: object) -> int:
    """How many functions of Python are called: work that no clock blurs."""
    count = 0

    def note(_frame: object, what: str, _arg: object) -> None:
        nonlocal count
        count += what == "call"

    sys.setprofile(note)
    try:
        work()  # type: ignore[operator]
    finally:
        sys.setprofile(None)
    return count


def test_names_without_end_cost_no_more_each_the_more_there_are() -> None:
    def rows(count: int) -> bytes:
        return b"".join(b'{"step": %d, "loss": 1.5, "m%d": 2}\n' % (i, i) for i in range(count))

    few, many = rows(60), rows(240)
    assert _calls(lambda: _read(many, "log.jsonl")) < 6 * _calls(lambda: _read(few, "log.jsonl"))


def test_sound_rows_in_bulk_lose_only_those_beyond_bounds() -> None:
    import numpy as np

    from lossmon.formats.decoder import Skipped
    from lossmon.formats.sound import sound

    step = np.array([1, 2**62, 3], np.int64)
    skipped = Skipped()
    rows = Rows({"loss": np.array([1.0, 2.0, 3.0])}, step, None, np.array([1.0, 2.0, np.inf]))
    kept = sound(rows, skipped)
    assert [record.step for record in kept] == [1, 3]  # the last has no time any more
    assert skipped.count == 1


@pytest.mark.parametrize("value", [5e-324, 1e-310, 1e308, -1e308, 0.0, 1e-300])
def test_values_at_the_edge_of_a_float_are_compared_without_a_word(
    value: float, tmp_path: Path
) -> None:
    """A warning of numpy's would stand on the terminal; here each is an error."""
    for name, change in (("a", 0), ("b", 0), ("c", 1)):
        rows = [
            {"step": i, "loss": value if i % 3 else (2 + change) / i, "epoch": i / 10}
            for i in range(1, 90)
        ]
        write_jsonl(tmp_path / name / "log.jsonl", rows)
    updates, errors, refused = read_targets([str(tmp_path)], judging="at the end")
    assert (sum(len(update.logs) for update in updates), errors, refused) == (3, [], {})
    done = run("check", tmp_path)
    assert "Warning" not in done.stderr
