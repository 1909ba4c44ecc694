#!/usr/bin/env bash
# comet-ml 3.58.8: the archive of an OfflineExperiment is there from the start, as a zip without a member, and gets its rows only at end().
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install -q comet-ml==3.58.8
env/bin/python - <<'PY'
import importlib.metadata
import time
import zipfile
from pathlib import Path

import comet_ml

print("comet-ml", importlib.metadata.version("comet-ml"))
experiment = comet_ml.OfflineExperiment(
    project_name="a", offline_directory="out", log_env_details=False, log_code=False,
    log_graph=False, auto_param_logging=False, parse_args=False, display_summary_level=0,
)
for step in range(50):
    experiment.log_metric("loss", 1 / (step + 1), step=step)
time.sleep(5)
(archive,) = Path("out").glob("*.zip")
print("while it runs:", archive.stat().st_size, "bytes,", len(zipfile.ZipFile(archive).namelist()), "members")
assert zipfile.ZipFile(archive).namelist() == []
experiment.end()
(archive,) = Path("out").glob("*.zip")
names = zipfile.ZipFile(archive).namelist()
print("after end():", archive.stat().st_size, "bytes,", names)
assert "messages.json" in names
PY
