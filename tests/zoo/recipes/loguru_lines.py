# /// script
# dependencies = ["loguru==0.7.3"]
# [tool.zoo]
# tool = "loguru"
# environment = "logs"
# train = "loss"
# eval = "val_loss"
# rate = "lr"
# note = "lines of a training of one's own behind its prefix"
# ///
"""A loop of one's own that speaks through loguru."""

from loguru import logger
from zoo import Truth, descent

truth = Truth()
for step, loss, whole in descent(40):
    logger.info("step {} loss {:.5f} lr {:.1e}", step, loss, 0.05)
    row = {"loss": loss, "lr": 0.05}
    if step % 10 == 0:
        logger.success("step {} val_loss {:.5f}", step, whole)
        row["val_loss"] = whole
    truth.values(step, row)
