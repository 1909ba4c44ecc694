# /// script
# dependencies = ["keras==3.15.1", "torch==2.13.0", "numpy"]
# [tool.zoo]
# tool = "Keras verbose=auto"
# environment = "torch"
# train = "loss"
# eval = "val_loss"
# also = ["mae", "val_mae"]
# ends = "finished"
# pace_s = 0.7
# note = "Keras on torch"
# ///
"""`fit(verbose="auto")` with validation, output captured."""

import os

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy as np
from zoo import Truth

keras.utils.set_random_seed(0)
truth = Truth(plan=12)
x = np.random.default_rng(0).normal(size=(320, 6)).astype("float32")
model = keras.Sequential([keras.layers.Dense(8, "relu"), keras.layers.Dense(1)])
model.compile("adam", "mse", metrics=["mae"])


class Note(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        truth.row(epoch + 1, loss=logs["loss"], val_loss=logs["val_loss"])


model.fit(x, x.sum(1), epochs=12, validation_split=0.2, verbose="auto", callbacks=[Note()])
