"""Runs over their settings: the sibling of a sick one, groups of seeds, the band of their curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from lossmon.chart.band import GROUND
from lossmon.chart.cursor import OVER, cells_of
from lossmon.chart.of_run import curves_of, spec_of
from lossmon.chart.picture import draw
from lossmon.diagnosis.finding import Diagnosis, Finding
from lossmon.history.columns import SeriesView
from lossmon.hparams import Hparams
from lossmon.hparams.flat import Value
from lossmon.monitor.groups import SEEDS, band_of, best_of, folded, groups, ways, worst_of
from lossmon.monitor.sibling import Siblings, parts_at
from lossmon.monitor.update import RunUpdate

N = 400


def view(values: Sequence[float] | np.ndarray, name: str = "loss") -> SeriesView:
    value = np.asarray(values, float)
    return SeriesView(name, "train_loss", np.arange(1, len(value) + 1), value, None, None)


def losses(seed: int = 0, level: float = 0.5) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return 2 * np.exp(-np.arange(N) / 80) + level + 0.02 * rng.normal(size=N)


def run(name: str, values: np.ndarray, *, sick: bool = False, **settings: Value) -> RunUpdate:
    finding = Finding("diverged", "critical", 0.9, 100, "loss", "it rose") if sick else None
    return RunUpdate(
        name, 1, "finished", "", N, N, None, None, None, None, 0.0, "loss", None, None, None,
        {"loss": view(values)}, {}, (), Diagnosis((finding,) if finding else ()), (),
        hparams=Hparams(settings),
    )  # fmt: skip


def rising(seed: int, start: int) -> np.ndarray:
    found = losses(seed)
    found[start:] *= np.exp(np.arange(N - start) / 40)
    return found


def test_the_nearest_healthy_run_and_where_the_curves_part() -> None:
    runs = [
        run("a", losses(1), lr=1e-4, bs=8, opt="adam", out="/x/a"),
        run("b", losses(2), lr=3e-4, bs=8, opt="adam", out="/x/b"),
        run("c", losses(3), lr=3e-4, bs=64, opt="sgd", out="/x/c"),
        run("d", rising(4, 200), sick=True, lr=1e-3, bs=8, opt="adam", out="/x/d"),
        run("e", rising(5, 200), sick=True, lr=1e-3, bs=8, opt="adam", out="/x/e"),
    ]
    found = Siblings(runs).of(runs[3])
    assert found is not None
    assert found.run == "b", "as near as a, and its rate is nearer"
    assert [(one.name, one.here, one.there) for one in found.differs] == [("lr", "0.001", "0.0003")]
    assert found.parts_at is not None
    assert 190 <= found.parts_at <= 230
    assert Siblings(runs).of(runs[0]) is None, "nothing is wrong with it"
    assert Siblings(runs[3:]).of(runs[3]) is None, "none is well"


def test_runs_that_share_little_are_no_siblings() -> None:
    runs = [
        run("a", losses(1), lr=1e-4, bs=8, opt="adam", model="s"),
        run("b", rising(2, 99), sick=True, lr=1e-3, bs=16, opt="sgd", model="s"),
    ]
    assert Siblings(runs).of(runs[1]) is None


@pytest.mark.parametrize("seed", range(8))
def test_two_seeds_do_not_part(seed: int) -> None:
    assert parts_at(view(losses(seed)), view(losses(seed + 100))) is None


def test_a_curve_that_is_not_finite_parts_there() -> None:
    broken = losses(1)
    broken[300:] = np.nan
    found = parts_at(view(broken), view(losses(2)))
    assert found is not None
    assert 280 <= found <= 310


def sweep() -> list[RunUpdate]:
    return [
        run(f"exp/lr{lr:g}-seed{seed}", losses(seed, lr), sick=lr > 0.1 and seed == 2, lr=lr,
            seed=seed, out=f"/o/{lr}/{seed}")
        for lr in (0.01, 0.2) for seed in (1, 2, 3)
    ]  # fmt: skip


def test_runs_that_differ_in_their_seed_alone_are_a_group() -> None:
    runs = sweep()
    assert ways(runs) == [SEEDS, "lr"]
    found = groups(runs, SEEDS)
    assert {name: len(members) for name, members in found.items()} == {"lr=0.01": 3, "lr=0.2": 3}


def test_without_settings_the_name_without_its_number_tells() -> None:
    runs = [replace(one, hparams=Hparams()) for one in sweep()]
    assert list(groups(runs, SEEDS)) == ["exp/lr0.01", "exp/lr0.2"]
    tasks = [replace(one, run=f"slurm-{i}.out") for i, one in enumerate(runs)]
    assert groups(tasks, SEEDS) == {}, "jobs of any programs are no seeds"


def test_a_group_has_the_numbers_of_the_best_and_the_verdict_of_the_worst() -> None:
    members = groups(sweep(), SEEDS)["lr=0.2"]
    line = folded("group lr=0.2", members)
    assert worst_of(members).run == "exp/lr0.2-seed2"
    assert line.diagnosis.findings[0].pattern == "diverged"
    assert line.newest(line.train) == min(one.newest("loss") or 9 for one in members)
    assert best_of(members).newest("loss") == line.newest("loss")


def test_the_band_holds_all_of_a_few_seeds_and_half_of_many() -> None:
    few = [run(f"r{seed}", losses(seed)) for seed in range(3)]
    median, low, high = band_of(few, "train")
    every = np.array([one.series["loss"].value for one in few])
    np.testing.assert_allclose(median.value, np.median(every, axis=0))
    np.testing.assert_allclose(low.value, every.min(axis=0))
    np.testing.assert_allclose(high.value, every.max(axis=0))
    many = [run(f"r{seed}", losses(seed)) for seed in range(20)]
    _, low, high = band_of(many, "train")
    every = np.array([one.series["loss"].value for one in many])
    inside = (every >= low.value) & (every <= high.value)
    assert 0.4 < inside.mean() < 0.7


def test_a_band_ends_where_only_one_run_goes_on() -> None:
    short = run("short", losses(1)[:100])
    longer = run("long", losses(2))
    median, *_ = band_of([short, longer, run("none", np.full(9, np.nan))], "train")
    assert median.step[-1] == 100
    assert band_of([short], "train") == ()


def test_a_group_is_charted_as_median_and_band() -> None:
    line = folded("group x", sweep()[:3])
    assert [curve.label for curve in curves_of(line)] == ["train median", "", ""]


def test_the_median_is_whole_and_the_band_is_seen_however_narrow() -> None:
    """Its dashed edges lay over it, and it read as if points were missing."""
    line = folded("group x", [run(f"r{seed}", losses(seed) + 1e-9 * seed) for seed in (1, 1, 1)])
    picture = draw(spec_of(line, 60, 14))
    cells = [cell for row in picture.rows for cell in cells_of(row)]
    lit = {style for sign, style in cells if GROUND in style.split(OVER)}
    assert "train|lit" in lit
    columns = [
        any(cells_of(row)[x][1].startswith("train") for row in picture.rows)
        for x in range(picture.plot.left, picture.plot.left + picture.plot.width)
    ]
    assert all(columns), "no gap"


def test_a_setting_that_some_runs_lack_is_no_way_to_group() -> None:
    """In a folder with other runs, a batch size that is 32 in all that have one was offered."""
    bare = [replace(run(f"b{i}", losses(i)), hparams=Hparams()) for i in range(3)]
    same = [replace(one, hparams=Hparams({**one.hparams.values, "bs": 32})) for one in sweep()]
    assert "bs" not in ways([*same, *bare])
    assert "lr" in ways([*same, *bare])


def test_a_band_that_reaches_far_does_not_flatten_its_median() -> None:
    """Of three runs one was next to nothing: the axis went down to 1e-9 for its edge."""
    tiny = [run("a", losses(1)), run("b", losses(2)), run("c", losses(3) * 1e-9)]
    scale = draw(replace(spec_of(folded("group x", tiny), 60, 14), log_y=True)).plot.y
    alone = draw(replace(spec_of(tiny[0], 60, 14), log_y=True)).plot.y
    assert scale.high - scale.low < 3 * (alone.high - alone.low)
