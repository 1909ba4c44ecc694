#!/usr/bin/env bash
# skorch 1.4.0: the table of epochs has colour codes also when its output is a file, so a number is not parted from its neighbours by blanks alone.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install -q torch==2.13.0 skorch==1.4.0 numpy
env/bin/python - > log.txt 2>/dev/null <<'PY'
import numpy as np
import torch
from skorch import NeuralNetRegressor

torch.manual_seed(0)
x = np.random.default_rng(0).normal(size=(100, 3)).astype("float32")
NeuralNetRegressor(torch.nn.Linear, module__in_features=3, module__out_features=1, max_epochs=3).fit(x, x[:, :1])
PY
cat -v log.txt
grep -q $'\x1b\\[36m' log.txt
echo "skorch 1.4.0: colours in a file"
