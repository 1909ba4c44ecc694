"""Makes the pictures of the README: the program itself, on real runs.

    python -m tests.tui.screenshots

Run it again when the screen changes.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from pathlib import Path

from lossmon.monitor.sources import open_monitor
from lossmon.tui.app import LossmonApp
from tests.tui.test_app import loaded

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
# file name -> size in cells, runs, keys to press once all is read
PICTURES: dict[str, tuple[tuple[int, int], list[str], list[str]]] = {
    "wide": ((140, 36), list(RUNS), ["j", "j"]),
    "narrow": ((60, 16), ["digits-cnn-lr3"], []),
    "overfitting": ((120, 30), ["docs-lm"], []),
}


async def picture(folder: Path, size: tuple[int, int], runs: int, keys: list[str]) -> str:
    """The screen on a folder, as an SVG."""
    monitor = open_monitor([str(folder)], watch=False)
    app = LossmonApp(monitor)
    try:
        async with app.run_test(size=size) as pilot:
            await loaded(pilot, runs)
            await pilot.press(*keys)
            await pilot.pause(0.5)
            return app.export_screenshot(title="lossmon")
    finally:
        monitor.close()


def main() -> None:
    """Write screenshots/*.svg."""
    os.environ.pop("NO_COLOR", None)
    for name, (size, runs, keys) in PICTURES.items():
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary) / "runs"
            for run in runs:
                shutil.copytree(DATA / RUNS[run], folder / run, copy_function=shutil.copyfile)
            svg = asyncio.run(picture(folder, size, len(runs), keys))
        (ROOT / "screenshots").mkdir(exist_ok=True)
        (ROOT / "screenshots" / f"{name}.svg").write_text(svg)
        print(f"screenshots/{name}.svg")


if __name__ == "__main__":
    main()
