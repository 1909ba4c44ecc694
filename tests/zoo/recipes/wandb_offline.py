# /// script
# dependencies = ["wandb==0.31.0"]
# [tool.zoo]
# tool = "W&B offline"
# environment = "torch"
# log = ""
# train = "loss"
# eval = "val/loss"
# rate = "lr"
# ends = "finished"
# note = "offline it writes in bursts"
# pace_s = 0.4
# ///
"""A run of W&B in offline mode, the step its own."""

import os

import wandb
from zoo import Truth, descent

os.environ["WANDB_SILENT"] = "true"
run = wandb.init(mode="offline", project="zoo", config={"lr": 0.05},
                 settings=wandb.Settings(x_disable_stats=True, x_disable_machine_info=True, disable_git=True, disable_code=True))  # fmt: skip
truth = Truth()
for step, loss, whole in descent(50):
    row = {"loss": loss, "lr": 0.05, **({"val/loss": whole} if step % 10 == 0 else {})}
    run.log(row, step=step)
    truth.values(step, row)
run.finish()
