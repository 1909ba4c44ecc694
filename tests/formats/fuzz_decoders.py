"""Coverage-guided fuzzing of detection and of every decoder: `python -m tests.formats.fuzz_decoders`.

Arguments go to libFuzzer (`-max_total_time=60`); its findings end the run with a traceback and the
input that caused it. The seeds are a sample of every format.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["lossmon"]):
    from lossmon.errors import FormatError
    from lossmon.formats.detect import detect

from tests.formats.samples import SAMPLES

MAX_BYTES = 4096


def one_input(data: bytes) -> None:
    """The first byte picks a file name, the second where the bytes are split; the rest is the log.

    Raises:
        Exception: whatever a decoder let through; that is what is looked for.
    """
    if len(data) < 2:
        return
    names = sorted({path for path, _, _ in SAMPLES.values()})
    path, cut, log = names[data[0] % len(names)], data[1], data[2:]
    try:
        found = detect(log, path, True)
    except FormatError:
        return
    if found is None:
        return
    at = len(log) * cut // 255
    found.decoder.feed(log[:at])
    found.decoder.feed(log[at:])
    found.decoder.flush()


def main() -> None:
    """Write the seeds into a temporary folder and go."""
    names = sorted({path for path, _, _ in SAMPLES.values()})
    with tempfile.TemporaryDirectory() as folder:
        for i, (path, data, _) in enumerate(SAMPLES.values()):
            seed = bytes([names.index(path), 128]) + data[: MAX_BYTES - 2]
            (Path(folder) / str(i)).write_bytes(seed)
        atheris.Setup([*sys.argv, f"-max_len={MAX_BYTES}", folder], one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
