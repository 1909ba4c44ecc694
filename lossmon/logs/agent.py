"""The end of the link that runs on another box: follows logs there and sends what is new.

It is sent through ssh and run from memory: standard library only, Python 3.6, nothing is written
to the box. It lives as long as its standard input: when that ends, or no sign of life comes for
PATIENCE_S, it is gone, whatever became of the ssh that carried it.

Commands: follow, forget (a target), known (a log that was read before), drop (a log), ack (bytes
that arrived), beat. Answers: hello, target, data, newest, truncated, replaced, gone, error,
settled, beside (what the machine tells beside its logs), beat.
"""

import collections
import glob
import json
import os
import select
import signal
import sys
import time
from typing import TYPE_CHECKING, Any, Deque, Dict, List, Optional, Set, Tuple  # noqa: F401

from lossmon.logs import wire
from lossmon.logs.files import FORGOTTEN, reason
from lossmon.logs.follower import Chunk, Follower
from lossmon.logs.walk import matching

if TYPE_CHECKING:  # these are compiled on the box only where they are needed
    from lossmon.logs.slurm import Jobs  # noqa: F401 - for type comments
    from lossmon.logs.sqlite import Store  # noqa: F401 - for type comments
    from lossmon.logs.vitals import Sampler  # noqa: F401 - for type comments

MOST_ROWS = 1 << 19  # bytes of a store's rows in one frame
SLICE_BYTES = 1 << 16  # of one log before the next has its turn
FIRST_BYTES = 1 << 14  # of a file of which nothing is known: it may be no log
POLL_S = 0.25  # between two looks at the logs
SHARE = 0.006  # of a core that looking may cost: with many logs it is done less often
SLOWEST_S = 5.0
FIRST_WINDOW = 1 << 17  # bytes on their way before anything is known of the link
LEAST_WINDOW = 1 << 15
MOST_WINDOW = 4 << 20
QUICK_S = 0.3  # a confirmation that comes sooner says that the link takes more
SLOW_S = 0.8  # one that comes later, that rows would queue behind history
LONG_BYTES = 1 << 19  # of a log with more to read its end is sent first
AHEAD_BYTES = 1 << 16
STUCK_S = 90  # in one look at the logs (a file system that hangs): the agent gives up
MOST_TARGETS = 1000
SLURM = "slurm:"  # what a target for the jobs of a scheduler begins with


