"""Logs on this machine: a stat poll once a second, and watchdog to wake it sooner."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from lossmon.logs.files import FORGOTTEN, LocalFiles
from lossmon.logs.follower import Chunk, Follower
from lossmon.logs.held import on_network
from lossmon.logs.source import Health, Source
from lossmon.logs.sqlite import MAGIC, Store
from lossmon.logs.walk import MAX_ENTRIES
from lossmon.words import joined, known, said

if TYPE_CHECKING:
    from lossmon.logs.slurm import Jobs
    from lossmon.logs.vitals import Sampler

POLL_S = 1.0  # NFS, Lustre, sshfs and full inotify tables send no events
FIRST_BYTES = 1 << 16  # of a log: something is shown before all of it was read
MAX_WATCHES = 64  # directories with an inotify watch; more are polled alone


class LocalSource(Source):
    """Files, directories and globs on this machine.

    Args:
        targets: paths as typed.
        watch: be woken by file-system events; not needed to read once.
        sampler: tells of GPUs and writers; one of its own where it watches.
        jobs: of a scheduler: what they write is read too, also of those still to come.
    """

    name = ""

    def __init__(
        self,
        targets: Sequence[str],
        *,
        watch: bool = True,
        sampler: Sampler | None = None,
        jobs: Mapping[str, Jobs] = MappingProxyType({}),
    ) -> None:
        self._files = LocalFiles()
        self._follower = Follower(
            targets,
            ahead=watch,
            first_bytes=FIRST_BYTES if watch else 0,
            files=self._files,
            rotations=watch,
        )
        self._targets = tuple(targets)
        self._watch = watch
        self._woken = threading.Event()
        self._news: Callable[[], None] = lambda: None
        self._observer: Any = None
        self._watched: dict[str, Any] = {}  # folder -> its watch, where it has one
        self._stores: dict[str, Store] = {}
        self._sampler = sampler
        self._jobs = jobs
        self._asked = set[str]()  # logs of jobs that are followed

    def poll(self) -> list[Chunk]:
        """What is new; see `Follower.poll`. The rows of an SQLite store come as JSON lines."""
        chunks = []
        for chunk in self._follower.poll():
            if chunk.kind == FORGOTTEN:
                self._stores.pop(chunk.log, None)
            elif chunk.kind == "gone":
                self._unwatch(os.path.dirname(chunk.log) or ".")
            if chunk.log in self._stores:
                continue  # its pages are no log; it is read as a store below
            if chunk.offset == 0 and chunk.data.startswith(MAGIC):
                self._stores[chunk.log] = Store(chunk.log)
                self._follower.drop(chunk.log)
            else:
                chunks.append(chunk)
        for path, store in self._stores.items():
            self._follower.drop(path)  # also after it was replaced
            chunks += store.poll()
        return chunks

    def wait(self, timeout_s: float) -> bool:
        """Sleep until an event, the next stat poll or the timeout; True for the first two."""
        if self._watch:
            self._watch_directories()
        if self.pending():
            return True
        woken = self._woken.wait(min(timeout_s, POLL_S))
        self._woken.clear()
        return woken or timeout_s >= POLL_S

    def wake(self) -> None:
        """End a `wait` that is going on in another thread."""
        self._woken.set()

    def listen(self, news: Callable[[], None]) -> bool:
        """Call `news` at each event; a stat poll once a second is still needed."""
        self._news = news
        return True

    def drop(self, log: str) -> None:
        """Read no more of a log."""
        self._follower.drop(log)

    def is_directory(self, path: str) -> bool:
        """Whether a path is a directory."""
        return os.path.isdir(path)

    def beside(self) -> dict[str, Any] | None:
        """What GPUs and the writers of the newest logs do; the jobs of a scheduler."""
        found: dict[str, Any] = {}
        for jobs in self._jobs.values():
            news = jobs.take()
            if news is not None:
                found.setdefault("jobs", []).append(news)
                self._follow({path for job in news["jobs"] for path in job["logs"]})
        sample = self._sample() if self._watch else None
        if sample is not None:
            found["vitals"] = sample
        return found or None

    def _follow(self, logs: set[str]) -> None:
        for path in sorted(logs - self._asked):
            self._asked.add(path)
            self._follower.add(path)

    def _sample(self) -> dict[str, Any] | None:
        if self._sampler is None:
            from lossmon.logs.vitals import Sampler

            self._sampler = Sampler()
        if self._sampler.hungry:
            self._sampler.offer(self._follower.newest())
        return self._sampler.take()

    def health(self) -> Health | None:
        """There is no link that could fail; but a scheduler may have nothing to read."""
        words = [known(jobs.trouble) for jobs in self._jobs.values() if jobs.trouble]
        return Health("slurm", "live", joined("; ", words)) if words else None

    def trouble(self, target: str) -> str:
        """Of jobs, why they have no logs; of folders, that they hold too many.

        Other targets are checked before they are opened.
        """
        jobs = self._jobs.get(target)
        if jobs is not None and jobs.trouble:
            return known(jobs.trouble)
        if not self._follower.full and target not in self._files.cut:
            return ""
        return said(
            "more than {most:,} files or folders: those beyond were not looked at; name the "
            "folders that hold logs",
            most=MAX_ENTRIES,
        )

    def pending(self) -> int:
        """Bytes not read yet."""
        return self._follower.pending() + sum(store.pending for store in self._stores.values())

    def progress(self) -> tuple[int, int]:
        """How many logs were read as far as they go, and how many there are."""
        return self._follower.progress()

    @property
    def exhausted(self) -> bool:
        """All bytes at hand were read."""
        return self.pending() == 0 and all(jobs.settled for jobs in self._jobs.values())

    def logs(self) -> list[str]:
        """The files that are followed."""
        return self._follower.logs()

    def close(self) -> None:
        """Stop the observer and its threads."""
        observer, self._observer = self._observer, None
        self._watch = False
        self._follower.close()
        if self._sampler is not None:
            self._sampler.close()
        for jobs in self._jobs.values():
            jobs.close()
        if observer is not None:
            observer.stop()
            observer.join(timeout=5)

    def _watch_directories(self) -> None:
        """Watch the directories of the logs and targets that were found since the last call."""
        wanted = [path if os.path.isdir(path) else os.path.dirname(path) for path in self._targets]
        wanted += [os.path.dirname(log) for log in self._follower.logs()]
        for path in (path or "." for path in dict.fromkeys(wanted)):
            if len(self._watched) >= MAX_WATCHES:
                break
            if path not in self._watched and os.path.isdir(path):
                self._watched[path] = None if on_network(path) else self._schedule(path)

    def _unwatch(self, path: str) -> None:
        """A folder that is gone needs no watch: the next one may."""
        if path in self._watched and not os.path.isdir(path):
            watch = self._watched.pop(path)
            if watch is not None and self._observer is not None:
                with contextlib.suppress(KeyError, OSError):
                    self._observer.unschedule(watch)

    def _tell_of(self, grown: str | None) -> None:
        """A file has grown; None where files have come or gone."""
        if grown is not None:
            self._follower.notice(grown)
        else:
            self._follower.rescan()
        self._woken.set()
        self._news()

    def _schedule(self, path: str) -> Any:
        from watchdog.events import (
            FileCreatedEvent,
            FileModifiedEvent,
            FileMovedEvent,
            FileSystemEvent,
            FileSystemEventHandler,
        )
        from watchdog.observers import Observer

        tell = self._tell_of

        class Wake(FileSystemEventHandler):
            """An event is a wake-up and carries no data; at most it says where to look first."""

            def on_any_event(self, event: FileSystemEvent) -> None:
                grown = isinstance(event, FileModifiedEvent)
                tell(os.fsdecode(event.src_path) if grown else None)

        try:
            if self._observer is None:
                # As it stops, a last event may be told on the terminal: "queue_events() called
                # when the thread is inactive".
                logging.getLogger("watchdog").addHandler(logging.NullHandler())
                self._observer = Observer()
                self._observer.daemon = True
                self._observer.start()
            # Opening and reading are events too: unfiltered, each poll would wake itself.
            events = [FileCreatedEvent, FileModifiedEvent, FileMovedEvent]
            return self._observer.schedule(Wake(), path, event_filter=events)
        except OSError:
            return None  # no inotify watches left: the stat poll goes on alone
