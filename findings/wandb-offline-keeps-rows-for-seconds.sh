#!/usr/bin/env bash
# wandb 0.31.0: an offline run keeps its rows for many seconds: the file has only its header of 7 bytes while a hundred rows are logged.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install -q wandb==0.31.0
WANDB_SILENT=true env/bin/python - <<'PY'
import os
import time
from pathlib import Path

import wandb

run = wandb.init(mode="offline", project="a", settings=wandb.Settings(x_disable_stats=True, disable_git=True))
sizes = []
for step in range(100):
    run.log({"loss": 1 / (step + 1)})
    time.sleep(0.05)
(path,) = Path("wandb").glob("offline-run-*/run-*.wandb")
while_it_runs = os.path.getsize(path)
run.finish()
print(f"wandb {wandb.__version__}: {while_it_runs} bytes after 5 s and 100 rows, {os.path.getsize(path)} after finish()")
assert while_it_runs < 100 < 1000 < os.path.getsize(path)
PY
