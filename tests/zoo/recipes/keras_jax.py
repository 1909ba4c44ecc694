# /// script
# dependencies = ["keras==3.15.1", "jax==0.10.2", "numpy"]
# [tool.zoo]
# tool = "Keras on JAX verbose=1"
# environment = "jax"
# train = "loss"
# eval = "val_loss"
# ends = "finished"
# pace_s = 0.7
# ///
"""`fit(verbose=1)` of Keras on JAX: redraws of each epoch's bar."""

import os

os.environ["KERAS_BACKEND"] = "jax"

import keras
import numpy as np
from zoo import Truth

keras.utils.set_random_seed(0)
truth = Truth(plan=12)
x = np.random.default_rng(0).normal(size=(320, 6)).astype("float32")
model = keras.Sequential([keras.layers.Dense(8, "relu"), keras.layers.Dense(1)])
model.compile("adam", "mse")


class Note(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        truth.row(epoch + 1, loss=logs["loss"], val_loss=logs["val_loss"])


model.fit(x, x.sum(1), epochs=12, validation_split=0.2, verbose=1, callbacks=[Note()])
