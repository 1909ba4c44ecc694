# /// script
# dependencies = ["rich==15.0.0"]
# [tool.zoo]
# tool = "rich RichHandler"
# environment = "logs"
# train = "loss"
# rate = "lr"
# note = "80 columns wide in a file, the place of the call at the right"
# ///
"""A loop of one's own that logs through rich."""

import logging

from rich.logging import RichHandler
from zoo import Truth, descent

logging.basicConfig(level=logging.INFO, format="%(message)s", handlers=[RichHandler()])
truth = Truth()
for step, loss, _ in descent(40):
    logging.info("step %d loss %.5f lr %.1e", step, loss, 0.05)
    truth.row(step, loss=loss, lr=0.05)
