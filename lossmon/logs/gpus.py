"""The GPUs of a machine, as the tools of their vendors tell.

Standard library alone, runs on Python 3.6: its source is sent to other boxes (see `vitals`).
"""

import json
import os
import time
from typing import Any, Dict, List, Optional, Sequence, Set, Tuple  # noqa: F401 - some are for type comments

from lossmon.logs.program import Program
from lossmon.logs.writers import ancestry, group, owner

RETRY_S = 300.0  # a tool that is absent or fails is not tried again for so long
USED_EVERY_S = 60.0  # which process uses which GPU changes seldom
MIB = 1 << 20

PLACES = ("/usr/bin", "/usr/local/bin", "/usr/lib/wsl/lib", "/opt/rocm/bin")
_NVIDIA = (
    "index", "uuid", "utilization.gpu", "memory.used", "memory.total", "temperature.gpu",
    "power.draw", "name",
)  # fmt: skip


class Tool:
    """A program that reports on GPUs; absent or broken, it is left alone for some minutes."""

    program = ""
    arguments = ()  # type: Tuple[str, ...]

    def __init__(self) -> None:
        self.asked = Program(self.program, places=PLACES)
        self.own = set()  # type: Set[str] # GPUs that processes of this user are on
        self._not_before = 0.0

    def gpus(self) -> List[Dict[str, Any]]:
        """What the GPUs do now; empty where there is none."""
        if time.monotonic() < self._not_before:
            return []
        found = self.read(self.ask(self.arguments))
        if not found:
            self._not_before = time.monotonic() + RETRY_S
        return found

    def read(self, output: str) -> List[Dict[str, Any]]:
        """Understand the tool's output; what is not understood is left out."""
        raise NotImplementedError

    def used_by(self, writers: Dict[str, Set[int]]) -> Dict[str, List[str]]:  # noqa: ARG002
        """The ids of the GPUs that the writers of logs use, where the tool can tell.

        Args:
            writers: of each log the processes that hold it.
        """
        return {}

    def ask(self, arguments: Sequence[str]) -> str:
        """The output of the program; empty when there is none."""
        return self.asked.ask(arguments).text

    def stop(self) -> None:
        """End the program where it still runs."""
        self.asked.stop()


class NvidiaSmi(Tool):
    """`nvidia-smi`; a GPU that is split by MIG tells its memory but not its use."""

    program = "nvidia-smi"
    arguments = ("--query-gpu=" + ",".join(_NVIDIA), "--format=csv,noheader,nounits")

    def __init__(self, proc: str = "/proc") -> None:
        super().__init__()
        self._proc = proc
        self._ids = {}  # type: Dict[str, str]
        self._used = {}  # type: Dict[str, List[str]]
        self._asked = ({}, 0.0)  # type: Tuple[Dict[str, Set[int]], float]

    def read(self, output: str) -> List[Dict[str, Any]]:
        """One line a GPU; lines with other than the fields asked for are messages."""
        self._ids = {}
        gpus = []
        for line in output.splitlines():
            cells = [cell.strip() for cell in line.split(",", len(_NVIDIA) - 1)]
            if len(cells) != len(_NVIDIA) or not cells[0].isdigit():
                continue
            self._ids[cells[1]] = cells[0]
            use, used, total, temperature, power = (number(cell) for cell in cells[2:7])
            gpus.append(gpu(cells[0], cells[7], use, mib(used), mib(total), temperature, power))
        return gpus

    def used_by(self, writers: Dict[str, Set[int]]) -> Dict[str, List[str]]:
        """A writer uses the GPUs of its descendants, or else those of its pipeline."""
        if len(self._ids) < 2:
            return {}  # of one GPU there is nothing to tell
        before, when = self._asked
        if writers == before and time.monotonic() < when + USED_EVERY_S:
            return self._used
        self._asked = (writers, time.monotonic())
        output = self.ask(("--query-compute-apps=pid,gpu_uuid", "--format=csv,noheader,nounits"))
        at_work = []  # type: List[Tuple[str, Set[int], str]]
        self.own = set()
        for line in output.splitlines():
            pid, _, uuid = (cell.strip() for cell in line.partition(","))
            if pid.isdigit() and uuid in self._ids:
                if owner(self._proc, int(pid)) == os.getuid():
                    self.own.add(self._ids[uuid])
                lineage = set(ancestry(self._proc, int(pid)))
                at_work.append((self._ids[uuid], lineage, group(self._proc, int(pid))))
        self._used = {}
        for path, pids in writers.items():
            groups = {group(self._proc, pid) for pid in pids} - {""}
            ids = {id for id, lineage, _ in at_work if lineage & pids}
            ids = ids or {id for id, _, theirs in at_work if theirs in groups}
            if ids:
                self._used[path] = sorted(ids, key=int)
        return self._used


