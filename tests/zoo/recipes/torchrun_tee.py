# /// script
# dependencies = ["torch==2.13.0", "numpy"]
# [tool.zoo]
# tool = "torchrun --tee"
# environment = "hf"
# train = "loss"
# note = "two ranks, labels before each line"
# ///
"""Two ranks under torchrun, both print; `--tee 3` labels the lines."""

import os
import subprocess
import sys

if "RANK" not in os.environ:
    sys.exit(subprocess.call([sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2",
                              "--log-dir", "../ranks", "--tee", "3", __file__]))  # fmt: skip

from zoo import Truth, descent

truth = Truth() if os.environ["RANK"] == "0" else None
for step, loss, _ in descent(40):
    if truth:
        print(f"step {step} loss {loss:.4f}")
        truth.row(step, loss=loss)
