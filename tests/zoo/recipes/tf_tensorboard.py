# /// script
# dependencies = ["tensorflow-cpu==2.21.0"]
# [tool.zoo]
# tool = "TensorFlow Keras TensorBoard callback"
# environment = "tf"
# log = ""
# train = "train/epoch_loss"
# eval = "validation/epoch_loss"
# rate = "train/epoch_learning_rate"
# also = ["(train|validation)/(epoch|evaluation)_.*"]
# pace_s = 0.5
# ///
"""Keras on TensorFlow with the TensorBoard callback: folders train and validation, tensors."""

import numpy as np
import tensorflow as tf
from zoo import Truth

tf.keras.utils.set_random_seed(0)
truth = Truth()
x = np.random.default_rng(0).normal(size=(320, 6)).astype("float32")
model = tf.keras.Sequential([tf.keras.layers.Dense(8, "relu"), tf.keras.layers.Dense(1)])
model.compile("adam", "mse")


class Note(tf.keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        truth.values(
            epoch, {"train/epoch_loss": logs["loss"], "validation/epoch_loss": logs["val_loss"]}
        )


model.fit(x, x.sum(1), epochs=15, validation_split=0.2, verbose=0,
          callbacks=[tf.keras.callbacks.TensorBoard("logs", profile_batch=0), Note()])  # fmt: skip