class RocmSmi(Tool):
    """`rocm-smi` of AMD: {"card0": {"GPU use (%)": "98", ...}, "system": {...}}."""

    program = "rocm-smi"
    arguments = ("--showuse", "--showmeminfo", "vram", "--showtemp", "--showpower", "--json")

    def read(self, output: str) -> List[Dict[str, Any]]:
        """One object a card, keys that differ between versions."""
        cards = load(output, "{")
        gpus = []
        for card, said in sorted(cards.items()) if isinstance(cards, dict) else []:
            if not card.startswith("card") or not isinstance(said, dict):
                continue
            cells = {str(key).lower(): number(value) for key, value in said.items()}
            heat = [value for key, value in cells.items() if key.startswith("temperature")]
            power = [value for key, value in cells.items() if key.endswith("power (w)")]
            gpus.append(
                gpu(
                    card[4:],
                    "AMD GPU",
                    cells.get("gpu use (%)"),
                    cells.get("vram total used memory (b)"),
                    cells.get("vram total memory (b)"),
                    max([value for value in heat if value is not None], default=None),
                    max([value for value in power if value is not None], default=None),
                )
            )
        return gpus


class AmdSmi(Tool):
    """`amd-smi` of AMD, where `rocm-smi` is no more: values as {"value": 98, "unit": "%"}."""

    program = "amd-smi"
    arguments = ("metric", "--usage", "--mem-usage", "--temperature", "--power", "--json")

    def read(self, output: str) -> List[Dict[str, Any]]:
        """A list of GPUs, in newer versions below "gpu_data"."""
        found = load(output, "[{")
        if isinstance(found, dict):
            found = found.get("gpu_data")
        gpus = []
        for said in found if isinstance(found, list) else []:
            if not isinstance(said, dict) or "gpu" not in said:
                continue
            temperature = value_in(said, "temperature", "hotspot")
            gpus.append(
                gpu(
                    str(said["gpu"])[:8],
                    "AMD GPU",
                    value_in(said, "usage", "gfx_activity"),
                    mib(value_in(said, "mem_usage", "used_vram")),
                    mib(value_in(said, "mem_usage", "total_vram")),
                    value_in(said, "temperature", "edge") if temperature is None else temperature,
                    value_in(said, "power", "socket_power"),
                )
            )
        return gpus


def gpu(
    id: str,
    name: str,
    use: Optional[float],
    memory: Optional[float],
    memory_total: Optional[float],
    temperature: Optional[float],
    power: Optional[float],
) -> Dict[str, Any]:
    """One GPU as a sample names it."""
    return {
        "id": id, "name": name[:100], "use": use, "memory": memory, "memory_total": memory_total,
        "temperature": temperature, "power": power,
    }  # fmt: skip


def number(cell: Any) -> Optional[float]:
    """A finite number; None for "[N/A]", "[Not Supported]", "[Unknown Error]" and the like."""
    try:
        value = float(cell)
    except (TypeError, ValueError):
        return None
    return value if abs(value) < 1e15 else None


def mib(value: Optional[float]) -> Optional[float]:
    """Bytes from MiB."""
    return None if value is None else value * MIB


def load(output: str, opening: str) -> Any:
    """JSON that may stand behind warnings; None where there is none."""
    starts = [at for at in (output.find(sign) for sign in opening) if at >= 0]
    try:
        return json.loads(output[min(starts) :]) if starts else None
    except (ValueError, RecursionError):
        return None


def value_in(said: Dict[str, Any], group: str, key: str) -> Optional[float]:
    """A number of `amd-smi`, with or without its unit."""
    found = said.get(group)
    found = found.get(key) if isinstance(found, dict) else None
    return number(found.get("value") if isinstance(found, dict) else found)
