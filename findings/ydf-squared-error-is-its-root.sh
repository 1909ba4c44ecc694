#!/usr/bin/env bash
# YDF 0.16.1: gradient boosted trees trained with the loss SQUARED_ERROR log its square root as the loss.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install -q ydf==0.16.1 numpy
env/bin/python - <<'PY'
import numpy as np
import ydf

rng = np.random.default_rng(0)
x = rng.normal(size=2000)
learner = ydf.GradientBoostedTreesLearner(
    label="y", task=ydf.Task.REGRESSION, num_trees=5, validation_ratio=0.0, early_stopping="NONE"
)
data = {"x": x, "y": 10 * x}
model = learner.train(data, verbose=0)
squared = float(np.mean((model.predict(data) - data["y"]) ** 2))
logged = model.training_logs()[-1].training_evaluation.loss
print(f"ydf {ydf.__version__}: mean squared error {squared:.4f}, loss in the log {logged:.4f}, its square {logged**2:.4f}")
assert abs(logged**2 - squared) < 1e-2 * squared, "the loss is no root any more"
assert abs(logged - squared) > 0.1 * squared
PY
