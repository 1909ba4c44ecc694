"""One place of each kind, made when it is asked for."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.remote.box import why_not
from tests.stores.places import Bucket, Pieces, Place, Plain, Sftp

NEEDS = {
    "s3": ("moto", "flask_cors", "s3fs"),
    "pieces": ("aiohttp",),
    "sftp": ("fsspec", "paramiko"),
}


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """A place of the kind that the test names; skips where its server is not installed."""
    kind = request.param
    for package in NEEDS.get(kind, ()):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed; pip install -e '.[servers]'")
    if kind == "sftp" and why_not():
        pytest.skip(why_not())
    before = dict(os.environ)
    made: Place
    if kind == "s3":
        made = Bucket()
    else:
        made = {"plain": Plain, "pieces": Pieces, "sftp": Sftp}[kind](tmp_path)
    yield made
    made.stop()
    os.environ.clear()
    os.environ.update(before)
