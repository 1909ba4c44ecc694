"""One bad cell, line or tail of a log costs itself alone: the good rows around it are read."""

from __future__ import annotations

import gzip
import json
import sqlite3
from pathlib import Path

import pytest

from lossmon.formats.detect import detect
from lossmon.monitor.log import Log
from lossmon.monitor.sources import open_monitor
from lossmon.monitor.update import RunUpdate
from lossmon.monitor.whole import read_targets
from tests.conftest import write_jsonl
from tests.report.test_cli import run

N = 60
DIGITS = "9" * 5000


def _rows(bad: dict[int, str] | None = None) -> list[str]:
    """JSON lines of a falling loss, some with cells beside those of the others."""
    return [
        f'{{"step": {i}, "loss": {3 / (1 + i / 20):.4f}{(bad or {}).get(i, "")}}}\n'
        for i in range(1, N + 1)
    ]


def _only(folder: Path) -> RunUpdate:
    updates, errors, _ = read_targets([str(folder)], judging="at the end")
    assert errors == []
    (update,) = updates
    return update


# --- cells ----------------------------------------------------------------------------------------

CELLS = {
    "an epoch beyond a float": (', "epoch": 1e999', 0),
    "an epoch beyond bounds": (', "epoch": 1e300', 0),
    "an epoch of digits": (f', "epoch": "{"9" * 400}"', 0),
    "a time beyond bounds": (', "timestamp": 1e300', 0),
    "a total of 5,000 digits": (f', "total_steps": {DIGITS}', 0),
    "a metric of 5,000 digits": (f', "grad_norm": {DIGITS}', 0),
    "a list in a list in a list": (f', "x": {"[" * 5000}{"]" * 5000}', 1),
    "objects in objects": (f', "x": {5000 * chr(123) + 5000 * chr(125)}', 1),
    "a step beyond bounds": (', "step": 1e300', 1),
    "a step of 5,000 digits": (f', "step": {DIGITS}', 1),
}


@pytest.mark.parametrize("cell", CELLS)
def test_a_cell_of_a_json_line(cell: str, tmp_path: Path) -> None:
    text, lost = CELLS[cell]
    (tmp_path / "log.jsonl").write_text("".join(_rows({20: text})))
    update = _only(tmp_path)
    assert len(update.series["loss"]) == N - lost
    assert update.logs[0].skipped == lost
    assert update.total_steps is None


@pytest.mark.parametrize("column", ["epoch", "time"])
@pytest.mark.parametrize("cell", ["1e300", "inf", "9" * 400, "-1e300", "x"])
def test_a_cell_of_a_table(column: str, cell: str, tmp_path: Path) -> None:
    rows = [f"step,loss,{column}\n"]
    rows += [f"{i},{3 / (1 + i / 20):.4f},{i / 10 if i != 20 else cell}\n" for i in range(1, N + 1)]
    (tmp_path / "log.csv").write_text("".join(rows))
    assert len(_only(tmp_path).series["loss"]) == N


@pytest.mark.parametrize(
    ("cell", "good"),
    [
        ('"epoch": 1e999', N),
        (f'"epoch": {DIGITS}', N),
        ('"loss": "x"', N - 1),
        (f'"step": {DIGITS}', N - 1),
        ('"step": 1e999', N - 1),
    ],
)
def test_a_cell_of_a_state_file(cell: str, good: int, tmp_path: Path) -> None:
    rows = [{"step": i, "loss": 3 / i, "epoch": i / 10} for i in range(1, N + 1)]
    name = cell.partition(":")[0].strip('"')
    rows[20][name] = "HERE"  # type: ignore[assignment]
    state = json.dumps({"max_steps": 100, "log_history": rows})
    state = state.replace(f'"{name}": "HERE"', cell)
    (tmp_path / "trainer_state.json").write_text(state)
    assert len(_only(tmp_path).series["loss"]) == good


