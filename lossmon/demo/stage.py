"""Starts the trainings and sees to it that nothing is left behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from lossmon.demo import keeper
from lossmon.demo.trainings import TRAININGS
from lossmon.errors import ConfigError
from lossmon.words import said

ROWS_PER_S = 20.0
_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def patterns() -> tuple[tuple[str, str], ...]:
    """The trainings: pattern and cause."""
    return tuple((training.pattern, training.cause) for training in TRAININGS)


@contextmanager
def stage(only: Sequence[str] = (), fast: bool = False) -> Iterator[Path]:
    """Run trainings in child processes while the block runs; yields the folder of their logs.

    Args:
        only: patterns; all where empty.
        fast: train as fast as the machine can.

    Raises:
        ConfigError: there is no training of a pattern.
    """
    known = [pattern for pattern, _ in patterns()]
    for pattern in only:
        if pattern not in known:
            raise ConfigError(
                said(
                    "no demo of {pattern}; there are {names}",
                    pattern=repr(pattern),
                    names=", ".join(known),
                )
            )
    folder = Path(tempfile.mkdtemp(prefix="lossmon-demo-"))
    children: list[subprocess.Popen[bytes]] = []
    try:
        for pattern in only or known:
            (folder / pattern).mkdir(exist_ok=True)
        # A file of the standard library alone: it starts in a blink and outlives a killed parent.
        children.append(_start([keeper.__file__, str(folder)]))
        for pattern in only or known:
            rate = "0" if fast else str(ROWS_PER_S)
            arguments = ["-m", "lossmon.demo.train", pattern, str(folder / pattern), rate]
            children.append(_start(arguments))
        yield folder
    finally:
        for child in reversed(children):
            if child.stdin is not None:
                child.stdin.close()  # the signal to end
        for child in children:
            try:
                child.wait(timeout=5)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _start(arguments: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **_ONE_THREAD},
        start_new_session=True,  # ctrl+c is the screen's affair
    )
