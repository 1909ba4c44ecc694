#!/usr/bin/env bash
# Keras 3.15.1: CSVLogger without validation data writes the columns val_* all the same, filled with NA, and has the learning rate only where the callback that sets it stands before CSVLogger.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install -q keras==3.15.1 jax
KERAS_BACKEND=jax env/bin/python - 2>/dev/null <<'PY'
import keras
import numpy as np

x = np.random.default_rng(0).normal(size=(64, 3)).astype("float32")


def header(before):
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    rate = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate)
    csv = keras.callbacks.CSVLogger("a.csv")
    model.fit(x, x[:, :1], epochs=2, verbose=0, callbacks=[rate, csv] if before else [csv, rate])
    return open("a.csv").read().splitlines()


first, second = header(True), header(False)
print(f"keras {keras.__version__}: rate before CSVLogger {first[:2]}, after it {second[:2]}")
assert "val_loss" in first[0] and ",NA" in first[1]
assert "learning_rate" in first[0] and "learning_rate" not in second[0]
PY
