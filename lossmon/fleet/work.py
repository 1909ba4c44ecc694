"""What a worker does: the logs of a task in, JSON out."""

from __future__ import annotations

import json
import time
from typing import Any

from lossmon import config, settings
from lossmon.diagnosis.knowledge import load
from lossmon.monitor.curves import Curves, Trace
from lossmon.monitor.locations import given
from lossmon.monitor.row_keys import keys_of
from lossmon.monitor.training import Judging
from lossmon.report.contract import run_object
from lossmon.report.gather import read_share
from lossmon.report.machine import look_at_machine
from lossmon.text import json_line

_SENT = ("roles", "total_steps", "classes", "patterns", "together", "apart")


def order(targets: list[str], lang: str, judging: Judging, output: str = "") -> dict[str, Any]:
    """What holds for all tasks: what the user said, but for formats, which each machine has."""
    told = settings.current()
    return {
        "targets": targets,
        "lang": lang,
        "judging": judging,
        "output": output,
        "settings": {name: getattr(told, name) for name in _SENT},
    }


def read(text: str) -> str:
    """Read and judge the logs of a task.

    Args:
        text: a JSON object: an `order` with the "logs" of a task.

    Returns:
        A JSON object: "runs", each with its contract's "object", its "location", the "given" name
        of a tracker, the "files" that hold it and the "keys" that logs of one training share;
        "refused", and of what could not be read "barred".
    """
    asked = json.loads(text)
    config.apply()
    told = {**asked["settings"]}
    told |= {name: _lists(told[name]) for name in ("together", "apart")}
    with settings.using(settings.current()._replace(**told)):
        return _read(asked)


def _read(asked: dict[str, Any]) -> str:
    targets, logs = asked["targets"], asked["logs"]
    share = read_share(targets, logs, asked["judging"])
    updates = look_at_machine([update for update, _ in share.runs], time.time())
    refused = {path: str(why) for path, why in share.refused.items()}
    told: dict[str, Any] = {"refused": refused}
    if share.barred:
        told["barred"] = {path: str(why) for path, why in share.barred.items()}
    if asked["output"]:
        from lossmon.fleet.table import write_part

        part, points = write_part(updates, asked["output"], targets, logs)
        told |= {"part": part, "points": points, "keys": [_keys(some) for _, some in share.runs]}
        return json_line({**told, "runs": [[log.file for log in one.logs] for one in updates]})
    knowledge = load(asked["lang"])
    runs = [
        {
            "object": run_object(update, knowledge),
            "location": update.location,
            "given": given(update.hparams, update.logs),
            "files": [log.file for log in update.logs],
            "keys": _keys(some),
        }
        for update, (_, some) in zip(updates, share.runs, strict=True)
    ]
    return json_line({"runs": runs, **told})


def _keys(traces: list[Trace]) -> list[int]:
    """What other logs of the same training would have in common with these."""
    curves = (Curves(trace).main for trace in traces)
    return sorted({key for curve in curves if curve is not None for key in keys_of(curve)})


def _lists(value: Any) -> settings.Lists:
    return tuple(tuple(one) for one in value)
