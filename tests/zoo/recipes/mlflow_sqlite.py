# /// script
# dependencies = ["mlflow==3.17.2"]
# [tool.zoo]
# tool = "MLflow SQLite"
# environment = "torch"
# log = ""
# train = "loss"
# eval = "val_loss"
# rate = "lr"
# ends = "finished"
# stored = ["mlflow.db"]
# note = "the default store since 3.7"
# ///
"""MLflow with the store that it takes by default."""

import mlflow
from zoo import Truth, descent

mlflow.set_tracking_uri("sqlite:///mlflow.db")
truth = Truth()
with mlflow.start_run(run_name="a"):
    mlflow.log_params({"lr": 0.05})
    for step, loss, whole in descent(40):
        row = {"loss": loss, "lr": 0.05, **({"val_loss": whole} if step % 10 == 0 else {})}
        mlflow.log_metrics(row, step=step)
        truth.values(step, row)
