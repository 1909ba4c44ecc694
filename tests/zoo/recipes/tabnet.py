# /// script
# dependencies = ["pytorch-tabnet==4.1.0", "torch==2.13.0", "numpy"]
# [tool.zoo]
# tool = "pytorch-tabnet"
# environment = "torch"
# train = "loss"
# eval = "val_0_rmse"
# pace_s = 0.3
# ///
"""TabNetRegressor: `epoch 0  | loss: .. | val_0_rmse: .. | 0:00:00s`."""

import numpy as np
from pytorch_tabnet.callbacks import Callback
from pytorch_tabnet.tab_model import TabNetRegressor
from zoo import Truth

rng = np.random.default_rng(0)
x = rng.normal(size=(400, 4)).astype("float32")
y = x.sum(1, keepdims=True)
truth = Truth()


class Note(Callback):
    def on_epoch_end(self, epoch, logs=None):
        truth.row(epoch, loss=logs["loss"], val_0_rmse=logs["val_0_rmse"])


TabNetRegressor(seed=0, verbose=1).fit(
    x[:300], y[:300], [(x[300:], y[300:])], eval_metric=["rmse"], max_epochs=25, batch_size=64,
    virtual_batch_size=64, callbacks=[Note()],
)  # fmt: skip
