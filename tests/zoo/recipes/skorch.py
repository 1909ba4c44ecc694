# /// script
# dependencies = ["skorch==1.4.0", "torch==2.13.0", "numpy"]
# [tool.zoo]
# tool = "skorch"
# environment = "torch"
# train = "train_loss"
# eval = "valid_loss"
# also = ["dur"]
# pace_s = 0.5
# ///
"""A NeuralNetRegressor: a table an epoch, coloured where a value is the best so far."""

import numpy as np
import torch
from skorch import NeuralNetRegressor
from skorch.callbacks import Callback
from zoo import Truth

torch.manual_seed(0)
truth = Truth()
x = np.random.default_rng(0).normal(size=(400, 6)).astype("float32")
y = x.sum(1, keepdims=True)


class Note(Callback):
    def on_epoch_end(self, net, **kwargs):
        row = net.history[-1]
        truth.row(row["epoch"], train_loss=row["train_loss"], valid_loss=row["valid_loss"])


NeuralNetRegressor(
    torch.nn.Linear, module__in_features=6, module__out_features=1, max_epochs=20, lr=0.02,
    callbacks=[Note()],
).fit(x, y)  # fmt: skip
