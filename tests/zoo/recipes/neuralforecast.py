# /// script
# dependencies = ["neuralforecast==3.3.0", "torch==2.13.0", "numpy", "pandas"]
# [tool.zoo]
# tool = "NeuralForecast"
# environment = "torch"
# train = "train_loss_step"
# eval = "valid_loss"
# also = ["ptl/.*"]
# pace_s = 0.1
# ///
"""An MLP on a sine with NeuralForecast, with a CSVLogger of Lightning."""

import numpy as np
import pandas as pd
from neuralforecast import NeuralForecast
from neuralforecast.models import MLP
from pytorch_lightning.loggers import CSVLogger, Logger
from zoo import Truth

truth = Truth()


class Note(Logger):
    name, version = "note", 0

    def log_metrics(self, metrics, step=None):
        if row := {k: v for k, v in metrics.items() if "loss" in k}:
            truth.values(step, row)

    def log_hyperparams(self, *args, **kwargs):
        pass


frame = pd.DataFrame({"unique_id": "a", "ds": np.arange(300), "y": np.sin(np.arange(300) / 9)})
model = MLP(h=8, input_size=16, max_steps=60, hidden_size=16, num_layers=1, val_check_steps=10,
            logger=[CSVLogger("."), Note()], log_every_n_steps=5, accelerator="cpu", enable_progress_bar=False)  # fmt: skip
NeuralForecast(models=[model], freq=1).fit(frame, val_size=20)
