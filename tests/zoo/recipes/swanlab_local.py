# /// script
# dependencies = ["swanlab==0.10.3"]
# [tool.zoo]
# tool = "SwanLab offline"
# environment = "torch"
# log = ""
# train = "loss"
# also = ["__swanlab__.*"]
# ends = "finished"
# note = "a binary file of its own; measures the machine, too"
# ///
"""SwanLab in offline mode."""

import swanlab
from zoo import Truth, descent

swanlab.init(project="zoo", mode="offline", logdir="swanlog")
truth = Truth()
for step, loss, _ in descent(40):
    swanlab.log({"loss": loss}, step=step)
    truth.row(step, loss=loss)
swanlab.finish()
