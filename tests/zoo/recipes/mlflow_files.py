# /// script
# dependencies = ["mlflow==3.17.2"]
# [tool.zoo]
# tool = "MLflow files"
# environment = "torch"
# log = ""
# train = "loss"
# eval = "val_loss"
# rate = "lr"
# ends = "finished"
# stored = ["mlruns/0/*/metrics/*", "mlruns/0/*/meta.yaml"]
# note = "the file store works only with MLFLOW_ALLOW_FILE_STORE=true"
# ///
"""MLflow's file store, which has to be allowed by a variable now."""

import os

os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"

import mlflow
from zoo import Truth, descent

mlflow.set_tracking_uri("file:./mlruns")
truth = Truth()
with mlflow.start_run(run_name="a"):
    for step, loss, whole in descent(40):
        row = {"loss": loss, "lr": 0.05, **({"val_loss": whole} if step % 10 == 0 else {})}
        mlflow.log_metrics(row, step=step)
        truth.values(step, row)
