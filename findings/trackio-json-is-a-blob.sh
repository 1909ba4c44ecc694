#!/usr/bin/env bash
# trackio 0.43.0: metrics are JSON in a BLOB, although the column is declared TEXT, so SQLite's json functions refuse it; NaN is kept as the string "NaN".
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install -q trackio==0.43.0
TRACKIO_DIR=$dir/store env/bin/python - <<'PY'
import importlib.metadata
import sqlite3
from pathlib import Path

import trackio

trackio.init(project="a", name="b", embed=False)
trackio.log({"loss": float("nan")}, step=1)
trackio.finish()
(path,) = Path("store").glob("*.db")
table = sqlite3.connect(path)
(declared,) = [row[2] for row in table.execute("pragma table_info(metrics)") if row[1] == "metrics"]
kind, value = table.execute("select typeof(metrics), metrics from metrics").fetchone()
print(f"trackio {importlib.metadata.version('trackio')}: declared {declared}, stored as {kind}: {value!r}")
assert declared == "TEXT" and kind == "blob" and b'"NaN"' in value
PY
