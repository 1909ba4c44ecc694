# /// script
# dependencies = ["poutyne==1.19.0", "torch==2.13.0", "numpy"]
# [tool.zoo]
# tool = "Poutyne"
# environment = "torch"
# train = "loss"
# eval = "val_loss"
# also = ["mae", "val_mae"]
# ends = "finished"
# pace_s = 0.1
# note = "the loss of each batch, and of an epoch the mean, which is shown as epoch_loss"
# ///
"""`Model.fit`: a line a step that is redrawn, then one an epoch."""

import numpy as np
import torch
from poutyne import Callback, Model
from zoo import Truth

torch.manual_seed(0)
truth = Truth()
x = np.random.default_rng(0).normal(size=(320, 6)).astype("float32")
y = x.sum(1, keepdims=True)


class Note(Callback):
    def on_epoch_begin(self, epoch_number, logs):
        self.epoch = epoch_number

    def on_train_batch_end(self, batch_number, logs):
        truth.row(10 * (self.epoch - 1) + batch_number, loss=logs["loss"])

    def on_epoch_end(self, epoch_number, logs):
        truth.row(10 * epoch_number, epoch_loss=logs["loss"], val_loss=logs["val_loss"])


truth.plan(120)
Model(torch.nn.Linear(6, 1), "sgd", "mse", device="cpu").fit(
    x, y, validation_data=(x[:64], y[:64]), epochs=12, batch_size=32, callbacks=[Note()]
)
