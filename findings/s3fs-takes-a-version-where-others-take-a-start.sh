#!/usr/bin/env bash
# s3fs 2026.9.0: cat_file(path, a, b) takes a for a version of the object, where every other file system of fsspec takes it for the start: the call fails, or reads from the beginning; name start= and end=.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install -q s3fs==2026.9.0
env/bin/python - <<'PY'
import inspect
from fsspec.asyn import AsyncFileSystem
from fsspec.spec import AbstractFileSystem
from s3fs import S3FileSystem
for kind, name in ((AbstractFileSystem, "cat_file"), (AsyncFileSystem, "_cat_file"), (S3FileSystem, "_cat_file")):
    print(f"{kind.__name__}.{name}{inspect.signature(getattr(kind, name))}")
def second(kind, name):
    return list(inspect.signature(getattr(kind, name)).parameters)[2]
assert second(AbstractFileSystem, "cat_file") == "start"
assert second(S3FileSystem, "_cat_file") == "version_id"
PY
