# /// script
# dependencies = ["structlog==26.1.0"]
# [tool.zoo]
# tool = "structlog console"
# environment = "logs"
# train = "loss"
# rate = "lr"
# ///
"""Events of structlog as its console shows them: `2026-.. [info ] trained  loss=.. lr=.. step=..`."""

import structlog
from zoo import Truth, descent

log = structlog.get_logger()
truth = Truth()
for step, loss, _ in descent(40):
    log.info("trained", step=step, loss=loss, lr=0.05)
    truth.row(step, loss=loss, lr=0.05)
