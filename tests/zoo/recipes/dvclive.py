# /// script
# dependencies = ["dvclive==3.49.1"]
# [tool.zoo]
# tool = "DVCLive"
# environment = "torch"
# log = ""
# train = "train_loss"
# eval = "val_loss"
# note = "a file a metric in a folder a split: train/loss.tsv is shown as train_loss"
# rate = "lr"
# ///
"""DVCLive: a TSV a metric."""

from dvclive import Live
from zoo import Truth, descent

truth = Truth()
with Live("dvclive", save_dvc_exp=False, report=None) as live:
    for step, loss, whole in descent(40):
        row = {"train/loss": loss, "lr": 0.05, **({"val/loss": whole} if step % 10 == 0 else {})}
        live.step = step
        for name, value in row.items():
            live.log_metric(name, value)
        live.make_summary()
        truth.values(step, {name.replace("/", "_"): value for name, value in row.items()})
