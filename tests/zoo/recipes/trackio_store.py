# /// script
# dependencies = ["trackio==0.43.0"]
# [tool.zoo]
# tool = "trackio"
# environment = "hf"
# log = ""
# train = "loss"
# eval = "val/loss"
# rate = "lr"
# ///
"""trackio's SQLite store in a folder of the project's."""

import os

os.environ["TRACKIO_DIR"] = os.path.join(os.getcwd(), "store")

import trackio
from zoo import Truth, descent

run = trackio.init(project="zoo", name="a", embed=False)
truth = Truth()
for step, loss, whole in descent(40):
    row = {"loss": loss, "lr": 0.05, **({"val/loss": whole} if step % 10 == 0 else {})}
    trackio.log(row, step=step)
    truth.values(step, row)
trackio.finish()
