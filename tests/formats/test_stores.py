"""Event files and W&B run files: both forms of a scalar, damage, cut records, and their packages."""

from __future__ import annotations

import random
import struct
import time
from pathlib import Path

import pytest

from lossmon.formats.decoder import Parts, Rows
from lossmon.formats.tensorboard import EventDecoder
from lossmon.formats.wandb import WandbDecoder
from lossmon.monitor.whole import read_targets
from tests.formats.samples import (
    DATA,
    event,
    events,
    field,
    float_val,
    framed,
    simple,
    swanlab_run,
    tensor,
    version,
    wandb_file,
    wandb_history,
    wandb_run,
)
from tests.waiting import PATIENCE_S

EVENT_FILES = sorted(DATA.rglob("events.out.tfevents.*"))


def scalars(data: bytes) -> list[tuple[str, int | None, float]]:
    return [
        (name, record.step, value)
        for record in EventDecoder().feed(data)
        for name, value in record.values.items()
    ]


class TestEventFiles:
    @pytest.mark.parametrize("form", [simple, tensor, float_val])
    @pytest.mark.parametrize("value", [0.0, 1.0, 0.25, -3.5, float("inf")])
    def test_each_form_of_a_scalar(self, form, value: float) -> None:
        log = b"".join(event(step, 1.7e9, form("loss", value)) for step in (0, 5, 300, 2**40))
        assert scalars(log) == [("loss", step, value) for step in (0, 5, 300, 2**40)]

    def test_values_are_those_that_were_written_whatever_came_before(self) -> None:
        """Events of one tag are recognised by their shape: each value must still be its own."""
        written = [0.5, 0.25, 1.0, 0.0, 0.5, float("nan"), 7.0]
        log = b"".join(
            event(
                i,
                1.7e9,
                simple("a", v),
            )
            for i, v in enumerate(written)
        )
        assert repr([value for _, _, value in scalars(log)]) == repr(written)

    def test_several_values_in_one_event(self) -> None:
        log = event(1, 1.7e9, simple("a", 0.5), simple("b", 0.25))
        assert scalars(log) == [("a", 1, 0.5), ("b", 1, 0.25)]

    def test_double_and_integer_tensors(self) -> None:
        double = field(1, 2) + field(4, struct.pack("<d", 0.1))
        whole = field(1, 9) + varint_field(10, 42)
        log = event(1, 0, field(1, b"d") + field(8, double), field(1, b"i") + field(8, whole))
        assert scalars(log) == [("d", 1, 0.1), ("i", 1, 42.0)]

    def test_pictures_and_histograms_are_passed_over(self) -> None:
        vector = field(1, b"v") + field(8, field(1, 1) + field(4, bytes(8)))
        picture = field(1, b"p") + field(4, b"\x89PNG" * 100)
        assert scalars(version() + event(1, 0, vector, picture) + event(2, 0, simple("a", 1))) == [
            ("a", 2, 1.0)
        ]

    def test_a_cut_last_record_waits(self) -> None:
        decoder, log = EventDecoder(), events(3)
        assert len(decoder.feed(log[:-5])) == 2
        assert decoder.skipped.count == 0
        assert len(decoder.feed(log[-5:])) == 1

    def test_a_wrong_checksum_costs_one_record(self) -> None:
        good = event(1, 0, simple("a", 1.0))
        bad = bytearray(event(2, 0, simple("a", 2.0)))
        bad[-10] ^= 0xFF
        decoder = EventDecoder()
        records = decoder.feed(good + bytes(bad) + event(3, 0, simple("a", 3.0)))
        assert [record.step for record in records] == [1, 3]
        assert decoder.skipped.count == 1

    def test_behind_a_damaged_length_it_finds_the_next_record(self) -> None:
        decoder = EventDecoder()
        noise = b"\xff" * 50
        records = decoder.feed(
            event(1, 0, simple("a", 1.0)) + noise + event(2, 0, simple("a", 2.0))
        )
        assert [record.step for record in records] == [1, 2]
        assert decoder.skipped.count >= 1

    def test_a_huge_record_is_passed_over_in_bounded_memory(self) -> None:
        decoder = EventDecoder()
        log = framed(bytes(5_000_000)) + event(1, 0, simple("a", 1.0))
        records = []
        for start in range(0, len(log), 1000):
            records += decoder.feed(log[start : start + 1000])
            assert len(decoder._tail) < 1 << 20
        assert [record.step for record in records] == [1]

    @pytest.mark.parametrize("path", EVENT_FILES, ids=lambda path: path.parts[-3])
    @pytest.mark.slow
    def test_real_files_as_the_tensorboard_package_reads_them(self, path: Path) -> None:
        loader = pytest.importorskip("tensorboard.backend.event_processing.event_file_loader")
        util = pytest.importorskip("tensorboard.util.tensor_util")
        wanted = [
            (value.tag, event.step, float(util.make_ndarray(value.tensor).item()))
            for event in loader.EventFileLoader(str(path)).Load()
            for value in event.summary.value
            if value.HasField("tensor") and value.tensor.dtype == 1
        ]
        assert scalars(path.read_bytes()) == wanted


def varint_field(number: int, value: int) -> bytes:
    return field(number, value)


