"""Pods: `k8s:[context/]namespace/pod[/container]`, `k8s:[context/]namespace/-l label=value`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from lossmon.errors import TargetError
from lossmon.logs.clients import failures
from lossmon.logs.clients.workload import Found, Reader, StampedReader, Unreadable
from lossmon.logs.source import Failure
from lossmon.text import printable
from lossmon.words import said

CLIENT = "kubectl"
EVERY_S = 15.0  # between two questions which pods have a label
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,252}")
_CONTEXT = re.compile(r"[\w.:@+/-]{1,253}", re.ASCII)
_LABEL = re.compile(r"[\w./=!,() -]{1,500}", re.ASCII)


class Pods:
    """A pod, one of its containers, or all pods of a label.

    Args:
        target: as typed, behind `k8s:`.

    Raises:
        TargetError: it is none.
    """

    client = CLIENT
    by_name = True

    def __init__(self, target: str) -> None:
        self.target = target
        found = re.fullmatch(r"(?:(?P<where>.+)/)?-l[ =]?(?P<label>.+)|(?P<pod>[^-].*)", target)
        self._label = (found["label"] or "").strip() if found else ""
        where = found["where"] if found and self._label else target
        self._parts = where.split("/") if where else []
        if (
            found is None
            or not all(_CONTEXT.fullmatch(part) for part in self._parts)
            or (self._label and not _LABEL.fullmatch(self._label))
        ):
            raise _none(target)
        self.every_s = EVERY_S if self._label else None
        self._context = self._namespace = self._pod = self._container = ""
        self._resolved = False
        if len(self._parts) <= (1 if self._label else 2):
            self._resolve(0)

    def question(self) -> list[str]:
        """Which pods are there? And first, where that is open, which contexts?"""
        if not self._resolved:
            return [CLIENT, "config", "get-contexts", "--output=name"]
        which = f"--selector={self._label}" if self._label else self._pod
        return [CLIENT, "get", "pods", which, *self._where(), "--output=json"]

    def answer(self, out: bytes, said: str, status: int) -> list[Found] | None:
        """The containers of the pods."""
        if not self._resolved:
            if status != 0:
                raise Unreadable(self.failure(said, status))
            self._choose(out.decode("utf-8", "replace").split())
            return None
        try:
            told = json.loads(out)
            pods = told["items"] if self._label else [told]
            found = [one for pod in pods for one in self._containers(pod)]
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            raise Unreadable(self.failure(said, status)) from None
        if not found:
            why = "no pod has this label yet"
            if self._container:
                why = f"the pod has no container {self._container}"
            raise Unreadable(Failure("retrying", why))
        return found

    def command(self, found: Found, since: str, *, follow: bool, before: bool = False) -> list[str]:
        """`logs` of one container; the one before it, where it was started again."""
        pod, container = found.names
        options = ["--follow"] if follow else []
        options += ["--previous"] if before else []
        options += [f"--since-time={since}"] if since else []
        which = [pod, f"--container={container}", *self._where()]
        return [CLIENT, "logs", *which, "--timestamps", *options]

    def reader(self) -> Reader:
        """The cluster sends both streams as one."""
        return StampedReader(both=False)

    def failure(self, said: str, status: int) -> Failure:
        """Why the client ended."""
        return failures.explain(CLIENT, said, status)

    def _where(self) -> list[str]:
        found = [f"--context={self._context}"] if self._context else []
        return [*found, f"--namespace={self._namespace}"] if self._namespace else found

    def _choose(self, contexts: Sequence[str]) -> None:
        """Tell `context/namespace/pod` from `namespace/pod/container`: a context may hold a `/`."""
        most = len(self._parts) - (1 if self._label else 2)
        counts = [n for n in range(most, 0, -1) if "/".join(self._parts[:n]) in contexts]
        try:
            self._resolve(counts[0] if counts else 0)
        except TargetError:
            name = printable("/".join(self._parts[: max(1, most)]))
            why = f"no context {name}; `kubectl config get-contexts` lists them"
            raise Unreadable(Failure("gone", why)) from None

    def _resolve(self, count: int) -> None:
        """Read the parts, of which so many name a context."""
        self._context, rest = "/".join(self._parts[:count]), self._parts[count:]
        names = [*rest, ""] if self._label else rest
        names = ["", *names] if len(names) == 1 else names
        most = 2 if self._label else 3  # no container is named beside a label
        if not 2 <= len(names) <= most or not all(map(_NAME.fullmatch, filter(None, names))):
            raise _none(self.target)
        self._namespace, self._pod, self._container = (*names, "")[:3]
        self._resolved = True

    def _containers(self, pod: dict[str, Any]) -> Iterator[Found]:
        """The logs of a pod; untrusted."""
        name, uid = str(pod["metadata"]["name"]), str(pod["metadata"]["uid"])
        status = pod.get("status") or {}
        states = {one["name"]: one for one in status.get("containerStatuses") or ()}
        containers = [str(one["name"]) for one in pod["spec"]["containers"]]
        for container in containers:
            if not (_NAME.fullmatch(name) and _NAME.fullmatch(container)):
                continue
            if self._container not in ("", container):
                continue
            alone = len(containers) == 1 or self._container
            log = self.target if not self._label else "/".join([*self._parts, name])
            log = log if alone else f"{log}/{container}"
            yield _found(log, (name, container), uid, states.get(container) or {}, status)


def _found(
    log: str, names: tuple[str, ...], uid: str, state: dict[str, Any], status: dict[str, Any]
) -> Found:
    """A container, from what the cluster says of its state."""
    now = state.get("state") or {}
    last = ((state.get("lastState") or {}).get("terminated") or {}).get("containerID", "")
    waiting = now.get("waiting")
    id = str(state.get("containerID") or "")
    if waiting is not None and id and str(last) == id:
        waiting = None  # it ended and is to be started again: what it wrote is still shown
    waits = ""
    if waiting is not None or not id:
        reason = (waiting or {}).get("reason") or status.get("reason") or status.get("phase")
        more = (waiting or {}).get("message") or status.get("message") or ""
        waits = printable(f"it waits: {reason or 'Pending'}" + (f" ({more})" if more else ""))[:200]
    ended = now.get("terminated") or (state.get("lastState") or {}).get("terminated") or {}
    before = f"{uid} {last}" if last else ""
    runs = "running" in now
    ending = "" if runs else _ending(ended)
    return Found(log, names, f"{uid} {id}", "", not runs, waits, before, ending)


def _ending(ended: dict[str, Any]) -> str:
    """How a container ended, in words; empty where that was well."""
    status, reason = ended.get("exitCode"), printable(str(ended.get("reason") or ""))[:60]
    if reason == "OOMKilled":
        return said("the container ran out of memory and was killed")
    if type(status) is not int or not status:
        return ""
    more = f" ({reason})" if reason not in ("", "Error") else ""
    return said("the container ended with status {status}{more}", status=status, more=more)


def _none(target: str) -> TargetError:
    return TargetError(
        said(
            "{target}: no pod; write k8s:[context/]namespace/pod[/container] "
            "or 'k8s:namespace/-l label=value'",
            target=f"k8s:{target}",
        )
    )
