"""Makes the pictures of the README and of .github/docs: the program itself, on real runs.

    python -m tests.tui.screenshots [NAME...]

Run it again when the screen changes.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
from itertools import product
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.text import Text

from lossmon.demo.trainings import Training
from lossmon.logs import hosts
from lossmon.monitor.sources import open_monitor
from lossmon.tui.app import LossmonApp
from tests.remote.box import Box, free_port
from tests.tui.test_app import main_of, until

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "tests" / "data" / "runs"

# What a run is called in the pictures -> the real training behind it.
RUNS = {
    "docs-lm": "d157_loguru_docs_lm",
    "digits-cnn-lr3": "d006_loguru_digits_cnn",
    "digits-cnn": "d268_print_nanogpt_digits_cnn",
    "diabetes-mlp": "d120_jsonl_diabetes_mlp",
    "autoencoder": "d276_print_plain_ae_digits",
    "simclr": "d126_pylogging_simclr_digits",
    "docs-lm-noisy": "d012_print_plain_docs_lm",
    "digits-mlp": "d018_dvclive_digits_mlp",
}
CHECKED = ("docs-lm", "digits-cnn-lr3", "autoencoder", "digits-mlp")
MANY = {
    **RUNS,
    "digits-boost": "d034_xgboost_digits_mlp",
    "digits-cnn-hf": "d045_hf_digits_cnn",
    "digits-keras": "d074_keras_verbose2_digits_mlp",
    "docs-lm-lightning": "d127_lightning_docs_lm",
    "docs-lm-short": "d141_csv_docs_lm",
    "docs-lm-warm": "d150_print_plain_docs_lm",
    "sin": "d273_csv_tiny_sin",
    "digits-mlp-epochs": "d279_print_epoch_digits_mlp",
    "digits-cnn-long": "d330_logfmt_digits_cnn",
    "docs-lm-board": "d331_tb_torch_docs_lm",
}
# file name -> size in cells, runs, keys to press once all is read
PICTURES: dict[str, tuple[tuple[int, int], list[str], list[str]]] = {
    "wide": ((140, 36), list(RUNS), ["j", "j"]),
    "overlay": ((130, 28), list(RUNS), ["n", "n", "n", "space", "space", "space", "a"]),
    "narrow": ((60, 16), ["digits-cnn-lr3"], []),
    "overfitting": ((120, 30), ["docs-lm"], []),
    "cursor": ((120, 30), ["docs-lm"], ["plus", "h", "c", *["left"] * 6, "v", "v"]),
    "finding": ((130, 34), ["digits-cnn-lr3"], ["e"]),
    "runs": ((140, 26), list(MANY), ["escape"]),
    "wall": ((140, 40), list(MANY), ["w"]),
    "log": ((120, 34), ["docs-lm"], ["c", *["left"] * 60, "t"]),
    "chinese": ((140, 36), list(RUNS), ["j", "j"]),
}
IN_CHINESE = ("chinese",)


# the same, of a sweep; the list is open first, so that its line has time to be found
OF_A_SWEEP: dict[str, tuple[tuple[int, int], list[str]]] = {
    "differences": ((120, 20), ["escape", "o", *["space"] * 9, "D"]),
    "groups": ((140, 30), ["G", "down", "enter"]),
}
RATES, BATCHES, SEEDS = (0.02, 0.05, 1.2), (16, 64), (1, 2, 3)


def sweep(folder: Path) -> int:
    """Real tiny trainings over rates, batch sizes and seeds; how many there are."""
    count = 0
    for rate, batch, seed in product(RATES, BATCHES, SEEDS):
        told = Training("healthy", "", "jsonl", lambda _, rate=rate: rate, batch=batch, rows=120,
                        eval_every=10)  # fmt: skip
        run = folder / f"lr{rate:g}-bs{batch}-seed{seed}"
        run.mkdir(parents=True)
        settings = {"lr": rate, "batch_size": batch, "seed": seed, "momentum": 0.9, "hidden": 64}
        (run / "config.json").write_text(json.dumps(settings))
        with (run / "log.jsonl").open("w") as log, np.errstate(all="ignore"):
            for row in told.run(seed):
                values = {"step": row.step, "total_steps": told.total_steps, "loss": row.loss}
                values |= {} if row.eval_loss is None else {"eval_loss": row.eval_loss}
                log.write(json.dumps(values) + "\n")
        count += 1
    return count


async def picture(
    folder: Path, size: tuple[int, int], runs: int, keys: list[str], lang: str = "en"
) -> str:
    """The screen on a folder, as an SVG."""
    monitor = open_monitor([str(folder)], watch=False)
    app = LossmonApp(monitor, lang=lang)
    try:
        async with app.run_test(size=size) as pilot:
            await until(pilot, lambda: len(main_of(app).runs) == runs, 300)
            await until(pilot, lambda: not monitor.pending(), 300)
            await pilot.press(*keys)
            await pilot.pause(0.5)
            return app.export_screenshot(title="lossmon")
    finally:
        monitor.close()


def of_check(folder: Path) -> str:
    """What `lossmon check` prints of some runs, as an SVG."""
    asked = {**os.environ, "COLUMNS": "110", "PYTHONPATH": str(ROOT)}
    told = [sys.executable, "-m", "lossmon", "check", "runs/"]
    text = subprocess.run(told, cwd=folder, env=asked, capture_output=True, text=True).stdout
    console = Console(record=True, width=112, file=io.StringIO())
    console.print(Text("$ lossmon check runs/\n" + text))
    return console.export_svg(title="lossmon check")


async def of_boxes(folder: Path) -> str:
    """The screen on three boxes over real ssh connections, one of which is off."""
    home, box = folder / "home", Box(folder / "box", settings=f"SetEnv HOME={folder}/home")
    for name, target in (("a", "runs"), ("b", "exp")):
        for run in list(RUNS)[:4] if name == "a" else list(RUNS)[4:7]:
            copied = home / target / run
            shutil.copytree(DATA / RUNS[run], copied, copy_function=shutil.copyfile)
    known = box.client.read_text()
    alone = known.replace(f"Port {box.port}", f"Port {free_port()}").replace(
        "Host box", "Host gpu3"
    )
    box.client.write_text(known.replace("Host box", "Host gpu1 gpu2") + alone)
    hosts.use_config(str(box.client))
    monitor = open_monitor(["gpu1:~/runs", "gpu2:~/exp", "gpu3:runs"], watch=True)
    app = LossmonApp(monitor)
    try:
        async with app.run_test(size=(140, 30)) as pilot:
            await until(pilot, lambda: len(main_of(app).runs) == 7, 300)
            while {host.state for host in monitor.hosts()} != {"live", "retrying"}:
                await pilot.pause(0.1)
            await pilot.press("j", "j", "j")
            await pilot.pause(1.0)
            return app.export_screenshot(title="lossmon gpu1:~/runs gpu2:~/exp gpu3:runs")
    finally:
        monitor.close()
        box.stop()


def main() -> None:
    """Write screenshots/*.svg, or those that are named."""
    os.environ.pop("NO_COLOR", None)
    for chosen in (PICTURES, OF_A_SWEEP):
        for name in [name for name in chosen if sys.argv[1:] and name not in sys.argv[1:]]:
            del chosen[name]  # type: ignore[attr-defined]
    for name, (size, runs, keys) in PICTURES.items():
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary) / "runs"
            for run in runs:
                shutil.copytree(DATA / MANY[run], folder / run, copy_function=shutil.copyfile)
            lang = "zh" if name in IN_CHINESE else "en"
            svg = asyncio.run(picture(folder, size, len(runs), keys, lang))
        (ROOT / "screenshots").mkdir(exist_ok=True)
        (ROOT / "screenshots" / f"{name}.svg").write_text(svg)
        print(f"screenshots/{name}.svg")
    for name, (size, keys) in OF_A_SWEEP.items():
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary) / "runs"
            svg = asyncio.run(picture(folder, size, sweep(folder), keys))
        (ROOT / "screenshots" / f"{name}.svg").write_text(svg)
        print(f"screenshots/{name}.svg")
    if not sys.argv[1:] or "check" in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as temporary:
            for run in CHECKED:
                shutil.copytree(DATA / RUNS[run], Path(temporary) / "runs" / run)
            (ROOT / "screenshots" / "check.svg").write_text(of_check(Path(temporary)))
        print("screenshots/check.svg")
    if sys.argv[1:]:
        return
    with tempfile.TemporaryDirectory() as temporary:
        svg = asyncio.run(of_boxes(Path(temporary)))
    (ROOT / "screenshots" / "remote.svg").write_text(svg)
    print("screenshots/remote.svg")


if __name__ == "__main__":
    main()
