"""News sent to people where they are: chats, phones, mail, by the services that Apprise knows.

Optional: `pip install 'lossmon[notify]'`. A service is slow or down without harm to the watching:
messages leave from a thread of their own, few at a time, and what fails is said in one line that
holds no secret.
"""

from __future__ import annotations

import os
import re
import stat
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lossmon import regular
from lossmon.chart.of_run import spec_of
from lossmon.chart.png import png_of
from lossmon.chart.svg import draw_svg
from lossmon.diagnosis.finding import SEVERITIES
from lossmon.diagnosis.knowledge import Knowledge
from lossmon.errors import ConfigError
from lossmon.monitor.changes import Change
from lossmon.monitor.news import News
from lossmon.monitor.update import RunUpdate
from lossmon.text import printable
from lossmon.words import said

APART_S = 20.0  # between two messages; what starts meanwhile shares the next
AN_HOUR = 30  # messages; a night in which all goes wrong does not fill a phone
_CLOSE_S = 10.0  # that the last message may take when we are told to end
_MOST_NAMED = 10  # findings in one message
_MOST_CHARTS = 3
_CHART = (100, 24)  # cells of the chart that is sent
_MOST_BYTES = 1 << 16  # of a file of addresses
_MOST_URLS = 50
_SAME = {"dingding": "dingtalk", "lark": "feishu"}  # other names of services
_KINDS = {"info": "info", "warning": "warning", "critical": "failure"}


def addresses(given: Sequence[str], environment: Mapping[str, str] = os.environ) -> list[str]:
    """The addresses of services, with secrets fetched from where they are kept.

    Args:
        given: addresses such as "ntfy://topic"; "env:NAME" for those in a variable, "file:PATH" for
            those in a file, one a line, that only its owner can read.
        environment: the variables.

    Raises:
        ConfigError: a variable is not set, a file cannot be read or can be read by others.
    """
    found: list[str] = []
    for one in given:
        if one.startswith("env:"):
            name = one[4:]
            if not environment.get(name):
                raise ConfigError(
                    said("notices: the variable {name} is not set; export it first", name=name)
                )
            found += environment[name].split()
        elif one.startswith("file:"):
            found += _in_file(os.path.expanduser(one[5:]))
        else:
            found.append(one)
    if len(found) > _MOST_URLS:
        raise ConfigError(
            said(
                "notices: {count} addresses; at most {most}",
                count=len(found),
                most=_MOST_URLS,
            )
        )
    return found


def _in_file(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8", errors="replace", opener=regular.opener) as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & 0o077:
                raise ConfigError(
                    said(
                        "notices: {path} holds secrets and others can read it; chmod 600 {path}",
                        path=path,
                    )
                )
            lines = file.read(_MOST_BYTES).splitlines()
    except OSError as error:
        raise ConfigError(
            said("notices: {path}: {reason}", path=path, reason=str(error.strerror).lower())
        ) from None
    return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]


def services_at(urls: Sequence[str]) -> list[Any]:
    """The services at addresses, as `addresses` gives them.

    Raises:
        ConfigError: Apprise is not installed, or does not know an address.
    """
    try:
        from apprise import Apprise
    except ImportError:
        raise ConfigError(
            said("notices to services need the extra notify: pip install 'lossmon[notify]'")
        ) from None
    services: list[Any] = []
    for url in urls:
        scheme, _, rest = url.partition("://")
        known = f"{_SAME.get(scheme, scheme)}://{rest}"
        service = Apprise.instantiate(known) if rest else None
        if service is None:
            raise ConfigError(
                said(
                    "notices: no service at {scheme}://...; addresses look like ntfy://topic, "
                    "slack://..., feishu://..., dingtalk://..., mailto://user:password@host",
                    scheme=scheme[:20],
                )
            )
        services.append(service)
    return services


