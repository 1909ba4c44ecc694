"""Whether what stands in a log since it was rotated is more of the same training."""

from __future__ import annotations

import copy

from lossmon.formats.decoder import Decoder, Skipped, sound
from lossmon.formats.json_document import DocumentDecoder


def goes_on(decoder: Decoder | None, data: bytes, last: int | None) -> bool:
    """Whether the first bytes of the new file go on where the old one ended.

    A training that was begun anew under the name of the last one is another; a document is written
    whole, and so is what stands in its place.

    Args:
        decoder: of the old file, as it stands.
        data: the first bytes.
        last: the newest step of the old file.
    """
    if decoder is None or isinstance(decoder, DocumentDecoder):
        return False
    try:
        rows = sound(copy.deepcopy(decoder).feed(data), Skipped())
    except Exception:  # its decoder says so when it meets them
        return False
    step = next((row.step for row in rows), None)
    return step is None or last is None or step >= last
