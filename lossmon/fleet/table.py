"""The points of a fleet as a data set of Parquet: a part for each task, written where it is read.

Read it with `pyarrow.dataset.dataset(folder)`, `pandas.read_parquet(folder)` or DuckDB. A part is
called after its logs, so one that is written again, after a worker was lost, takes the place of
the first.
"""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
from collections.abc import Sequence

from lossmon.errors import LossmonError, TargetError
from lossmon.fleet.plan import plan
from lossmon.fleet.pools import Pool
from lossmon.fleet.work import order, read
from lossmon.monitor.sources import not_readable
from lossmon.monitor.update import RunUpdate
from lossmon.presentation.export import write_parquet
from lossmon.presentation.write import replacing
from lossmon.report.progress import Progress
from lossmon.text import json_line
from lossmon.words import said


def write_part(updates: Sequence[RunUpdate], folder: str, logs: Sequence[str]) -> int:
    """Write the points of some runs into a folder, here or of a store; the number of points."""
    if not updates:
        return 0
    words = "\n".join(logs).encode("utf-8", "surrogateescape")
    name = f"part-{hashlib.sha256(words).hexdigest()[:20]}.parquet"
    if "://" not in folder:
        os.makedirs(folder, exist_ok=True)
        with replacing(os.path.join(folder, name)) as partial:
            return write_parquet(updates, partial)
    try:
        import fsspec
    except ImportError:
        raise TargetError(
            said("{url}: needs fsspec: pip install 'lossmon[stores]'", url=folder)
        ) from None
    with fsspec.open(posixpath.join(folder, name), "wb") as file:
        return write_parquet(updates, file)


def write_folder(
    targets: Sequence[str], pool: Pool, folder: str
) -> tuple[int, int, list[LossmonError]]:
    """Write the points of all runs into a folder by workers: runs, points, what can't be read."""
    tasks = plan(targets)
    told = order(list(targets), "en", "never", folder)
    progress = Progress(sum(len(task.logs) for task in tasks))
    runs = points = logs = 0
    barred = {**tasks.barred}
    try:
        texts = (json_line({**told, "logs": task.logs}) for task in tasks)
        for at, result in pool.run(read, texts):
            came = json.loads(result)
            runs, points = runs + came["runs"], points + came["points"]
            barred |= came.get("barred", {})
            logs += len(tasks[at].logs)
            progress.show(logs)
    finally:
        progress.clear()
    return runs, points, not_readable(barred, [])
