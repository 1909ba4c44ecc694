# /// script
# dependencies = ["structlog==26.1.0"]
# [tool.zoo]
# tool = "structlog JSON"
# environment = "logs"
# train = "loss"
# rate = "lr"
# ///
"""Events of structlog as JSON lines, numbers as keys."""

import structlog
from zoo import Truth, descent

structlog.configure(processors=[structlog.processors.TimeStamper(fmt="iso"),
                                structlog.processors.add_log_level,
                                structlog.processors.JSONRenderer()])  # fmt: skip
log = structlog.get_logger()
truth = Truth()
for step, loss, _ in descent(40):
    log.info("trained", step=step, loss=loss, lr=0.05)
    truth.row(step, loss=loss, lr=0.05)
