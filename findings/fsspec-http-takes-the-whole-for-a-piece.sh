#!/usr/bin/env bash
# fsspec 2026.9.0 over aiohttp 3.14.5: cat_file(url, start, end) gives the whole file where a server ignores Range, as `python -m http.server` does: a caller that reads on from an offset gets everything again.
set -euo pipefail
dir=$(mktemp -d)
trap 'kill $server 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install -q fsspec==2026.9.0 aiohttp==3.14.5
mkdir served
printf 'step 1 loss 2.0\nstep 2 loss 1.9\n' > served/train.log
env/bin/python -u - <<'PY' > port.txt 2> server.txt &
import functools, http.server
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory="served")
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
print(server.server_port)
server.serve_forever()
PY
server=$!
until [ -s port.txt ]; do sleep 0.1; done
env/bin/python - "$(cat port.txt)" <<'PY'
import sys
import fsspec
url = f"http://127.0.0.1:{sys.argv[1]}/train.log"
found = fsspec.filesystem("http").cat_file(url, start=16, end=32)
print("asked for bytes 16 to 32, got", len(found), found)
assert len(found) == 32 and found.startswith(b"step 1")
PY