def test_a_total_of_5_000_digits_in_each_line_of_text(tmp_path: Path) -> None:
    rows = [f"step {i}/{DIGITS} loss {3 / (1 + i / 20):.4f}\n" for i in range(N)]
    (tmp_path / "train.log").write_text("".join(rows))
    update = _only(tmp_path)
    assert len(update.series["loss"]) == N
    assert update.total_steps is None


def test_rows_with_an_epoch_beyond_bounds_are_the_same_however_they_are_cut() -> None:
    data = "".join(_rows(dict.fromkeys(range(30, 40), ', "epoch": 1e300'))).encode()
    shown = []
    for cuts in ([len(data)], [1000, len(data)], list(range(0, len(data) + 7, 7))):
        log = Log("log.jsonl")
        records, at = [], 0
        for cut in cuts:
            records += log.feed(data[at:cut])
            at = cut
        shown.append(repr([*records, *log.end()]))
    assert len(set(shown)) == 1


# --- packed tails ---------------------------------------------------------------------------------


def test_a_wrong_checksum_costs_no_row_and_is_one_line(tmp_path: Path) -> None:
    packed = gzip.compress("".join(_rows()).encode())
    (tmp_path / "log.jsonl.gz").write_bytes(packed[:-8] + bytes(4) + packed[-4:])
    update = _only(tmp_path)
    assert len(update.series["loss"]) == N
    assert update.errors == (
        "the gzip data is damaged (incorrect data check); what stands before that is read",
    )
    shown = run("check", "-v", tmp_path)
    assert shown.stdout.count("damaged") == 1
    assert shown.returncode == 0


def test_bytes_behind_the_end_cost_no_row(tmp_path: Path) -> None:
    packed = gzip.compress("".join(_rows()).encode())
    (tmp_path / "log.jsonl.gz").write_bytes(packed + b"no member")
    update = _only(tmp_path)
    assert len(update.series["loss"]) == N
    assert len(update.errors) == 1


@pytest.mark.parametrize("share", [0.4, 0.7, 0.95])
def test_a_cut_tail_leaves_the_rows_before_it(share: float, tmp_path: Path) -> None:
    import zlib

    packed = gzip.compress("".join(_rows()).encode())
    packed = packed[: int(share * len(packed))]
    there = zlib.decompressobj(wbits=31).decompress(packed).count(b"\n")
    (tmp_path / "log.jsonl.gz").write_bytes(packed)
    update = _only(tmp_path)
    assert len(update.series["loss"]) == there > 5
    assert update.errors == ("the gzip data ends in the middle: still written, or cut",)


