"""Metric stores in SQLite (trackio's, MLflow's), read as if they were JSON lines: one log a run.

A store is never written to and nothing is created beside it: where rows stand in its write-ahead
log alone, a copy is read. Standard library only, runs on Python 3.6: its source is sent to other
boxes, where nothing is copied.
"""

import json
import os
import time
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

from lossmon.logs.follower import Chunk

MAGIC = b"SQLite format 3\x00"
STORE_KEY = "lossmon_store"  # of a first line that says which store the rows are from
STATUS_KEY = "lossmon_status"  # of a line that says how a run stands
_ROWS = 50_000  # at most so many a poll
_COPY_BYTES = 1 << 30  # a larger store with a live write-ahead log is read without it
_CONFIG_BYTES = 1 << 15  # of the settings of a run, which stand in the first line of its log
_SECONDS = 5.0  # a query that takes longer is broken off: a store is untrusted
_BROKEN_OFF = "interrupted"  # as SQLite says it
_LONGEST = 200  # characters of a cell that is shown, not read
_LARGEST = 1.7976931348623157e308  # how MLflow stores infinity

_TRACKIO = (
    "SELECT rowid, {run}, run_name, timestamp, step, metrics FROM metrics"
    " WHERE rowid > ? ORDER BY rowid LIMIT ?"
)
_MLFLOW = (
    "SELECT m.rowid, m.run_uuid, r.name, m.timestamp, m.step, m.key, m.value, m.is_nan"
    " FROM metrics AS m LEFT JOIN runs AS r ON r.run_uuid = m.run_uuid"
    " WHERE m.rowid > ? ORDER BY m.rowid LIMIT ?"
)


Row = Tuple[int, str, str, Dict[str, Any]]  # its number, run, name of the run, values