class Notifier:
    """Sends news to services, from a thread of its own.

    Args:
        services: as `services_at` gives them.
        level: the mildest finding that is sent.
        knowledge: the language of messages.
        complain: told in one line what failed, from the other thread.
        apart_s: seconds between two messages.
    """

    def __init__(
        self,
        services: Sequence[Any],
        level: str,
        knowledge: Knowledge,
        complain: Callable[[str], None],
        apart_s: float = APART_S,
    ) -> None:
        self._services = services
        self._knowledge = knowledge
        self._complain = complain
        self._news = News(level, apart_s)
        self._lock = threading.Condition()
        self._closing = False
        self._sent: list[float] = []  # when, within the last hour
        self._held_back = 0  # findings that were not sent because of AN_HOUR
        self._thread = threading.Thread(target=self._run, name="lossmon-notify", daemon=True)
        self._thread.start()

    def add(self, changes: Sequence[Change]) -> None:
        """Send what is news among these, soon; never waits."""
        with self._lock:
            self._news.add(changes)
            self._lock.notify()

    def close(self, within_s: float = _CLOSE_S) -> None:
        """Send what waits, for some seconds at most, and end."""
        with self._lock:
            self._closing = True
            self._lock.notify()
        self._thread.join(within_s)

    def _run(self) -> None:
        while True:
            with self._lock:
                due = self._news.due_in()
                if self._closing and due is None:
                    return
                if due is None or (due > 0 and not self._closing):
                    self._lock.wait(due)
                    continue
                more, news = self._news.left_out, self._news.take()
            if self._may_send():
                self._send(news, more + self._held_back)
                self._held_back = 0
            else:
                self._held_back += more + len(news)

    def _may_send(self) -> bool:
        now = time.monotonic()
        self._sent = [at for at in self._sent if now - at < 3600]
        if len(self._sent) >= AN_HOUR:
            return False
        self._sent.append(now)
        return True

    def _send(self, news: Sequence[Change], more: int) -> None:
        severity = max((one.finding.severity for one in news), key=SEVERITIES.index)
        title, body = words(news, more, self._knowledge)
        runs = list({one.update.run: one.update for one in news}.values())[:_MOST_CHARTS]
        pictures = _attachments(runs) if any(s.attachment_support for s in self._services) else None
        for service in self._services:
            attach = pictures if service.attachment_support else None
            try:
                sent = service.notify(
                    title=title, body=body, notify_type=_KINDS[severity], attach=attach
                )
            except Exception as error:  # a plug-in of Apprise's must not end the watching
                self._complain(f"notices: {_name(service)}: {type(error).__name__}")
            else:
                if not sent:
                    self._complain(f"notices: {_name(service)} did not take the message")


def words(news: Sequence[Change], more: int, knowledge: Knowledge) -> tuple[str, str]:
    """A message as (title, body): what has started, the evidence, what to do."""
    parts = []
    for change in news[:_MOST_NAMED]:
        finding = change.finding
        title = knowledge.told(finding).title.upper()
        since = knowledge.since(finding)
        labelled, do = knowledge.tongue.labelled, knowledge.word("do")
        head = labelled(change.update.run, f"{title} {since}")
        part = [head, knowledge.say(finding.evidence)]
        part += [labelled(do, text) for text in knowledge.remedies(finding)[:1]]
        parts.append("\n".join(map(printable, part)))
    more += max(0, len(news) - _MOST_NAMED)
    if more:
        parts.append(knowledge.word("and_more").format(count=more))
    first = news[0]
    head = f"lossmon: {first.update.run}: {knowledge.told(first.finding).title}"
    return printable(head), "\n\n".join(parts)


def _attachments(runs: Sequence[RunUpdate]) -> list[Any] | None:
    """The charts of runs as PNG; None where what draws them is not installed."""
    pictures = []
    for number, update in enumerate(runs, 1):
        drawn = draw_svg(spec_of(update, *_CHART))
        try:
            from apprise.attachment.memory import AttachMemory

            png = png_of(drawn)
        except ImportError:
            return None
        name = re.sub(r"[^\w.-]+", "_", printable(update.run))[-60:]
        attach: Any = AttachMemory  # apprise has no types here
        pictures.append(attach(png, f"{number}-{name}.png", "image/png"))
    return pictures


def _name(service: Any) -> str:
    """A service in words that hold no secret."""
    return printable(f"{service.service_name}")
