#!/usr/bin/env bash
# PyTorch-Ignite 0.5.5: its bar is redrawn with the loss of a step while it still shows the count of the step before.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install -q torch==2.13.0 pytorch-ignite==0.5.5 tqdm numpy
env/bin/python - > log.txt 2>&1 <<'PY'
import time

from ignite.engine import Engine
from ignite.handlers import ProgressBar


def step(engine, batch):
    time.sleep(0.2)
    return {"loss": float(batch)}


trainer = Engine(step)
ProgressBar(persist=True).attach(trainer, output_transform=lambda out: out)
trainer.run([1, 2, 3, 4, 5], max_epochs=1)
PY
tr '\r' '\n' < log.txt | grep -oE '\[[0-9]/5\].*loss=[0-9]' | sed 's/ .*, / /' | uniq | tee rows.txt
grep -q '^\[2/5\] loss=3$' rows.txt
grep -q '^\[3/5\] loss=4$' rows.txt
env/bin/pip freeze | grep -i ignite
