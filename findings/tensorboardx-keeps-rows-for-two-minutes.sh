#!/usr/bin/env bash
# tensorboardX 2.6.5: the event file stays empty until flush_secs (120 by default) have passed, and add_scalars puts the curves into nested folders under a tag that lacks their names.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install -q tensorboardX==2.6.5
env/bin/python - <<'PY'
import importlib.metadata
import os
import time
from pathlib import Path

from tensorboardX import SummaryWriter

print("tensorboardX", importlib.metadata.version("tensorboardX"))
writer = SummaryWriter("run")
for step in range(50):
    writer.add_scalar("loss", 1 / (step + 1), step)
writer.add_scalars("both", {"train": 1.0, "valid": 2.0}, 0)
time.sleep(3)
(own,) = Path("run").glob("events*")
print("3 s after 50 rows:", os.path.getsize(own), "bytes")
assert os.path.getsize(own) == 0
print("folders of add_scalars:", sorted(str(p) for p in Path("run").rglob("*") if p.is_dir()))
assert Path("run/both/train").is_dir()
writer.close()
print("after close:", os.path.getsize(own), "bytes")
assert os.path.getsize(own) > 1000
held = next(Path("run/both/train").glob("events*")).read_bytes()
assert b"both" in held and b"both/train" not in held
print("tag in run/both/train: both")
PY
