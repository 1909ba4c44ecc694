# /// script
# dependencies = ["python-json-logger==4.2.0"]
# [tool.zoo]
# tool = "python-json-logger"
# environment = "logs"
# train = "loss"
# rate = "lr"
# ///
"""Lines of a training of one's own, wrapped in JSON by its formatter."""

import logging

from pythonjsonlogger.json import JsonFormatter
from zoo import Truth, descent

handler = logging.StreamHandler()
handler.setFormatter(JsonFormatter("%(asctime)s %(levelname)s %(message)s"))
logging.basicConfig(level=logging.INFO, handlers=[handler])
truth = Truth()
for step, loss, _ in descent(40):
    logging.info("step %d loss %.5f lr %.1e", step, loss, 0.05)
    truth.row(step, loss=loss, lr=0.05)
