# /// script
# dependencies = ["comet-ml==3.58.8"]
# [tool.zoo]
# tool = "Comet offline"
# environment = "torch"
# log = ""
# train = "loss"
# note = "its archive is written when the experiment ends"
# ///
"""Comet's OfflineExperiment: a zip of messages."""

import comet_ml
from zoo import Truth, descent

experiment = comet_ml.OfflineExperiment(
    project_name="zoo", offline_directory=".", log_env_details=False, log_code=False, log_graph=False,
    auto_param_logging=False, parse_args=False, display_summary_level=0,
)  # fmt: skip
truth = Truth()
for step, loss, _ in descent(40):
    experiment.log_metric("loss", loss, step=step)
    truth.row(step, loss=loss)
experiment.end()
