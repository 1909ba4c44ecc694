# /// script
# dependencies = ["keras==3.15.1", "torch==2.13.0", "numpy"]
# [tool.zoo]
# tool = "Keras CSVLogger"
# environment = "torch"
# log = ""
# train = "loss"
# eval = "val_loss"
# rate = "learning_rate"
# pace_s = 0.7
# note = "its epoch 0 is the Epoch 1 of the console, and stands at 1 where that is read, too"
# ///
"""CSVLogger, the learning rate's callback before it."""

import os

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy as np
from zoo import Truth

keras.utils.set_random_seed(0)
truth = Truth()
x = np.random.default_rng(0).normal(size=(320, 6)).astype("float32")
model = keras.Sequential([keras.layers.Dense(8, "relu"), keras.layers.Dense(1)])
model.compile("adam", "mse")


class Note(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        truth.values(epoch, logs)


model.fit(
    x, x.sum(1), epochs=15, validation_split=0.2, verbose=0,
    callbacks=[
        keras.callbacks.LearningRateScheduler(lambda e, lr: lr * 0.95),
        keras.callbacks.CSVLogger("history.csv"),
        Note(),
    ],
)  # fmt: skip
