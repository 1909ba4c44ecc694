#!/usr/bin/env bash
# CatBoost 1.2.10: learn_error.tsv lacks AUC although it is the metric asked for; test_error.tsv has it, so the two tables of a training have different columns.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install -q catboost==1.2.10 numpy
env/bin/python - <<'PY'
import catboost
import numpy as np

rng = np.random.default_rng(0)
x = rng.normal(size=(300, 3))
y = (x[:, 0] + rng.normal(size=300) > 0).astype(int)
model = catboost.CatBoostClassifier(iterations=5, custom_metric=["AUC"], verbose=0)
model.fit(x[:200], y[:200], eval_set=(x[200:], y[200:]))
learn, test = (open(f"catboost_info/{one}_error.tsv").readline().split() for one in ("learn", "test"))
print(f"catboost {catboost.__version__}: learn {learn}, test {test}")
assert learn == ["iter", "Logloss"] and sorted(test) == ["AUC", "Logloss", "iter"]
PY
