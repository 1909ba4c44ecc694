# /// script
# dependencies = ["darts==0.41.0", "torch==2.13.0", "numpy"]
# [tool.zoo]
# tool = "darts"
# environment = "torch"
# train = "train_loss"
# whole = false
# ends = "finished"
# also = ["val_loss"]
# pace_s = 0.1
# ///
"""An N-BEATS on a sine: the bar of Lightning."""

import numpy as np
from darts import TimeSeries
from darts.models import NBEATSModel
from pytorch_lightning.callbacks import Callback, TQDMProgressBar
from zoo import Truth

truth = Truth()


class Note(Callback):
    def on_train_batch_end(self, trainer, module, outputs, batch, at):
        truth.row(trainer.global_step, train_loss=trainer.callback_metrics["train_loss"])


series = TimeSeries.from_values(np.sin(np.arange(400) / 9).astype("float32"))
NBEATSModel(
    12, 4, n_epochs=6, batch_size=64, num_stacks=2, layer_widths=8, random_state=0,
    pl_trainer_kwargs={"accelerator": "cpu", "callbacks": [TQDMProgressBar(), Note()], "enable_model_summary": False},
).fit(series)  # fmt: skip