class Store:
    """One database and how far it was read.

    Args:
        path: of the database.
        copy: rows of a live write-ahead log may be read from a copy; else they are read in place,
            as any program does, while its writer lives.
    """

    def __init__(self, path: str, copy: bool = True) -> None:
        self.path = path
        self._copy = copy
        self.pending = 1  # 0 once all rows at hand were read
        self._stamp = ()  # type: Tuple[Tuple[int, int], ...]
        self._last = 0  # id of the newest row that was read
        self._names = {}  # type: Dict[str, str]  # run id -> name of its log
        self._sizes = {}  # type: Dict[str, int]
        self._ended = {}  # type: Dict[str, str]  # run id -> how it ended
        self._trouble = ""
        self._inode = 0
        self._deadline = 0.0  # of the newest query

    def poll(self) -> List[Chunk]:
        """Rows that are new, as JSON lines of one log a run."""
        stamp, mtime = self._look()
        if stamp == self._stamp and not self.pending:
            return []
        self._stamp = stamp
        chunks = self._replaced(mtime)
        if not stamp:
            self.pending = 0
            return [*chunks, self._error("the file is gone", mtime, "gone")]
        try:
            import sqlite3  # here, since most boxes have no store and some Pythons no SQLite
        except ImportError:
            self.pending = 0
            return [*chunks, self._error("this Python was built without SQLite", mtime, "error")]
        try:
            rows, found, trouble = self._read()
        except (sqlite3.Error, OSError, ValueError) as error:
            rows, found, trouble = {}, 0, str(error)
        if trouble == _BROKEN_OFF and time.monotonic() <= self._deadline:
            raise KeyboardInterrupt  # SQLite drops what a signal raises while it asks for the time
        # Behind rows that were read before some trouble it goes on: a query may just be long.
        self.pending = int(found == _ROWS or bool(found and trouble))
        for log, data in rows.items():
            offset = self._sizes.get(log, 0)
            self._sizes[log] = offset + len(data)
            chunks.append(Chunk(log, "data", offset, data, "", mtime, offset + len(data)))
        if found:
            return chunks
        if trouble and trouble != self._trouble:
            chunks += self._told(f"the database can't be read: {trouble}", mtime)
        self._trouble = trouble
        return chunks

    def _told(self, message: str, mtime: float) -> List[Chunk]:
        """An error of the database: of each run whose rows were read, or of itself."""
        logs = list(self._sizes.items()) or [(self.path, 0)]
        return [Chunk(log, "error", size, b"", message, mtime, size) for log, size in logs]

    def _look(self) -> Tuple[Tuple[Tuple[int, int], ...], float]:
        """Size and time of the database and of its write-ahead log; nothing when it is gone."""
        stamp, newest = [], 0.0
        for path in (self.path, self.path + "-wal"):
            try:
                found = os.stat(path)
            except OSError:
                continue
            stamp.append((found.st_size, found.st_mtime_ns))
            newest = max(newest, found.st_mtime)
        return tuple(stamp), newest

    def _replaced(self, mtime: float) -> List[Chunk]:
        """Another database stands in its place: what was read is void."""
        inode, self._inode = self._inode, self._find_inode()
        if not self._inode or not inode or inode == self._inode:
            self._inode = self._inode or inode
            return []
        logs = list(self._sizes)
        self._last, self._names, self._sizes, self.pending = 0, {}, {}, 1
        self._ended = {}
        return [Chunk(log, "replaced", 0, b"", "", mtime, 0) for log in logs]

    def _find_inode(self) -> int:
        try:
            return os.stat(self.path).st_ino
        except OSError:
            return 0

    def _error(self, message: str, mtime: float, kind: str) -> Chunk:
        return Chunk(self.path, kind, 0, b"", message, mtime, 0)

    def _read(self) -> Tuple[Dict[str, bytes], int, str]:
        wal = self.path + "-wal"
        live = os.path.exists(wal) and os.path.getsize(wal) > 0
        if not live or os.path.getsize(self.path) + os.path.getsize(wal) > _COPY_BYTES:
            return self._query(self.path)
        if not self._copy:
            there = os.path.exists(self.path + "-shm")  # else one would be made
            return self._query(self.path, "mode=ro" if there else "immutable=1")
        import shutil
        import tempfile

        with tempfile.TemporaryDirectory(prefix="lossmon-") as folder:
            copy = os.path.join(folder, "store.db")
            shutil.copyfile(wal, copy + "-wal")
            shutil.copyfile(self.path, copy)
            return self._query(copy, "mode=ro")

    def _query(self, path: str, how: str = "immutable=1") -> Tuple[Dict[str, bytes], int, str]:
        address = f"{Path(path).absolute().as_uri()}?{how}"
        import sqlite3

        connection = sqlite3.connect(address, uri=True, timeout=0)
        connection.text_factory = _text
        self._deadline = deadline = time.monotonic() + _SECONDS
        connection.set_progress_handler(lambda: int(time.monotonic() > deadline), 10_000)
        try:
            connection.execute("PRAGMA trusted_schema = OFF")
            columns = {row[1] for row in connection.execute("PRAGMA table_info(metrics)")}
            if {"run_name", "metrics", "step"} <= columns:
                store = "trackio"
                query = _TRACKIO.format(run="run_id" if "run_id" in columns else "run_name")
            elif {"key", "value", "run_uuid"} <= columns:
                store, query = "mlflow-sqlite", _MLFLOW
            else:
                raise ValueError("it has no metrics table of trackio or MLflow")
            read = _trackio_rows if store == "trackio" else _mlflow_rows
            rows = read(connection.execute(query, (self._last, _ROWS)))
            return self._take(store, rows, connection)
        finally:
            connection.close()

    def _take(
        self, store: str, rows: Iterator[Row], connection: Any
    ) -> Tuple[Dict[str, bytes], int, str]:
        """Lines of each log, how many rows there were, and what ended them before their time."""
        import sqlite3

        lines = {}  # type: Dict[str, List[str]]
        count, trouble = 0, ""
        try:
            for number, run, name, row in rows:
                count += 1
                if not isinstance(number, int):  # of a view
                    continue
                self._last = max(self._last, number)
                log = self._names.get(run)
                if log is None:
                    log = self._names[run] = self._log_name(run, name)
                    self._sizes[log] = 0
                    config = _config(store, run, connection)
                    lines[log] = [json.dumps({STORE_KEY: store, "name": name, "config": config})]
                lines.setdefault(log, []).append(json.dumps(row))
        except sqlite3.Error as error:  # a damaged page: the rows before it count
            trouble = str(error)
        if store == "mlflow-sqlite" and count < _ROWS:
            for run, status in self._endings(connection):
                lines.setdefault(self._names[run], []).append(json.dumps({STATUS_KEY: status}))
        data = {log: ("\n".join(cells) + "\n").encode() for log, cells in lines.items()}
        return data, count, trouble

    def _endings(self, connection: Any) -> Iterator[Tuple[str, str]]:
        """Runs that have ended since the last look, or go on after all, and what MLflow says."""
        import sqlite3

        query = "SELECT run_uuid, status FROM runs LIMIT ?"
        try:
            for run, status in connection.execute(query, (_ROWS,)):
                status = str(status)[:20]
                ended = status != "RUNNING" or run in self._ended
                if run in self._names and ended and self._ended.get(run) != status:
                    self._ended[run] = status
                    yield run, status
        except sqlite3.Error:
            return  # a store without it

    def _log_name(self, run: str, name: str) -> str:
        """One that no other run has: two of one name are told apart by their ids."""
        plain = (name or run).replace("/", "_")[:100] or "run"
        path = alone = os.path.join(self.path, plain)
        endings = iter((run[:8], run[:100].replace("/", "_")))
        while path in self._sizes:
            path = f"{alone}-{next(endings, len(self._names))}"
        return path


