"""Code that is not ours runs in a process of its own: formats of packages, a user's expressions.

Ours takes time in proportion to the text. That of others may not, and while an expression searches
or a loop in C turns, nothing else in its process runs: no key, no signal, no other log. So it gets
a process, and for each request a bound of processor time that the system itself enforces. When the
time is over the process ends, the log it was about is set aside with a line, and all else goes on.
"""

from __future__ import annotations

import json
import os
import signal
import struct
import sys
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lossmon.debug import logger
from lossmon.errors import FormatError, message_of
from lossmon.formats.decoder import Event, Facts, Record, Skipped
from lossmon.words import said

if TYPE_CHECKING:
    import subprocess

HEADER = struct.Struct(">II")  # bytes of JSON, bytes of data
PIECE = 1 << 16  # bytes of a log at once
BASE_S, S_A_BYTE = 1.0, 1e-5  # processor time of a request: 100 kB/s is slow for a decoder
_ASLEEP_S = 10.0  # of the clock, for code that waits and uses no processor
_ENDS_S = 1.0  # for a process to be gone whose answers have ended
IMPORT_S = 10.0  # of processor and of the clock, to import a package
_MOST_PROCESSES = 8  # of one format; more logs share them
_MOST_HANGS = 3  # from then on a format is not asked any more
_CODE = "import sys; from lossmon.formats.apart_worker import serve; serve(int(sys.argv[1]))"

_alive: weakref.WeakSet[Worker] = weakref.WeakSet()


class TooSlowError(FormatError):
    """The processor time of a request was over."""


class EndedError(TooSlowError):
    """The code ended its process."""


class ImportTooSlowError(TooSlowError):
    """A package could not be imported in time."""


class ForeignError(FormatError):
    """Code of others raised something; says what in its own words."""


class _There(Exception):
    """Where in the other process it was raised."""