def test_of_several_logs_of_a_run_the_damaged_one_is_named(tmp_path: Path) -> None:
    """It was told of the run, whose first log is whole."""
    (tmp_path / "a.jsonl").write_text("".join(_rows()))
    packed = gzip.compress("".join(_rows()).encode())
    (tmp_path / "z.jsonl.gz").write_bytes(packed[: len(packed) // 2])
    update = _only(tmp_path)
    assert update.errors == ("z.jsonl.gz: the gzip data ends in the middle: still written, or cut",)


def test_a_packed_file_without_a_whole_block_says_so(tmp_path: Path) -> None:
    zstandard = pytest.importorskip("zstandard")
    packed = zstandard.compress("".join(_rows()).encode())
    (tmp_path / "log.jsonl.zst").write_bytes(packed[: len(packed) // 2])
    _, errors, _ = read_targets([str(tmp_path / "log.jsonl.zst")], judging="at the end")
    assert "the zstd data ends in the middle" in str(errors[0])


# --- databases ------------------------------------------------------------------------------------


def test_cells_of_any_type_in_a_metric_store(tmp_path: Path) -> None:
    store = sqlite3.connect(tmp_path / "mlflow.db")
    store.execute("CREATE TABLE runs (run_uuid, name)")
    store.execute("INSERT INTO runs VALUES ('abc', 'first')")
    store.execute("CREATE TABLE metrics (key, value, timestamp, run_uuid, step, is_nan)")
    odd = {
        10: {"value": "oops"}, 11: {"value": None}, 12: {"value": b"\xff\x00"},
        13: {"timestamp": "late"}, 14: {"step": "x"}, 15: {"step": b"\xfe"}, 16: {"is_nan": "no"},
        17: {"key": b"loss\xff"}, 18: {"run_uuid": None},
    }  # fmt: skip
    for i in range(1, N + 1):
        row = {"key": "loss", "value": 3 / i, "timestamp": 1.7e12 + i, "run_uuid": "abc"}
        row |= {"step": i, "is_nan": 0} | odd.get(i, {})
        store.execute("INSERT INTO metrics VALUES (?, ?, ?, ?, ?, ?)", tuple(row.values()))
    store.commit()
    store.close()
    updates, errors, _ = read_targets([str(tmp_path)], judging="at the end")
    assert errors == []
    first = max(updates, key=lambda update: len(update.series.get("loss", ())))
    assert len(first.series["loss"]) == N - 5  # three values, one name, one run


def test_text_that_is_no_utf_8_in_a_metric_store(tmp_path: Path) -> None:
    store = sqlite3.connect(tmp_path / "demo.db")
    store.execute(
        "CREATE TABLE metrics (id INTEGER PRIMARY KEY, timestamp TEXT, run_name TEXT, step, metrics)"
    )
    for i in range(1, N + 1):
        row = ("2026-01-01T00:00:00", "a", i, json.dumps({"train/loss": 3 / i}))
        store.execute(
            "INSERT INTO metrics (timestamp, run_name, step, metrics) VALUES (?, ?, ?, ?)", row
        )
    store.execute("UPDATE metrics SET metrics = CAST(x'fffe7b7d' AS TEXT) WHERE id = 20")
    store.execute("UPDATE metrics SET metrics = ? WHERE id = 21", ("[" * 100_000,))
    store.commit()
    store.close()
    update = _only(tmp_path)
    assert len(update.series["train/loss"]) == N - 2
    assert update.logs[0].skipped == 2


def test_a_damaged_page_of_a_database_leaves_the_rows_before_it(tmp_path: Path) -> None:
    path = tmp_path / "demo.db"
    store = sqlite3.connect(path)
    store.execute("PRAGMA page_size = 512")
    store.execute(
        "CREATE TABLE metrics (id INTEGER PRIMARY KEY, timestamp, run_name, step, metrics)"
    )
    for i in range(1, 401):
        row = ("2026-01-01T00:00:00", "a", i, json.dumps({"train/loss": 3 / i}))
        store.execute(
            "INSERT INTO metrics (timestamp, run_name, step, metrics) VALUES (?, ?, ?, ?)", row
        )
    store.commit()
    store.close()
    data = bytearray(path.read_bytes())
    place = data.index(b'"train/loss": 0.015')  # row 200
    page = place // 512 * 512
    data[page : page + 512] = b"\xff" * 512
    path.write_bytes(data)
    updates, _, _ = read_targets([str(tmp_path)], judging="at the end")
    (update,) = updates
    assert 100 < len(update.series["train/loss"]) < 300
    assert any("can't be read" in error for error in update.errors)


# --- tables as a spreadsheet of much of Europe writes them ----------------------------------------


@pytest.mark.parametrize(
    ("row", "loss"),
    [
        ("10;2,5;0,1", 2.5),
        ("10;1,234;0,1", 1.234),
        ("10;-0,5;1,5e-3", -0.5),
        ("10;1.234,5;0,1", 1234.5),
        ('10;"2,5";0,1', 2.5),
        ("10;,5;0,1", 0.5),
        ("10;2;0", 2.0),
        ("10;2.5;0.1", 2.5),
        ("10;1,234;0.1", 1234.0),  # points are decimal marks: the commas group
    ],
)
def test_decimal_commas_between_semicolons(row: str, loss: float) -> None:
    found = detect(f"step;loss;lr\n{row}\n11;2,4;0,1\n".encode(), "log.csv", True)
    assert found is not None
    (record, *_) = found.decoder.feed(f"step;loss;lr\n{row}\n11;2,4;0,1\n".encode())
    assert record.values["loss"] == loss


def test_many_rows_with_decimal_commas_read_like_one() -> None:
    rows = [f"{i};{3 / (1 + i / 20):.4f};{i / 1e4:.1e}\n".replace(".", ",") for i in range(200)]
    data = ("step;loss;lr\n" + "".join(rows)).encode()
    whole, by_line = Log("log.csv"), Log("log.csv")
    records = [*whole.feed(data), *whole.end()]
    single = [r for line in data.splitlines(True) for r in by_line.feed(line)] + [*by_line.end()]
    assert repr(list(records)) == repr(single)
    assert len(single) == 200


# --- words ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("log.csv", "step,loss\n", "it looks like csv (a header with loss), and holds no row yet"),
        ("log.csv", "step,loss\nx,y\nz,a\n", "but none of 2 lines could be read; no metric in"),
        ("trainer_state.json", '{"max_steps": 10, "log_history": []}', "and holds no row yet"),
    ],
)
def test_a_log_that_is_known_and_gave_no_row_says_so(
    name: str, text: str, said: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text)
    for target in (tmp_path, tmp_path / name):
        told = run("check", target).stderr
        assert said in told
        assert "nothing to read" not in told


def test_of_a_log_without_a_row_no_picture_is_drawn(tmp_path: Path) -> None:
    """An empty frame, "0 points; 8 more are needed", "its rows have no step; drawn by step"."""
    log = tmp_path / "log.jsonl"
    log.write_text('{"step": 1e300, "loss": 2.0}\n' * 50)
    told = run("plot", log)
    assert (told.returncode, told.stdout) == (2, "")
    (line,) = told.stderr.splitlines()
    assert "none of 50 lines could be read; a step that makes no sense" in line


def test_an_example_of_what_was_skipped_is_never_empty(tmp_path: Path) -> None:
    rows = "".join(_rows(dict.fromkeys((20, 21, 22, 23), ', "step": 1e300')))
    (tmp_path / "log.jsonl").write_text(rows + "x" * (1 << 21) + "\n")
    shown = run("check", "-v", tmp_path).stdout.splitlines()
    examples = [line.strip() for line in shown if line.startswith("      ")]
    assert examples
    assert all(not line.endswith(":") for line in examples)
    assert len(set(examples)) == len(examples)


# --- logs all of whose numbers are odd ------------------------------------------------------------


def _each(*rows: str) -> bytes:
    return "".join(f"{row}\n" for row in rows).encode()


_I = range(1, N + 1)
_NUMBERS = ("1e300", "inf", "nan", "9" * 300, "-1e300", "٣", "²", "1e-320", "0x10", "1_000", "")
WHOLE = {
    "half a pair": ("x.jsonl", _each(*(rf'{{"step": {i}, "loss": 1, "\ud800x": 1}}' for i in _I))),
    "times that go back": (
        "x.jsonl",
        _each(*(f'{{"step": {i}, "loss": 1, "time": {1_700_000_000 - 1000 * i}}}' for i in _I)),
    ),
    "times that are none": (
        "x.jsonl",
        _each(
            *(
                f'{{"step": {i}, "loss": 1, "time": "{time}"}}'
                for i, time in zip(
                    _I,
                    ("9999-12-31T23:59:59-23:59", "0000-00-00 00:00", "NaN", "1e400", "-1") * N,
                    strict=False,
                )
            )
        ),
    ),
    "totals that are infinite": (
        "x.jsonl",
        _each(
            *(f'{{"step": {i}, "loss": 1, "num_epochs": Infinity, "max_steps": 1e400}}' for i in _I)
        ),
    ),
    "epochs alone, next to the bound": (
        "x.jsonl",
        _each(*(f'{{"epoch": {i * 10**17}, "loss": {3 / i}}}' for i in _I)),
    ),
    "steps at both ends": (
        "x.jsonl",
        _each(*(f'{{"step": {i % 2 * 4 * 10**18}, "loss": 1.5}}' for i in _I)),
    ),
    "values at both ends": (
        "x.jsonl",
        _each(*(f'{{"step": {i}, "loss": {(-1) ** i * 1e308}}}' for i in _I)),
    ),
    "a history of values at both ends": (
        "x.json",
        json.dumps({"loss": [(-1) ** i * 1e308 for i in _I], "lr": [5e-324] * N}).encode(),
    ),
    "text with totals of all kinds": (
        "x.log",
        _each(
            *(
                f"epoch {i}/{n} step {i}/{n} loss 2.5"
                for i, n in zip(_I, 9 * _NUMBERS, strict=False)
            )
        ),
    ),
}


@pytest.mark.parametrize("odd", WHOLE)
def test_a_log_of_odd_numbers_is_read_judged_and_drawn(odd: str, tmp_path: Path) -> None:
    name, data = WHOLE[odd]
    (tmp_path / name).write_bytes(data)
    update = _only(tmp_path)
    assert update.errors == ()
    assert update.logs[0].records >= 0.6 * N
    for command in (("check", "-v"), ("plot", "--width", "60", "--height", "12")):
        done = run(*command, tmp_path)
        assert (done.returncode, done.stderr) == (0, ""), command


def test_a_table_of_odd_numbers_loses_the_rows_without_a_place_alone(tmp_path: Path) -> None:
    rows = [f"{i},{n},{n}" for i, n in enumerate(_NUMBERS)]
    rows += [f"{n},2.5,1" for n in _NUMBERS if n not in ("٣", "-1e300")]
    rows += [f"{i},2.5,1" for i in range(20, 20 + N)]
    (tmp_path / "x.csv").write_bytes(_each("step,loss,lr", *rows))
    update = _only(tmp_path)
    assert len(update.series["loss"]) >= N + 6
    assert update.step == 19 + N


@pytest.mark.parametrize("name", ["x.jsonl", "x.csv"])
@pytest.mark.parametrize("at", [0, 9, 40])
def test_a_step_that_is_not_whole_costs_its_row_where_steps_are_counted(
    name: str, at: int, tmp_path: Path
) -> None:
    """Where the first is not whole, the column is called so and counts something else."""
    step = {i: f"{i}.5" if i == at else str(i) for i in range(N)}
    form = '{{"step": {}, "loss": {:.4f}}}' if name == "x.jsonl" else "{},{:.4f}"
    rows = [form.format(step[i], 3 / (i + 1)) for i in range(N)]
    (tmp_path / name).write_bytes(_each(*(["step,loss"] if name == "x.csv" else []), *rows))
    update = _only(tmp_path)
    assert len(update.series["loss"]) == N - (at > 0)
    assert update.step == N - 1


def test_a_packed_log_that_holds_much_is_read_in_turns(tmp_path: Path) -> None:
    """A megabyte of gzip may hold a thousand: no other run was looked at meanwhile."""
    rows, blank = _rows(), "\n" * (1 << 23)
    (tmp_path / "a").mkdir()
    packed = gzip.compress("".join([*rows[:30], blank, *rows[30:]]).encode())
    (tmp_path / "a" / "log.jsonl.gz").write_bytes(packed)
    write_jsonl(tmp_path / "b" / "log.jsonl", [{"step": i, "loss": 2 / (i + 1)} for i in range(20)])
    monitor = open_monitor([str(tmp_path)], watch=False)
    waited = 0
    while not monitor.exhausted:
        monitor.poll()
        waited += monitor.pending() > 0
    assert waited > 0
    assert {len(update.series["loss"]) for update in monitor.conclude()} == {N, 20}
    monitor.close()
