#!/usr/bin/env bash
# MLflow 3.17.2: the "latest" value of a metric is that of its highest step: a run that was resumed at a lower one shows nothing new until it has passed where it was.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install -q mlflow==3.17.2
cat > run.py <<'PY'
import mlflow

client = mlflow.MlflowClient("sqlite:///store.db")
run = client.create_run(client.create_experiment("sft")).info.run_id
for step in (0, 50, 100):
    client.log_metric(run, "loss", 2.0, step=step)
client.log_metric(run, "loss", 1.5, step=60)  # resumed from a checkpoint, and logged last
history = [(one.step, one.value) for one in client.get_metric_history(run, "loss")]
print("history", history)
print("latest", client.get_run(run).data.metrics)
assert history[-1] == (60, 1.5)
assert client.get_run(run).data.metrics == {"loss": 2.0}
PY
env/bin/python run.py 2> /dev/null