class Worker:
    """A process for code of others; begins with the first request, and again after its end."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._imported: set[str] = set()  # by that process
        self._alive = -1  # a pipe that is open as long as we are: the process ends with it
        self._forgotten: list[int] = []  # decoders that are no longer wanted
        self.lives = 0  # processes that have ended: what one of them knew ended with it

    def __deepcopy__(self, _memo: object) -> Worker:
        return self

    def __reduce__(self) -> tuple[type[Worker], tuple[()]]:
        return Worker, ()  # another process of ours has its own

    def ask(self, request: Mapping[str, Any], data: bytes = b"") -> Any:
        """What the code answers.

        Raises:
            TooSlowError: it took too long, or its process ended.
            ForeignError: it raised.
        """
        module = request.get("module")
        with self._lock:
            process = self._started()
            if module is not None and module not in self._imported:
                try:
                    told = {"do": "import", "module": module, "limit_s": IMPORT_S, "forget": []}
                    self._exchange(process, told, b"", IMPORT_S)
                except EndedError:
                    raise
                except TooSlowError:
                    words = f"importing it took more than {IMPORT_S:.0f} s"
                    raise ImportTooSlowError(words) from None
                self._imported.add(module)
            limit_s = BASE_S + S_A_BYTE * len(data)
            forgotten, self._forgotten = self._forgotten, []
            told = {**request, "limit_s": limit_s, "forget": forgotten}
            return self._exchange(process, told, data, _ASLEEP_S + 10 * limit_s)

    def _exchange(
        self,
        process: subprocess.Popen[bytes],
        told: Mapping[str, Any],
        data: bytes,
        within_s: float,
    ) -> Any:
        """Ask the process and hear what it answers."""
        head = json.dumps(told).encode()
        asleep = threading.Timer(within_s, process.kill)
        asleep.daemon = True
        asleep.start()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(HEADER.pack(len(head), len(data)) + head + data)
            process.stdin.flush()
            size, _ = HEADER.unpack(_exactly(process.stdout.read(HEADER.size), HEADER.size))
            reply = json.loads(_exactly(process.stdout.read(size), size))
        except (OSError, EOFError, ValueError):
            if _ended_itself(process):
                self._forget_process(process)
                raise EndedError(f"it ended its process with status {process.returncode}") from None
            self._forget_process(process)
            raise TooSlowError("took too long or ended its process") from None
        finally:
            asleep.cancel()
        if "error" in reply:
            raise ForeignError(reply["error"]) from _There(reply["trace"])
        return reply["answer"]

    def forget(self, number: int) -> None:
        """A decoder that lives there is no longer wanted."""
        self._forgotten.append(number)

    def end(self) -> None:
        """End the process, whatever it does; one that waits for its answer gets none."""
        process = self._process
        if process is not None:
            process.kill()
            if self._lock.acquire(blocking=False):  # otherwise who waits for it cleans up
                self._forget_process(process)
                self._lock.release()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is not None:
            self._forget_process(self._process)
        if self._process is None:
            import subprocess  # where nothing of others is in use, nothing is paid for it

            _alive.add(self)
            self._forgotten, self._imported = [], set()
            theirs, self._alive = os.pipe()
            paths = os.pathsep.join(path or os.getcwd() for path in sys.path)
            try:
                self._process = subprocess.Popen(
                    [sys.executable, "-c", _CODE, str(theirs)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    env={**os.environ, "PYTHONPATH": paths},
                    pass_fds=(theirs,),
                    start_new_session=True,  # ctrl+c on the terminal is not for it
                )
            finally:
                os.close(theirs)
        return self._process

    def _forget_process(self, process: subprocess.Popen[bytes]) -> None:
        """It has ended, or is ended."""
        self._process = None
        self.lives += 1
        _clean_up(process)
        if self._alive >= 0:
            os.close(self._alive)
            self._alive = -1

    def __del__(self, ending: Callable[[], bool] = sys.is_finalizing) -> None:
        if not ending():  # else nothing of ours is there any more, and the pipe ends the process
            self.end()


def _ended_itself(process: subprocess.Popen[bytes]) -> bool:
    """Whether a process whose answers have ended did so by itself: not by the clock, nor by us."""
    try:
        status = process.wait(_ENDS_S)
    except Exception:  # it closed its output, and lives
        return False
    return status not in (-signal.SIGKILL, -signal.SIGPROF)


def _clean_up(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    for pipe in (process.stdin, process.stdout):
        try:
            assert pipe is not None
            pipe.close()
        except OSError:  # what it was to read has nobody to read it
            pass
    process.wait()


def _exactly(data: bytes, size: int) -> bytes:
    if len(data) < size:
        raise EOFError
    return data


def end_all() -> None:
    """End all such processes: the program ends, and nobody waits for them."""
    for worker in list(_alive):
        worker.end()


class ForeignFormat:
    """A format of another package, of which only the name is known here.

    Args:
        module: where it is, as its entry point says: "package.module:object".
        name: of the entry point.
    """

    def __init__(self, module: str, name: str) -> None:
        self.NAME = name
        self._module = module
        self._workers: list[Worker] = []
        self._next = 0
        self._hangs = 0
        self._hung: set[str] = set()
        self.fault: str | None = None  # what it raised when it was asked, or that it hung

    def hung_on(self, name: str) -> bool:
        """Whether it took too long to look at this log, which it might have read."""
        return name in self._hung

    def broken(self) -> str | None:
        """A line that says why it cannot be used; None where it can."""
        if self._hangs < _MOST_HANGS:  # it was not left out already
            try:
                self._worker(0).ask({"do": "there", "module": self._module})
            except FormatError as error:
                self._leave_out(error)
        return self.fault

    def _leave_out(self, error: FormatError) -> None:
        self._hangs = _MOST_HANGS
        self._note(error)

    def _note(self, error: FormatError) -> None:
        self._say(
            said(
                "the plug-in {name} ({module}) is left out: {what}",
                name=self.NAME,
                module=self._module,
                what=message_of(error).split("\n")[0],
            )
        )

    def _say(self, fault: str) -> None:
        if self.fault is None:
            self.fault = fault
            logger.error("%s", fault)

    def sniff(self, head: bytes, name: str) -> str | None:
        """Why the head of a file looks like this format; None too where that takes too long."""
        if self._hangs >= _MOST_HANGS:
            return None
        try:
            told = {"do": "sniff", "module": self._module, "name": name}
            why = self._worker(0).ask(told, head)
        except ImportTooSlowError as error:
            self._leave_out(error)
            return None
        except TooSlowError:
            self._hangs += 1
            self._hung.add(name)
            self._say(
                said(
                    "the plug-in {name} ({module}) took too long to look at {log}",
                    name=self.NAME,
                    module=self._module,
                    log=name,
                )
            )
            return None
        except ForeignError as error:  # logs of other formats must be read
            self._note(error)
            return None
        return None if why is None else str(why)

    def decoder(self, name: str) -> ForeignDecoder:
        """A decoder in one of this format's processes."""
        self._next += 1
        worker = self._worker(self._next % _MOST_PROCESSES)
        told = {"do": "new", "module": self._module, "name": name}
        return ForeignDecoder(worker, told, self.NAME)

    def _worker(self, at: int) -> Worker:
        while len(self._workers) <= at:
            self._workers.append(Worker())
        return self._workers[at]


