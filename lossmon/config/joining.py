"""[joining]: which logs are one run, and which are not, where a user knows better."""

from __future__ import annotations

from dataclasses import dataclass

from lossmon.config.faults import no_setting
from lossmon.config.section import Section, in_words, setting
from lossmon.errors import ConfigError
from lossmon.settings import Lists

MOST = 200  # lists; each is asked of every log


@dataclass(frozen=True)
class ByHand:
    """Lists of logs, each by its path, the end of its path, or a pattern of one."""

    together: Lists = setting(
        (),
        "Lists of logs that are one run, by path, end of path or pattern; the key J writes them.",
        example=[["slurm-701.out", "out_seed3/*"]],
    )
    apart: Lists = setting(
        (),
        "Lists of logs that are different runs, though their values agree.",
        example=[["nohup.out", "runs/b/*"]],
    )


def _read(table: object, name: str) -> ByHand:
    if not isinstance(table, dict):
        raise ConfigError(f'{name}: a table: [{name}], then together = [["a.out", "runs/a"]]')
    unknown = sorted(set(table) - {"together", "apart"})
    if unknown:
        raise no_setting(name, unknown[0], ("together", "apart"))
    return ByHand(**{key: _lists(value, f"{name}.{key}") for key, value in table.items()})


def _lists(value: object, name: str) -> Lists:
    good = isinstance(value, list) and all(
        isinstance(one, list) and len(one) > 1 and all(isinstance(path, str) for path in one)
        for one in value
    )
    if not isinstance(value, list) or not good:
        raise ConfigError(f'{name}: lists of two logs or more: [["slurm-7.out", "runs/a/*"]]')
    if len(value) > MOST:
        raise ConfigError(f"{name}: at most {MOST} lists; a pattern names many logs")
    return tuple(tuple(one) for one in value)


JOINING: Section[ByHand] = Section(
    ByHand(), _read, lambda name, tell: f"[{name}]\n" + in_words(ByHand, tell)
)
