# /// script
# dependencies = ["keras==3.15.1", "jax==0.10.2", "numpy"]
# [tool.zoo]
# tool = "Keras History as JSON"
# environment = "jax"
# log = ""
# train = "loss"
# eval = "val_loss"
# pace_s = 0
# note = "written by the user when all is over; counted from 0"
# ///
"""`json.dump(history.history)`, as many keep it."""

import json
import os
import pathlib

os.environ["KERAS_BACKEND"] = "jax"

import keras
import numpy as np
from zoo import Truth

keras.utils.set_random_seed(0)
truth = Truth()
x = np.random.default_rng(0).normal(size=(320, 6)).astype("float32")
model = keras.Sequential([keras.layers.Dense(8, "relu"), keras.layers.Dense(1)])
model.compile("adam", "mse")
history = model.fit(x, x.sum(1), epochs=15, validation_split=0.2, verbose=0).history
for epoch, row in enumerate(zip(history["loss"], history["val_loss"], strict=True)):
    truth.row(epoch, loss=row[0], val_loss=row[1])
pathlib.Path("history.json").write_text(json.dumps(history))