class ForeignDecoder:
    """A decoder of another package: bytes go there, records come back."""

    def __init__(self, worker: Worker, made_by: Mapping[str, Any], name: str) -> None:
        self.format = name
        self.skipped = Skipped()
        self.facts = Facts()
        self._worker = worker
        self._id: int = worker.ask(made_by)
        self._life = worker.lives

    def __deepcopy__(self, _memo: object) -> ForeignDecoder:
        return ForeignDecoder(self._worker, {"do": "copy", "id": self._id}, self.format)

    def __del__(self) -> None:
        if getattr(self, "_life", -1) == self._worker.lives:
            self._worker.forget(self._id)

    def feed(self, data: bytes) -> list[Record]:
        """Decode what became complete with `data`, piece by piece: each has its bound."""
        records: list[Record] = []
        for at in range(0, len(data), PIECE):
            records += self._ask("feed", data[at : at + PIECE])
        return records

    def flush(self) -> list[Record]:
        """Decode the unfinished tail as it stands."""
        return self._ask("flush", b"")

    def _ask(self, what: str, data: bytes) -> list[Record]:
        if self._life != self._worker.lives:
            raise TooSlowError(f"set aside: another log of the format {self.format} took too long")
        try:
            told = self._worker.ask({"do": what, "id": self._id}, data)
        except EndedError as error:
            raise EndedError(f"set aside: the format {self.format}: {error}") from None
        except TooSlowError:
            raise TooSlowError(
                f"set aside: the format {self.format}, of another package, took too long for it"
            ) from None
        except ForeignError as error:
            said = f"the {self.format} decoder failed: {error}"
            raise ForeignError(said) from error.__cause__
        self.format = str(told["format"])
        self.skipped = Skipped(told["count"], [(str(a), str(b)) for a, b in told["examples"]])
        facts = told["facts"]
        self.facts = Facts(**{**facts, "events": [Event(*event) for event in facts["events"]]})
        return [Record(*row) for row in told["records"]]


def search(worker: Worker, pattern: str, flags: int, texts: Sequence[str]) -> list[Any]:
    """The named groups that a user's expression finds in each text; None where it finds nothing.

    Raises:
        TooSlowError: it takes too long for one of them.
    """
    data = "\n".join(text.replace("\n", " ") for text in texts).encode("utf-8", "surrogatepass")
    found: list[Any] = worker.ask({"do": "search", "pattern": pattern, "flags": flags}, data)
    return found
