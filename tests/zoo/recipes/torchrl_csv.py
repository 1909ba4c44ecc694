# /// script
# dependencies = ["torchrl==0.14.1", "torch==2.13.0", "numpy"]
# [tool.zoo]
# tool = "TorchRL CSVLogger"
# environment = "torch"
# log = ""
# train = "loss"
# rate = "lr"
# ///
"""TorchRL's CSVLogger: a file a metric, without a header."""

from torchrl.record.loggers.csv import CSVLogger
from zoo import Truth, descent

truth = Truth()
logger = CSVLogger(exp_name="exp", log_dir="logs")
for step, loss, _ in descent(40):
    logger.log_scalar("loss", loss, step=step)
    logger.log_scalar("lr", 0.05, step=step)
    truth.row(step, loss=loss, lr=0.05)
