#!/usr/bin/env bash
# XGBoost 3.2.0: cv(verbose_eval=True) joins mean and standard deviation with a plus sign, so that a row looks like a sum.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install -q xgboost==3.2.0 scikit-learn
env/bin/python - > log.txt 2>&1 <<'PY'
import numpy as np
import xgboost

rng = np.random.default_rng(0)
x = rng.normal(size=(300, 3))
rows = xgboost.DMatrix(x, (x[:, 0] + rng.normal(size=300) > 0).astype(int))
xgboost.cv({"objective": "binary:logistic"}, rows, 3, nfold=3, metrics="logloss", verbose_eval=True)
print("xgboost", xgboost.__version__)
PY
cat log.txt
grep -Eq $'^\\[0\\]\ttrain-logloss:[0-9.]+\\+[0-9.]+\ttest-logloss:[0-9.]+\\+[0-9.]+$' log.txt
