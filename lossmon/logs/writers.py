"""Which processes hold a log open for writing, found under /proc.

Standard library alone, runs on Python 3.6: its source is sent to other boxes (see `vitals`).
"""

import os
import time
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple

SCAN_S = 0.02  # what is not reached within has its turn at the next look
ASKED = 10  # times as long may it take where a writer has ended: is there another one?
ENDING_S = 0.01  # from a process that closes its files to its end
SURE = 2  # looks in a row at which a process held a log, before its end says something
MAX_ANCESTORS = 8  # of a process on a GPU, to find the one that holds its log

Holder = NamedTuple("Holder", [("pid", int), ("fd", str), ("started", str)])
Identity = Tuple[int, int]  # device, inode


class Held:
    """What is known of one log's writers."""

    __slots__ = ("ended_at", "holders", "identity", "searched", "stamp", "sure")

    def __init__(self) -> None:
        self.identity = (0, 0)  # type: Identity
        self.stamp = (0, 0)  # size, mtime in ns
        self.holders = {}  # type: Dict[Holder, int] # and the looks at which each held it
        self.sure = False  # one of them held it for long
        self.ended_at = None  # type: Optional[float] # all that held it had ended by then
        self.searched = False  # and since then all processes were looked through


class Writers:
    """Remembers who held which log, since only the end of a known writer says something.

    Args:
        proc: where processes are listed; where it is not there, nothing is known.
        scan_s: seconds a look may spend on processes that were not known to hold a log.
    """

    def __init__(self, proc: str = "/proc", scan_s: float = SCAN_S) -> None:
        self.newest = 0.0  # when the newest of the logs was written
        self._proc, self._scan_s = proc, scan_s
        self._held = {}  # type: Dict[str, Held]
        self._queue = []  # type: List[int] # processes still to be looked through
        self._seen = set()  # type: Set[int]

    @property
    def holders(self) -> Dict[str, Set[int]]:
        """The processes that hold each log."""
        return {
            path: {holder.pid for holder in held.holders}
            for path, held in self._held.items()
            if held.holders
        }

    def look(self, logs: Sequence[str]) -> Dict[str, Dict[str, Any]]:
        """What is known of logs: `{"open": True, "pid": 7}` or `{"open": False, "since": 1.5}`."""
        wanted = self._identify(logs)
        for path in [path for path in self._held if path not in wanted]:
            del self._held[path]
        before = {path: bool(held.holders) for path, held in self._held.items()}
        for held in self._held.values():
            self._verify(held)
        ended = [h for path, h in self._held.items() if before[path] and h.sure and not h.holders]
        if ended:  # whoever was looked through before may hold it since
            del self._queue[:]
            self._seen.clear()
        asked = ASKED if ended or self.doubtful else 1
        complete = self._search(set(wanted.values()), asked * self._scan_s)
        for path, held in self._held.items():
            self._judge(held, before[path], complete)
        return {path: said for path, held in self._held.items() for said in _say(held)}

    @property
    def doubtful(self) -> bool:
        """Those that held a log have ended, and not all processes were looked through since."""
        return any(h.ended_at is not None and not h.searched for h in self._held.values())

    def changed(self) -> bool:
        """Whether one that held a log holds it no more; costs some system calls for each."""
        return any(
            not self._holds(holder.pid, holder.fd, held.identity)
            for held in list(self._held.values())
            for holder in list(held.holders)
        )

    def _identify(self, logs: Sequence[str]) -> Dict[str, str]:
        """Path -> name of the file it leads to; what was known of another file is forgotten."""
        names = {}
        self.newest = 0.0
        for path in logs:
            try:
                found = os.stat(path)
            except OSError:
                continue
            self.newest = max(self.newest, found.st_mtime)
            identity, stamp = (found.st_dev, found.st_ino), (found.st_size, found.st_mtime_ns)
            held = self._held.get(path)
            if held is None or held.identity != identity:
                held = self._held[path] = Held()
                held.identity = identity
            if held.ended_at is not None and stamp != held.stamp:
                held.ended_at, held.sure = None, False  # somebody writes whom we don't see
            held.stamp = stamp
            names[path] = os.path.basename(os.path.realpath(path))
        return names

    def _verify(self, held: Held) -> None:
        """Keep the holders that still hold it; note when the last of them has ended."""
        for holder in list(held.holders):
            if self._holds(holder.pid, holder.fd, held.identity):
                held.holders[holder] += 1
                held.sure = held.sure or held.holders[holder] >= SURE
                continue
            del held.holders[holder]
            if self._goes_on(holder):
                held.sure = False  # it goes on without: it opens its log now and then

    def _goes_on(self, holder: "Holder") -> bool:
        """Whether a process lives: one that is ending closes its files a moment before it ends."""
        if started(self._proc, holder.pid) != holder.started:
            return False
        time.sleep(ENDING_S)
        return started(self._proc, holder.pid) == holder.started

    def _judge(self, held: Held, had: bool, complete: bool) -> None:
        if held.holders:
            held.ended_at, held.searched = None, False
            return
        if had and held.sure:
            held.ended_at, held.searched = time.time(), complete
        elif held.ended_at is not None and complete:
            held.searched = True

    def _search(self, names: Set[str], scan_s: float) -> bool:
        """Look through processes for a slice of time, new ones first; True after a whole round."""
        wanted = {}  # type: Dict[Identity, List[Held]]
        for held in self._held.values():
            wanted.setdefault(held.identity, []).append(held)
        try:
            running = {int(name) for name in os.listdir(self._proc) if name.isdigit()}
        except OSError:
            return False
        fresh = running - self._seen - {os.getpid()} - set(self._queue)
        self._queue = sorted(fresh, reverse=True) + [p for p in self._queue if p in running]
        self._seen &= running
        deadline = time.monotonic() + scan_s
        while self._queue and time.monotonic() < deadline:
            pid = self._queue.pop(0)
            self._seen.add(pid)
            for fd, identity in self._written(pid, names):
                for held in wanted.get(identity, ()):
                    held.holders.setdefault(Holder(pid, fd, started(self._proc, pid)), 1)
        if self._queue:
            return False
        self._seen.clear()  # the next look begins another round
        return True

    def _written(self, pid: int, names: Set[str]) -> Iterator[Tuple[str, Identity]]:
        """The files of these names that a process holds open for writing.

        Links are read before anything is touched: a file system that hangs is left alone.
        """
        folder = "%s/%d/fd" % (self._proc, pid)
        try:
            descriptors = os.listdir(folder)
        except OSError:
            return  # another user's, or it has ended
        for fd in descriptors:
            try:
                target = os.readlink(folder + "/" + fd)
                if not target.startswith("/") or os.path.basename(target) not in names:
                    continue
                if self._for_writing(pid, fd):
                    found = os.stat(folder + "/" + fd)
                    yield fd, (found.st_dev, found.st_ino)
            except OSError:
                continue

    def _holds(self, pid: int, fd: str, identity: Identity) -> bool:
        try:
            found = os.stat("%s/%d/fd/%s" % (self._proc, pid, fd))
            return (found.st_dev, found.st_ino) == identity and self._for_writing(pid, fd)
        except OSError:  # it may end between two of these looks
            return False

    def _for_writing(self, pid: int, fd: str) -> bool:
        """Whether a descriptor was opened with O_WRONLY or O_RDWR (the low bits of its flags)."""
        with open("%s/%d/fdinfo/%s" % (self._proc, pid, fd)) as file:
            for line in file:
                if line.startswith("flags:"):
                    return int(line[6:], 8) & os.O_ACCMODE != os.O_RDONLY
        return False


