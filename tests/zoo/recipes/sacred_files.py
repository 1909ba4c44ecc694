# /// script
# dependencies = ["sacred==0.8.7", "setuptools<81"]
# [tool.zoo]
# tool = "Sacred FileStorageObserver"
# environment = "logs"
# log = ""
# train = "loss"
# eval = "val_loss"
# note = "metrics.json is written at the heartbeat, every ten seconds"
# pace_s = 0.5
# ends = "silent"
# ///
"""Sacred's folder of a run, metrics by `log_scalar`."""

from sacred import Experiment
from sacred.observers import FileStorageObserver
from zoo import Truth, descent

experiment = Experiment("zoo", save_git_info=False, interactive=True)
experiment.observers.append(FileStorageObserver("runs", copy_sources=False))
truth = Truth()


@experiment.main
def main(_run):
    for step, loss, whole in descent(50):
        row = {"loss": loss, **({"val_loss": whole} if step % 10 == 0 else {})}
        for name, value in row.items():
            _run.log_scalar(name, value, step)
        truth.values(step, row)


experiment.run()
