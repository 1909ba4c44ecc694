"""Runs of a tracking server, looked at again and again."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lossmon.logs.background import Background, Patience
from lossmon.logs.follower import Chunk
from lossmon.logs.mlflow.api import Api, RefusedError
from lossmon.logs.mlflow.runs import Run, plain
from lossmon.logs.source import Failure

EVERY_S = 5.0  # between two looks, at least
LOAD = 10.0  # a look that takes long is followed by a rest so many times as long
MOST_RUNS = 200  # of a target, the newest
MOST_EXPERIMENTS = 50  # where none is named
_PAGES = 5  # of a search for one run by its name
_ID = re.compile("[0-9a-f]{32}")


class _Missing(Exception):
    """There is no such experiment or run, in words."""


class MlflowSource(Background):
    """Experiments and runs of a server.

    Args:
        name: of the source.
        address: of the server, "http://host:5000".
        targets: "experiment", "experiment/run", or nothing for all.
        watch: go on looking; else look once.
        patience: how long to wait for what.
        prefix: what stands before the names of logs.
        every_s: between two looks.
        env: where credentials are looked for.
    """

    def __init__(
        self,
        name: str,
        address: str,
        targets: Sequence[str],
        *,
        watch: bool = True,
        patience: Patience | None = None,
        prefix: str = "",
        every_s: float = EVERY_S,
        env: Mapping[str, str] = os.environ,
    ) -> None:
        super().__init__(name, watch=watch, patience=patience, prefix=prefix)
        self._address = address
        self._targets = list(targets)
        self._every_s = every_s
        self._env = env
        self._api: Api | None = None
        self._runs: dict[str, Run] = {}  # by id
        self._sizes: dict[str, int] = {}  # by log
        self._troubles: dict[str, str] = {}  # by target
        self._folders = set[str]()  # targets that stand for several runs
        self.start()

    def is_directory(self, path: str) -> bool:
        """Whether a target is an experiment, or all of them."""
        return path in self._folders

    def trouble(self, target: str) -> str:
        """Why nothing of a target can be read."""
        return self._troubles.get(target, "") or super().trouble(target)

    def ended(self) -> None:
        """The link is to end now."""
        api = self._api
        if api is not None:
            api.close()

    def attempt(self) -> Failure:
        """Look until the server is lost."""
        api = None
        try:
            api = self._api = Api(self._address, self._env)
            while not self.closing:
                began = time.monotonic()
                more = self._look(api)
                words = [f"{target}: {why}" for target, why in self._troubles.items() if why]
                if self.health().state != "live" or self.health().reason != "; ".join(words):
                    self.went_live("; ".join(words))
                self.settle(not more)
                if not more:
                    if not self.watch:
                        break
                    self.rest(max(self._every_s, LOAD * (time.monotonic() - began)))
                self.until_room()
            return Failure("retrying", "")
        except RefusedError as error:
            return error.failure
        finally:
            self._api = None
            if api is not None:
                api.close()

    def _look(self, api: Api) -> bool:
        """Read what is new of every target; whether there is more at once."""
        more = False
        looked = set[str]()
        for target in self._targets:
            try:
                for experiment, told in self._find(api, target):
                    run = self._meet(experiment, target, told)
                    if run.id in looked or run.log in self.inbox.dropped or self.closing:
                        continue
                    looked.add(run.id)
                    more = self._read(api, run, told) or more
            except _Missing as missing:
                self._troubles[target] = str(missing)
            else:
                self._troubles.setdefault(target, "")
        return more

    def _read(self, api: Api, run: Run, told: Mapping[str, Any]) -> bool:
        data, written, more = run.news(api, told)
        if data:
            offset = self._sizes.get(run.log, 0)
            size = self._sizes[run.log] = offset + len(data)
            self.inbox.put(Chunk(run.log, "data", offset, data, "", written or time.time(), size))
            self.until_room()
        return more

    def _meet(self, experiment: str, target: str, told: Mapping[str, Any]) -> Run:
        info = told["info"]
        id, name = str(info.get("run_id", ""))[:64], str(info.get("run_name", ""))[:200]
        known = self._runs.get(id)
        if known is None:
            log = target
            if target in self._folders:
                below = target if target else plain(experiment)
                log = f"{below}/{plain(name or id)}"
            if any(run.log == log for run in self._runs.values()):
                log = f"{log}-{plain(id[:8])}"
            known = self._runs[id] = Run(id, log, name)
        return known

    def _find(self, api: Api, target: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """The runs of a target, the newest first, with the name of their experiment."""
        self._troubles[target] = ""
        if not target:
            self._folders.add(target)
            told = api.post("experiments/search", {"max_results": MOST_EXPERIMENTS})
            for one in told.get("experiments") or ():
                for run in self._search(api, target, str(one.get("experiment_id", ""))):
                    yield str(one.get("name", "")), run
            return
        number = self._experiment(api, target)
        if number:
            self._folders.add(target)
            for run in self._search(api, target, number):
                yield target, run
            return
        experiment, _, name = target.rpartition("/")
        number = self._experiment(api, experiment) if experiment else ""
        if not number:
            raise _Missing("no such experiment there; the address of its server shows its name")
        yield experiment, self._one(api, number, name)

    def _experiment(self, api: Api, name: str) -> str:
        """The number of an experiment; empty where there is none of this name."""
        try:
            told = api.get("experiments/get-by-name", experiment_name=name)
        except RefusedError as error:
            if error.missing:
                return ""
            raise
        return str((told.get("experiment") or {}).get("experiment_id", ""))

    def _search(self, api: Api, target: str, number: str) -> Iterator[dict[str, Any]]:
        told = api.post(
            "runs/search",
            {
                "experiment_ids": [number], "max_results": MOST_RUNS,
                "order_by": ["attributes.start_time DESC"],
            },
        )  # fmt: skip
        if told.get("next_page_token"):
            self._troubles[target] = f"only its newest {MOST_RUNS} runs are read"
        yield from filter(_is_run, told.get("runs") or ())

    def _one(self, api: Api, number: str, name: str) -> dict[str, Any]:
        """A run by its id or name; of several, the newest."""
        if _ID.fullmatch(name):
            try:
                told = api.get("runs/get", run_id=name).get("run")
            except RefusedError as error:
                if not error.missing:
                    raise
            else:
                if isinstance(told, dict) and _is_run(told):
                    return told
        token = ""
        for _ in range(_PAGES):
            body = {
                "experiment_ids": [number], "max_results": 1000,
                "order_by": ["attributes.start_time DESC"], "page_token": token,
            }  # fmt: skip
            told = api.post("runs/search", body)
            for run in filter(_is_run, told.get("runs") or ()):
                if run["info"].get("run_name") == name:
                    return dict(run)
            token = str(told.get("next_page_token") or "")
            if not token:
                break
        raise _Missing("no run of this name or id in the experiment")


def _is_run(told: Any) -> bool:
    return isinstance(told, dict) and isinstance(told.get("info"), dict)
