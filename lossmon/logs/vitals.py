"""What else a machine tells about a training: its GPUs, and whether a process holds the log open.

This module, `gpus` and `writers` use the standard library alone and run on Python 3.6, so that
their source can be sent to any box and run there as it stands.

A sample is a dict that JSON can carry:

    {"time": seconds since the Unix epoch, by the clock of this machine,
     "host": its name,
     "gpus": [{"id": "0", "name": "NVIDIA H100 80GB HBM3", "use": 97.0, "memory": bytes,
               "memory_total": bytes, "temperature": degrees C, "power": W}],   None where unknown
     "own": ["0"],    of several GPUs, those that processes of this user are on
     "logs": {path: {"open": true, "pid": 7, "gpus": ["0"]}   a process holds it open for writing
              path: {"open": false, "since": 1712.5}}}        those that held it have ended

A log of which nothing can be said is not in it: nobody was seen to hold it (programs that open it
for each line), its writer is another user's, or it writes from another machine.
"""

import socket
import threading
import time
from typing import Any, Dict, List, Optional, Sequence, Tuple

from lossmon.logs.gpus import AmdSmi, NvidiaSmi, RocmSmi
from lossmon.logs.writers import SCAN_S, Writers

EVERY_S = 10.0  # between two samples, at least
GLANCE_S = 2.0  # between two looks whether those that hold a log still do
IDLE_EVERY_S = 60.0  # where nothing is open and nothing was written lately
LOAD = 20.0  # a sample that takes long is followed by a rest so many times as long
LIVE_S = 3600.0  # a log that was not written to for longer needs no look at the GPUs
MAX_LOGS = 1000
MAX_GPUS = 64


class Vitals:
    """Samples one machine.

    Args:
        proc: where processes are listed; only Linux has it.
        scan_s: seconds a sample may spend on processes that are new to it.
    """

    def __init__(self, proc: str = "/proc", scan_s: float = SCAN_S) -> None:
        self.writers = Writers(proc, scan_s)
        self._tools = (NvidiaSmi(proc), RocmSmi(), AmdSmi())
        self.quiet = False  # the last sample found nothing that is at work

    def sample(self, logs: Sequence[str]) -> Dict[str, Any]:
        """Look once; takes as long as the GPU tool does, at most some seconds."""
        now = time.time()
        said = self.writers.look(logs[:MAX_LOGS])
        held = any(one["open"] for one in said.values())
        gpus = []  # type: List[Dict[str, Any]]
        own = []  # type: List[str]
        if held or self.writers.newest > now - LIVE_S:
            gpus, own = self._gpus(said)
        self.quiet = not held and not gpus
        return {
            "time": now, "host": socket.gethostname(), "gpus": gpus[:MAX_GPUS], "own": own,
            "logs": said,
        }  # fmt: skip

    def _gpus(self, said: Dict[str, Dict[str, Any]]) -> Tuple[List[Dict[str, Any]], List[str]]:
        """What the first tool that knows of GPUs tells, and which of them are the user's.

        Adds to the logs which ones they use.
        """
        for tool in self._tools:
            gpus = tool.gpus()
            if gpus:
                for path, ids in tool.used_by(self.writers.holders).items():
                    if said.get(path, {}).get("open"):
                        said[path]["gpus"] = ids
                return gpus, sorted(tool.own)
        return [], []

    @property
    def pressing(self) -> bool:
        """A training may have ended just now: the next sample says so."""
        return self.writers.doubtful or self.writers.changed()

    def close(self) -> None:
        """End a tool that still runs."""
        for tool in self._tools:
            tool.stop()


class Sampler:
    """Takes samples in a thread of its own, so that no poll ever waits for one.

    Args:
        vitals: takes the samples.
        every_s: seconds between two samples, at least.
    """

    def __init__(self, vitals: Optional[Vitals] = None, every_s: float = EVERY_S) -> None:
        self._vitals = vitals or Vitals()
        self._every_s = every_s
        self._logs = None  # type: Optional[List[str]]
        self._offered = threading.Event()
        self._stop = threading.Event()
        self._newest = None  # type: Optional[Dict[str, Any]]
        self._thread = None  # type: Optional[threading.Thread]

    @property
    def hungry(self) -> bool:
        """The next sample needs to be told which logs to look at."""
        return self._logs is None

    def offer(self, logs: List[str]) -> None:
        """Look at these logs in the next sample; the first offer starts the thread."""
        if not logs:
            return  # none was found yet
        self._logs = logs
        self._offered.set()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="lossmon-vitals", daemon=True)
            self._thread.start()

    def take(self) -> Optional[Dict[str, Any]]:
        """The newest sample; None when it was taken already."""
        sample, self._newest = self._newest, None
        return sample

    def close(self) -> None:
        """End the thread; one that hangs in the kernel is left behind, it is a daemon."""
        self._stop.set()
        self._offered.set()
        self._vitals.close()
        if self._thread is not None:
            self._thread.join(1.0)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._offered.wait()
            self._offered.clear()
            logs, self._logs = self._logs or [], None
            started = time.monotonic()
            if logs and not self._stop.is_set():
                try:
                    self._newest = self._vitals.sample(logs)
                except Exception:
                    return  # what is told beside the logs is never worth a failure
            took_s = time.monotonic() - started
            every_s = max(self._every_s, IDLE_EVERY_S) if self._vitals.quiet else self._every_s
            self._rest(max(every_s, LOAD * took_s))

    def _rest(self, rest_s: float) -> None:
        """Wait for the next sample; not for long where a training has ended meanwhile."""
        end = time.monotonic() + rest_s
        while not self._stop.wait(min(GLANCE_S, max(0.0, end - time.monotonic()))):
            if time.monotonic() >= end or self._vitals.pressing:
                return
