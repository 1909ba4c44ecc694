#!/usr/bin/env bash
# Ray 2.60.0: lines of workers that differ in their numbers alone are taken as repeated and dropped, so of a training that prints its loss most rows never reach the driver's output.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install -q 'ray==2.60.0'
cat > run.py <<'PY'
import time

import ray


@ray.remote
def train(rank):
    for step in range(20):
        print(f"step {step} loss {1 / (step + 1 + rank):.4f}", flush=True)
        time.sleep(0.2)


ray.init(num_cpus=2, include_dashboard=False)
print("ray", ray.__version__)
ray.get([train.remote(rank) for rank in range(2)])
time.sleep(6)
PY
env/bin/python run.py > log.txt 2>&1
RAY_DEDUP_LOGS=0 env/bin/python run.py > all.txt 2>&1
grep -E '^ray|repeated' log.txt | head -3
shown=$(grep -c 'step .* loss' log.txt) all=$(grep -c 'step .* loss' all.txt)
echo "rows shown: $shown of 40; with RAY_DEDUP_LOGS=0: $all"
[ "$all" = 40 ] && [ "$shown" -lt 20 ]
