# /// script
# dependencies = ["mace-torch==0.3.16", "torch==2.13.0", "numpy"]
# [tool.zoo]
# tool = "MACE"
# environment = "mace"
# train = "loss"
# eval = "eval_loss"
# also = ["time", "eval_.*", "RMSE.*"]
# stored = ["results/*.txt", "logs/tiny_run-1.log"]
# note = "the loss that its output prints is the one of validation, without the word"
# ///
"""A tiny potential for four atoms on springs, by `mace_run_train`."""

import sys

import numpy as np
from ase import Atoms
from ase.io import write
from mace.cli import run_train
from mace.tools import utils
from zoo import Truth

rng = np.random.default_rng(0)
rest = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], dtype=float)
frames = []
for _ in range(40):
    moved = rng.normal(scale=0.1, size=rest.shape)
    one = Atoms("HOHO", positions=rest + moved)
    one.info["REF_energy"] = float((moved**2).sum())
    one.arrays["REF_forces"] = -2 * moved
    frames.append(one)
write("data.xyz", frames)
truth = Truth()
steps = -1  # rows of epoch 0 are counted from 0
log = utils.MetricsLogger.log


def noted(self, row):
    global steps
    log(self, row)
    if row["mode"] == "opt":
        steps += 1
        truth.row(steps, loss=row["loss"])
    else:
        truth.row(max(steps, 0), eval_loss=row["loss"])


utils.MetricsLogger.log = noted
sys.argv = [
    "mace_run_train", "--name=tiny", "--train_file=data.xyz", "--valid_fraction=0.2", "--E0s=average",
    "--hidden_irreps=8x0e", "--r_max=3", "--batch_size=8", "--max_num_epochs=5", "--device=cpu",
    "--num_interactions=1", "--energy_key=REF_energy", "--forces_key=REF_forces", "--seed=1",
]  # fmt: skip
run_train.main()