def _config(store: str, run: str, connection: Any) -> Dict[str, Any]:
    """What a run was configured with; nothing where the store does not say it."""
    import sqlite3

    try:
        if store == "trackio":
            query = "SELECT config FROM configs WHERE run_id = ? AND length(config) < ?"
            found = connection.execute(query, (run, _CONFIG_BYTES)).fetchone()
            config = json.loads(found[0]) if found else {}
            return config if isinstance(config, dict) else {}
        query = (
            "SELECT key, value FROM params WHERE run_uuid = ? AND length(value) < 1000"
            " UNION ALL SELECT 'git commit', value FROM tags"
            " WHERE run_uuid = ? AND key = 'mlflow.source.git.commit' LIMIT 400"
        )
        return {
            str(key): parameter(str(value)) for key, value in connection.execute(query, (run, run))
        }
    except (sqlite3.Error, ValueError, TypeError, RecursionError):
        return {}  # an older store has no such table


def parameter(text: str) -> Any:
    """A parameter, which MLflow keeps as a text, as the number that it was."""
    for kind in (int, float):
        try:
            return kind(text) if len(text) < 25 and "_" not in text else text
        except ValueError:
            continue
    return text


def _trackio_rows(cursor: Any) -> Iterator[Row]:
    for number, run, name, stamp, step, metrics in cursor:
        try:
            values = json.loads(metrics)
        except (ValueError, TypeError, RecursionError):
            values = None
        row = {"step": _cell(step), "timestamp": _cell(stamp)}
        row.update(values if isinstance(values, dict) else {"metrics": _cell(metrics)})
        yield number, str(run), str(name), row


def _mlflow_rows(cursor: Any) -> Iterator[Row]:
    for number, run, name, stamp, step, key, value, is_nan in cursor:
        value = float("nan") if is_nan == 1 else _cell(value)
        if isinstance(value, float) and abs(value) >= _LARGEST:
            value = float("inf") if value > 0 else float("-inf")
        row = {"step": _cell(step), "timestamp": _cell(stamp), str(_cell(key)): value}
        yield number, str(run), str(name or run), row


def _cell(value: Any) -> Any:
    """A cell as JSON can hold it: SQLite keeps any value in any column, whatever its type says."""
    return _text(value)[:_LONGEST] if isinstance(value, bytes) else value


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