class Window:
    """How many bytes may be on their way, learned from how soon they are confirmed."""

    def __init__(self) -> None:
        self.size = FIRST_WINDOW
        self.sent = 0
        self.confirmed = 0
        self._when = collections.deque()  # type: Deque[Tuple[int, float]]

    @property
    def room(self) -> int:
        """Bytes that may be sent now."""
        return self.size - (self.sent - self.confirmed)

    @property
    def fast(self) -> bool:
        """The link takes all there is: packing would only cost time."""
        return self.size >= MOST_WINDOW

    def took(self, n: int, now: float) -> None:
        """Note that n bytes were sent."""
        self.sent += n
        if n >= wire.BIG:
            self._when.append((self.sent, now))

    def confirm(self, n: int, now: float) -> None:
        """Note that n bytes in all have arrived."""
        self.confirmed = max(self.confirmed, min(n, self.sent))
        while self._when and self._when[0][0] <= self.confirmed:
            took_s = now - self._when.popleft()[1]
            if took_s < QUICK_S:
                self.size = min(2 * self.size, MOST_WINDOW)
            elif took_s > SLOW_S:
                self.size = max(self.size // 2, LEAST_WINDOW)


class Agent:
    """Follows what it is told to, and answers in frames.

    Args:
        inlet: descriptor that commands come from.
        outlet: descriptor that answers go to.
    """

    def __init__(self, inlet: int, outlet: int) -> None:
        self._inlet, self._outlet = inlet, outlet
        self._out = wire.Outbox(outlet)
        self._reader = wire.Reader()
        self._sampler = None  # type: Optional[Sampler]
        self._follower = Follower(
            [], slice_bytes=SLICE_BYTES, ahead=True, long_bytes=LONG_BYTES,
            ahead_bytes=AHEAD_BYTES, rest=1 / SHARE, first_bytes=FIRST_BYTES, settings=True,
            rotations=True,
        )  # fmt: skip
        self._window = Window()
        self._numbers = {}  # type: Dict[str, int]  # log as followed -> its number on the wire
        self._logs = []  # type: List[str]  # and back
        self._homes = []  # type: List[Tuple[str, str]]  # expanded start, as typed
        self._stores = {}  # type: Dict[str, Store]
        self._known = set()  # type: Set[str]  # logs that an earlier link brought
        self._targets = 0
        self._settled = False
        self._heard = self._spoke = time.monotonic()
        self._next_poll = 0.0
        self._told = False  # the last sample said something
        self._jobs = {}  # type: Dict[str, Jobs]  # by target
        self._troubles = {}  # type: Dict[str, str]  # with jobs, as they were said

    def run(self) -> None:
        """Work until the other end is gone."""
        os.set_blocking(self._inlet, False)
        self._out.put(wire.MAGIC)
        version = ".".join(map(str, sys.version_info[:3]))
        self._say({"t": "hello", "v": wire.VERSION, "python": version, "now": time.time()})
        while True:
            now = time.monotonic()
            if now - self._heard > wire.PATIENCE_S:
                return
            busy = self._look(now)
            if now - self._spoke >= wire.BEAT_S and not self._out:
                self._say({"t": "beat"})
            due = min(self._next_poll, self._spoke + wire.BEAT_S) - time.monotonic()
            pause = 0.0 if busy else max(0.0, min(due, wire.BEAT_S))
            if self._out or self._window.room <= 0:
                pause = 1.0  # until the pipe takes more or a confirmation comes
            writing = [self._outlet] if self._out else []
            readable, writable, _ = select.select([self._inlet], writing, [], pause)
            if writable:
                self._out.flush()
            if readable and not self._listen():
                return

    # -- what is told ----------------------------------------------------------------------------

    def _listen(self) -> bool:
        """Take commands; False when the other end is gone."""
        try:
            data = os.read(self._inlet, 1 << 16)
        except BlockingIOError:
            return True
        if not data:
            return False
        self._heard = time.monotonic()
        for header, body, _ in self._reader.feed(data):
            self._obey(header, body)
        return True

    def _obey(self, command: wire.Header, body: bytes) -> None:
        what = command["t"]
        if what == "ack":
            self._window.confirm(int(command["n"]), time.monotonic())
        elif what == "follow" and self._targets < MOST_TARGETS:
            self._targets += 1
            target = str(command["target"])
            if target.startswith(SLURM):
                self._ask_for_jobs(target)
            else:
                self._follower.add(self._path(target))
                kind, why = self._judge(target)
                self._say({"t": "target", "target": target, "kind": kind, "why": why})
            self._settled = False  # is said anew, for so many targets
            self._next_poll = 0.0
        elif what == "forget":
            target = str(command["target"])
            self._follower.forget(self._path(target))
            if target in self._jobs:
                self._jobs.pop(target).close()
        elif what == "known":
            n_head = int(command["head"])
            self._follower.restore(
                self._path(str(command["log"])), int(command["at"]),
                body[:n_head], body[n_head:], int(command["crc"]),
            )  # fmt: skip
            self._known.add(self._path(str(command["log"])))
            if command.get("drop"):
                self._follower.drop(self._path(str(command["log"])))
        elif what == "drop" and 0 <= int(command["log"]) < len(self._logs):
            self._follower.drop(self._logs[int(command["log"])])

    def _ask_for_jobs(self, target: str) -> None:
        """Follow what the jobs of a scheduler write, as soon as it has answered."""
        from lossmon.logs.slurm import Jobs, SlurmError

        try:
            self._jobs[target] = Jobs(target[len(SLURM) :])
        except SlurmError as error:
            self._say({"t": "target", "target": target, "kind": "jobs", "why": str(error)})

    def _path(self, name: str) -> str:
        """What the user typed as a path here: `~` and `~user` are expanded."""
        if not name.startswith("~"):
            return name
        start = name.split("/", 1)[0]
        home = os.path.expanduser(start)
        if home != start and (home, start) not in self._homes:
            self._homes.append((home, start))
        return home + name[len(start) :]

    def _name(self, path: str) -> str:
        """A path here as the user typed it."""
        for home, start in self._homes:
            if path == home or path.startswith(home.rstrip("/") + "/"):
                return start + path[len(home) :]
        return path

    def _judge(self, target: str) -> Tuple[str, str]:
        """What a target is: directory, file, pattern or missing; and why it can't be read."""
        path = self._path(target)
        try:
            os.stat(path)
        except OSError as error:
            if glob.has_magic(path):
                found = next(matching(path), None)
                return "pattern", "" if found else "matches no file; check the pattern"
            if not isinstance(error, (FileNotFoundError, NotADirectoryError)):
                return "missing", reason(error)
            return "missing", "no such file or folder there; " + _hint(target, path)
        if os.path.isdir(path):
            readable = os.access(path, os.R_OK | os.X_OK)
        else:
            readable = os.access(path, os.R_OK)
        kind = "directory" if os.path.isdir(path) else "file"
        return kind, "" if readable else "permission denied; ask its owner for read access"

    # -- what is seen ----------------------------------------------------------------------------

    def _look(self, now: float) -> bool:
        """Look at the logs when it is time and there is room; True when there is more to send."""
        if self._out or self._window.room <= 0 or not self._targets:
            return False
        pending = self._pending()
        if not pending and now < self._next_poll:
            return False
        self._take_jobs()
        signal.alarm(STUCK_S)
        began = time.process_time()
        limit = min(self._window.room, wire.MOST_BODY)
        for chunk in self._follower.poll(max(limit, SLICE_BYTES)):
            self._take(chunk)
        for path in self._stores:
            self._read_store(path)
        took_s = time.process_time() - began
        signal.alarm(0)
        self._next_poll = now + min(max(POLL_S, took_s / SHARE), SLOWEST_S)
        pending = self._pending()
        settled = not pending and all(jobs.settled for jobs in self._jobs.values())
        if settled != self._settled:
            self._settled = settled
            self._say({"t": "settled", "yes": self._settled, "n": self._targets})
        if not pending:
            self._tell_beside()
        return bool(pending)

    def _take(self, chunk: Chunk) -> None:
        """Send a chunk, unless its log is a store: its pages are none, its rows are sent."""
        if chunk.kind == FORGOTTEN:
            self._stores.pop(chunk.log, None)
        if chunk.log in self._stores:
            return
        if (
            chunk.kind == "data"
            and chunk.offset == 0
            and chunk.data.startswith(b"SQLite format 3\0")
        ):
            from lossmon.logs.sqlite import Store

            self._stores[chunk.log] = Store(chunk.log, copy=False)
            self._follower.drop(chunk.log)
        else:
            self._send(chunk)

    def _read_store(self, path: str) -> None:
        self._follower.drop(path)  # also after it was replaced
        for chunk in self._stores[path].poll():
            if chunk.log in self._known:
                # Rows are numbered anew by each agent: what an earlier link brought is void.
                self._known.discard(chunk.log)
                self._send(chunk._replace(kind="replaced", offset=0, data=b""))
            for at in range(0, max(1, len(chunk.data)), MOST_ROWS):
                piece = chunk.data[at : at + MOST_ROWS]
                self._send(chunk._replace(offset=chunk.offset + at, data=piece))

    def _pending(self) -> int:
        stores = sum(store.pending for store in self._stores.values())
        return self._follower.pending() + stores

    def _send(self, chunk: Chunk) -> None:
        known = chunk.log in self._numbers
        number = self._numbers.setdefault(chunk.log, len(self._logs))
        header = {"t": chunk.kind, "l": number, "m": round(chunk.mtime, 3), "s": chunk.size}
        if not known:
            self._logs.append(chunk.log)
            header["p"] = self._name(chunk.log)
        if chunk.kind in ("data", "newest"):
            header["o"] = chunk.offset
        if chunk.message:
            header["w"] = self._name(chunk.message) if chunk.kind == "rotated" else chunk.message
        sent = self._say(header, chunk.data, pack=not self._window.fast)
        if chunk.data:
            self._window.took(sent, time.monotonic())

    def _take_jobs(self) -> None:
        """Follow the logs of new jobs; which job writes a log is said before its rows."""
        told = []  # type: List[Dict[str, Any]]
        for target, jobs in self._jobs.items():
            news = jobs.take()
            for job in news["jobs"] if news is not None else ():
                for path in job["logs"]:
                    self._follower.add(path)
                job["logs"] = [self._name(path) for path in job["logs"]]
            if news is not None:
                told.append(news)
            if jobs.settled and self._troubles.get(target) != jobs.trouble:
                self._troubles[target] = why = jobs.trouble
                self._say({"t": "target", "target": target, "kind": "jobs", "why": why})
        self._say_beside({"jobs": told} if told else {})

    def _tell_beside(self) -> None:
        """Hand on the newest sample of GPUs and writers, once."""
        if self._sampler is None:
            from lossmon.logs.vitals import Sampler

            self._sampler = Sampler()
        if self._sampler.hungry:
            self._sampler.offer(self._follower.newest())
        sample = self._sampler.take()
        if sample is not None and (sample["gpus"] or sample["logs"] or self._told):
            self._told = bool(sample["gpus"] or sample["logs"])
            sample["logs"] = {self._name(log): one for log, one in sample["logs"].items()}
            self._say_beside({"vitals": sample})

    def _say_beside(self, told: Dict[str, Any]) -> None:
        body = json.dumps(told).encode("ascii")
        if told and len(body) <= wire.MOST_BODY:
            self._say({"t": "beside"}, body, pack=True)

    def close(self) -> None:
        """End the programs that were asked something."""
        if self._sampler is not None:
            self._sampler.close()
        for jobs in self._jobs.values():
            jobs.close()

    def _say(self, header: wire.Header, body: bytes = b"", pack: bool = False) -> int:
        data = wire.frame(header, body, pack)
        self._out.put(data)
        self._spoke = time.monotonic()
        return len(data)


def _hint(target: str, path: str) -> str:
    import difflib

    parent, name = os.path.split(path)
    try:
        close = difflib.get_close_matches(name, os.listdir(parent or "."), 1)
    except OSError:
        close = []
    if close:
        return "did you mean %s?" % os.path.join(os.path.dirname(target), close[0])
    return "check the spelling"


def main() -> None:
    """Talk on standard input and output; what goes wrong is said in one line on stderr."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    agent = Agent(0, 1)
    try:
        agent.run()
    except (BrokenPipeError, ConnectionResetError):
        pass
    except Exception as error:
        sys.stderr.write("lossmon agent: %s: %s\n" % (type(error).__name__, error))
        sys.exit(3)
    agent.close()
    os._exit(0)  # no buffer to flush into a pipe that nobody reads
