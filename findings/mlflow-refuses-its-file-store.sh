#!/usr/bin/env bash
# MLflow 3.17.2: a file store that is asked for by its address is refused unless MLFLOW_ALLOW_FILE_STORE=true; without an address it makes mlflow.db and no mlruns.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install -q mlflow==3.17.2
cat > run.py <<'PY'
import sys

import mlflow

if len(sys.argv) > 1:
    mlflow.set_tracking_uri(sys.argv[1])
with mlflow.start_run():
    mlflow.log_metric("loss", 1.0, step=1)
PY
echo "mlflow $(env/bin/python -c 'import mlflow; print(mlflow.__version__)' 2>/dev/null)"
if env/bin/python run.py file:./mlruns > log.txt 2>&1; then echo "the file store is taken"; exit 1; fi
tail -1 log.txt | cut -c1-150
grep -q MLFLOW_ALLOW_FILE_STORE log.txt
MLFLOW_ALLOW_FILE_STORE=true env/bin/python run.py file:./allowed > /dev/null 2>&1
ls -d allowed/*/*/metrics/loss
mkdir plain
(cd plain && ../env/bin/python ../run.py > /dev/null 2>&1 && ls)
[ -f plain/mlflow.db ] && [ ! -d plain/mlruns/0 ]
