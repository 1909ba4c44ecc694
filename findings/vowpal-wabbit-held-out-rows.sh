#!/usr/bin/env bash
# Vowpal Wabbit 9.11.9: with several passes the printed average loss is, from the second pass on, of held-out rows alone; a trailing h says so, and the counters go on.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install -q vowpalwabbit==9.11.9
env/bin/python - > log.txt 2>&1 <<'PY'
import random

import vowpalwabbit

random.seed(0)
with open("data.txt", "w") as file:
    for _ in range(400):
        x = random.gauss(0, 1)
        file.write(f"{2 * x + random.gauss(0, 1)} | x:{x}\n")
vowpalwabbit.Workspace("-d data.txt --passes 4 -c -k --holdout_period 10").finish()
PY
cat log.txt
grep -Eq '^ *[0-9.]+ +[0-9.]+ +[0-9]+ .* h$' log.txt
[ "$(grep -cE '^[0-9.]+ .*[0-9]$' log.txt)" -gt 3 ]
first_held=$(grep -nE ' h$' log.txt | head -1 | cut -d: -f1)
[ "$(tail -n +"$first_held" log.txt | grep -E '^[0-9]+\.[0-9]+ ' | grep -cvE ' h$')" = 0 ]
echo "vowpalwabbit 9.11.9: once a row ends in h, all that follow do"
