# /// script
# dependencies = ["clearml==2.1.12"]
# [tool.zoo]
# tool = "ClearML offline"
# environment = "torch"
# log = ""
# train = "train/loss"
# ///
"""ClearML in offline mode: lists of events in its cache."""

import os

os.environ["CLEARML_CACHE_DIR"] = os.path.join(os.getcwd(), "cache")

from clearml import Task
from zoo import Truth, descent

Task.set_offline(True)
task = Task.init("zoo", "a", auto_connect_frameworks=False, auto_resource_monitoring=False)
truth = Truth()
for step, loss, _ in descent(40):
    task.get_logger().report_scalar("train", "loss", loss, step)
    truth.values(step, {"train/loss": loss})
task.close()
