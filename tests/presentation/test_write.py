"""Why a file cannot be written, whoever says it."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from lossmon.errors import TargetError
from lossmon.presentation.write import replacing


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (OSError(errno.ENOSPC, "a sentence of its own"), os.strerror(errno.ENOSPC).lower()),
        (OSError(0, "Without A Number"), "without a number"),
        (OSError("Bare"), "bare"),
    ],
)
def test_why_it_cannot_be_written_is_said_in_the_words_of_the_system(
    tmp_path: Path, error: OSError, says: str
) -> None:
    path = str(tmp_path / "out.csv")
    with pytest.raises(TargetError) as told, replacing(path):
        raise error
    assert str(told.value) == f"{path}: {says}"
    assert not list(tmp_path.iterdir())
