# /// script
# dependencies = ["clu==0.0.12", "flax==0.12.8"]
# [tool.zoo]
# tool = "CLU metric writers"
# environment = "clu"
# train = "loss"
# rate = "learning_rate"
# note = "absl's lines and an event file with tensors"
# ///
"""Google's CLU as JAX projects use it: `[40] learning_rate=0.05, loss=0.1`, and an event file."""

from absl import logging
from clu import metric_writers
from zoo import Truth, descent

logging.set_verbosity(logging.INFO)
truth = Truth()
writer = metric_writers.create_default_writer("logs", just_logging=False, asynchronous=False)
for step, loss, _ in descent(40):
    row = {"loss": loss, "learning_rate": 0.05}
    writer.write_scalars(step, row)
    writer.flush()
    truth.values(step, row)