class TestWandb:
    def test_rows_with_their_step_and_time(self) -> None:
        record = WandbDecoder().feed(
            wandb_file([wandb_history(7, {"loss": 0.5, "_timestamp": 1.7e9})])
        )[0]
        assert (record.step, record.time, record.values) == (7, 1.7e9, {"loss": 0.5})

    def test_a_record_over_several_blocks(self) -> None:
        big = {f"m{i}": float(i) for i in range(3000)}
        (record,) = WandbDecoder().feed(wandb_file([wandb_history(1, {"loss": 1.0, **big})]))
        assert len(record.values) == 3001

    @pytest.mark.parametrize(("code", "finished"), [(0, True), (1, False)])
    def test_how_the_run_ended(self, code: int, finished: bool) -> None:
        decoder = WandbDecoder()
        decoder.feed(wandb_run(5, code))
        assert decoder.facts.finished is finished
        assert (decoder.facts.failure is None) is finished

    def test_a_damaged_record_costs_itself(self) -> None:
        log = bytearray(wandb_file([wandb_history(i, {"loss": float(i)}) for i in range(5)]))
        log[log.index(b"loss") + 1] ^= 0xFF
        decoder = WandbDecoder()
        assert [record.step for record in decoder.feed(bytes(log))] == [1, 2, 3, 4]
        assert decoder.skipped.count == 1

    def test_rows_read_many_at_once_are_what_they_are_one_at_a_time(self) -> None:
        """W&B writes the cells of a row in any order; a row with another cell is read by itself."""
        chance = random.Random(0)
        written = []
        for i in range(60):
            cells = {"loss": 1 / (i + 1), "eval/loss": 2.0 + i, "lr": 1e-3, "_timestamp": 1.7e9 + i}
            if i == 20:
                cells["text"] = "no number"
            if i == 40:
                cells["layers"] = {"a": 0.5}
            names = [*cells]
            chance.shuffle(names)
            written.append(wandb_history(i, {name: cells[name] for name in names}))
        together = WandbDecoder().feed(wandb_file(written))
        assert isinstance(together, Parts)
        assert [len(p) for p in together.parts if isinstance(p, Rows)] == [20, 19, 19]
        singly = [WandbDecoder().feed(wandb_file([one]))[0] for one in written]
        assert [one.step for one in together] == list(range(60))
        assert [(one.values, one.step, one.time) for one in together] == [
            (one.values, one.step, one.time) for one in singly
        ]

    def test_items_of_each_shape_beside_each_other(self) -> None:
        """Short ones are looked up by how they begin; each shape must still say what it says."""
        key, nested, value = field(1, b"loss"), field(2, b"eval") + field(2, b"loss"), b"\x82\x01"
        items = {
            "a key": field(1, field(1, b"a") + field(16, b"0.5")),
            "a nested key": field(1, field(2, b"eval/b") + field(16, b"1.5")),
            "two nested keys": field(1, nested + field(16, b"2.5")),
            "value first": field(1, field(16, b"3.5") + key),
            "a long key": field(1, field(1, b"k" * 200) + field(16, b"4.5")),
            "a long value": field(1, field(1, b"c") + field(16, b"5.5" + b" " * 200)),
            "a key that ends like one": field(1, field(1, b"d" + value) + field(16, b"6.5")),
        }
        step, summary = field(2, field(1, 7)), field(1, 2) + field(3, items["a key"])
        row = field(1, 300) + field(2, b"".join(items.values()) + step)
        again = field(2, items["a key"] + step) + field(200, b"in another order") + field(1, 5)
        first, second = WandbDecoder().feed(wandb_file([summary, row, summary, again]))
        assert (first.step, second.step, second.values) == (7, 7, {"a": 0.5})
        assert [*first.values.values()] == [0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5]
        names = ["a", "eval/b", "eval/loss", "loss", "k" * 200, "c", "d\ufffd\x01"]
        assert [*first.values] == names

    @pytest.mark.slow  # the package starts a service of its own
    def test_what_the_package_wrote(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        wandb = pytest.importorskip("wandb")
        monkeypatch.setenv("WANDB_MODE", "offline")
        monkeypatch.setenv("WANDB_SILENT", "true")
        run = wandb.init(project="p", dir=str(tmp_path), settings={"console": "off"})
        for i in range(20):
            run.log({"train/loss": 2 - i * 0.1, "nested": {"a": i}})
        run.finish()
        (path,) = tmp_path.rglob("*.wandb")
        deadline = time.monotonic() + PATIENCE_S  # its service writes behind our back
        records = []
        while len(records) < 20 and time.monotonic() < deadline:
            records = WandbDecoder().feed(path.read_bytes())
        assert [r.values["train/loss"] for r in records] == [2 - i * 0.1 for i in range(20)]
        assert [record.step for record in records] == list(range(20))


@pytest.mark.parametrize(("state", "told"), [(1, "finished"), (2, "failed"), (None, "running")])
def test_a_swanlab_run_has_its_name_its_points_and_its_end(
    tmp_path: Path, state: int | None, told: str
) -> None:
    log = tmp_path / "swanlog" / "run-20260101_000000-ab12" / "run-ab12.swanlab"
    (log.parent / "files").mkdir(parents=True)
    log.write_bytes(swanlab_run(state=state))
    config = "lr:\n  desc: ''\n  sort: 0\n  value: 0.02\n"
    (log.parent / "files" / "config.yaml").write_text(config)
    (run,) = read_targets([str(tmp_path)], judging="at the end").updates
    assert run.run == "tiny-s1"
    assert run.state == told
    assert run.series["train/loss"].step.tolist() == list(range(30))
    assert run.series["train/loss"].time is not None
    assert run.series["train/loss"].time[1] == 1_700_000_001.5
    assert dict(run.hparams.values) == {"lr": 0.02}