def _say(held: Held) -> Iterator[Dict[str, Any]]:
    if held.holders:
        yield {"open": True, "pid": min(holder.pid for holder in held.holders)}
    elif held.ended_at is not None and held.searched:
        yield {"open": False, "since": held.ended_at}


def status(proc: str, pid: int) -> List[str]:
    """The fields of /proc/PID/stat behind the name: state, parent, process group, session, ...

    Empty where there is no such process; the name may hold blanks and brackets.
    """
    try:
        with open("%s/%d/stat" % (proc, pid), "rb") as file:
            return file.read(4096).rpartition(b")")[2].decode("ascii", "replace").split()
    except OSError:
        return []


def started(proc: str, pid: int) -> str:
    """When a process began, which tells it from a later one of the same number; "" when ended."""
    fields = status(proc, pid)
    return fields[19] if len(fields) > 19 and fields[0] not in "ZX" else ""


def ancestry(proc: str, pid: int) -> Iterator[int]:
    """A process and its ancestors, nearest first."""
    for _ in range(MAX_ANCESTORS):
        fields = status(proc, pid)
        if pid <= 1 or len(fields) < 2:
            return
        yield pid
        pid = int(fields[1])


def owner(proc: str, pid: int) -> Optional[int]:
    """The user that a process belongs to; None where it is not seen from here."""
    try:
        return os.stat("%s/%d" % (proc, pid)).st_uid
    except OSError:
        return None


def group(proc: str, pid: int) -> str:
    """The process group: the parts of a pipeline (`train.py | tee log`) share it; "" if ended."""
    fields = status(proc, pid)
    return fields[2] if len(fields) > 2 else ""
