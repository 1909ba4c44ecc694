"""The three lines of text: on top, the newest numbers, and the verdict of a narrow pane."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from itertools import chain

from textual.content import Content
from textual.widgets import Static

from lossmon.diagnosis.finding import SEVERITIES
from lossmon.diagnosis.knowledge import Knowledge
from lossmon.monitor import RunUpdate
from lossmon.monitor.jobs import in_brief
from lossmon.monitor.pulse import in_words as gpus_in_words
from lossmon.text import cell_width, clip_middle, in_words, printable
from lossmon.tui import look
from lossmon.tui.triage import Scene, name_of
from lossmon.tui.widgets.diagnosis_panel import title_of

Part = tuple[str, str]
_SOON = 60.0  # seconds; within them nobody asks for the clock
_SHORTEST = 8  # cells of a name that is cut


class Line(Static):
    """One line of words."""

    DEFAULT_CSS = "Line { height: 1; width: 1fr; text-wrap: nowrap; text-overflow: ellipsis; }"

    def __init__(self, id: str) -> None:
        super().__init__("", id=id)
        self._parts: list[Part] = []

    def say(self, parts: list[Part]) -> None:
        """Show these words, each with its style."""
        if parts != self._parts:
            self._parts = parts
            self.update(Content.assemble(*parts), layout=False)


def top(
    runs: int,
    shown: int,
    update: RunUpdate | None,
    wide: bool,
    scene: Scene,
    how: bool = False,
    others: Sequence[RunUpdate] = (),
    listed: bool = True,
    room: int = 0,
) -> list[Part]:
    """Who we are, how many runs there are, and which one is looked at.

    Args:
        runs: how many there are.
        shown: how many pass the filter.
        update: the run that is looked at.
        wide: the list of runs stands beside the chart and says the rest.
        scene: what words depend on beside the run.
        how: say how the run stands, since no line below the chart does.
        others: all runs, to be counted by how they are.
        listed: where it is wide, there is a list that names the run.
        room: cells there are; 0 where that is not known. A long name leaves room for the rest.
    """
    ascii = scene.ascii
    tell = scene.knowledge.tongue
    count = tell("{runs} {runs:run|runs}", runs=runs)
    if shown != runs:
        count = tell("{shown} of {count}", shown=shown, count=count)
    parts: list[Part] = [(" lossmon ", "bold $text-primary"), (f" {count} ", "$text-muted")]
    if update is None:
        return parts
    if wide and not listed:
        sign, style = scene.badge(update)
        dot = look.dot(update, ascii=ascii)
        parts = [(f" {dot}", "$text-muted"), (f"{sign} ", f"bold {style}")]
        parts.append((name_of(update, scene), "bold"))
    if not wide:
        sign, style = scene.badge(update)
        parts = [(f"{look.dot(update, ascii=ascii)}", "$text-muted"), (f"{sign} ", f"bold {style}")]
        named = len(parts)
        parts += [(name_of(update, scene), "bold"), (f"  {look.progress(update)}", "")]
        words = scene.how(update)
        if how and scene.standing(update).word != "running" and update.loading == 1.0:
            parts.append((f"  {words}", "$text-muted"))
        timed = len(parts)
        if runs > 1:
            if shown != runs:
                parts.append((f"  ({count})", "$text-muted"))
            parts += [("  ", ""), *_counts(others, ascii)]
        parts = _with_time(parts, timed, named, update, scene, room)
    if update.loading < 1.0:
        parts.append((f"  {tell('reading')} {update.loading:.0%}", "$text-accent"))
    return parts


def _left(seconds: float, scene: Scene) -> str:
    """How long it takes, and what the clock says then."""
    at = look.clock(scene.now + seconds, scene.now)
    return scene.knowledge.tell("{time}, at {clock}", time=in_words(seconds), clock=at)


def width(parts: Iterable[Part]) -> int:
    """How many cells the words take."""
    return sum(cell_width(text) for text, _ in parts)


def _with_time(
    parts: list[Part], at: int, named: int, update: RunUpdate, scene: Scene, room: int
) -> list[Part]:
    """The parts with the time left, as a clock time too where no name is cut for it.

    What has no room gives way whole: first what follows, how many runs are how, then the time. In
    40 cells nothing said that a run was a replay.

    Args:
        parts: without it.
        at: where it belongs.
        named: the part that is cut where there is no room.
        update: the run.
        scene: what words depend on beside the run.
        room: cells there are; 0 where that is not known.
    """
    tell, tail = scene.knowledge.tongue, parts[at:]
    ways = [parts, parts[:at]]
    if update.eta_s is not None and scene.goes_on(update):
        words, clock = (
            (f"  {tell('ETA')} {time_left}", "$text-muted")
            for time_left in (tell.say(in_words(update.eta_s)), _left(update.eta_s, scene))
        )
        whole = [*parts[:at], clock, *tail]
        if update.eta_s >= _SOON and not update.host and width(whole) <= room:
            return whole
        ways = [[*parts[:at], words, *tail], [*parts[:at], words], *ways]
    fitted = [_fitted(way, named, room, scene.ascii) for way in ways]
    return next((way for way in fitted if not room or width(way) <= room), fitted[-1])


def _fitted(parts: list[Part], at: int, room: int, ascii: bool) -> list[Part]:
    """One part as long as the others leave room for, down to where it still names something."""
    text, style = parts[at]
    left = room - width(parts) + cell_width(text)
    short = clip_middle(text, max(_SHORTEST, left), ascii=ascii) if room else text
    return [*parts[:at], (short, style), *parts[at + 1 :]]


def _counts(runs: Sequence[RunUpdate], ascii: bool) -> list[Part]:
    """How many runs are how: "✗1 !2 ✓9"."""
    parts: list[Part] = []
    for level in reversed(SEVERITIES):
        count = sum(look.severity(run) == level for run in runs)
        if count:
            sign = look.sign_of(level, ascii=ascii)
            parts.append((f"{sign}{count} ", look.STYLE[level]))
    return parts


def status(update: RunUpdate | None, wide: bool, scene: Scene, room: int = 0) -> list[Part]:
    """The newest numbers of a run, and how it stands.

    Args:
        update: the run; None where there is none.
        wide: there is room for all; else the line on top says progress and time left.
        scene: what words depend on beside the run.
        room: cells there are; 0 where that is not known. What stands last gives way first to how
            the run stands.
    """
    if update is None:
        return []
    tell = scene.knowledge.tell
    pairs = [
        ("train", _newest(update, update.train)),
        ("eval", _newest(update, update.eval)),
        ("lr", _newest(update, update.learning_rate)),
        ("|g|", _newest(update, update.grad_norm)),
        ("step", look.progress(update) if wide else ""),
        ("epoch", look.number(update.epoch)),
    ]
    if update.steps_per_s is not None and scene.goes_on(update):
        pairs.append(("", tell("{rate} steps/s", rate=look.rate(update.steps_per_s))))
    if update.eta_s is not None and wide and scene.goes_on(update):
        pairs.append(("ETA", _left(update.eta_s, scene)))
    numbers = [
        [(f" {tell(name)} " if name else " ", "$text-muted"), (f"{value} ", "bold")]
        for name, value in pairs
        if value
    ]
    stands = [*_versus(update, scene), (f"  {scene.how(update)}", "$text-muted")]
    while room and len(numbers) > 1 and width(chain(*numbers, stands)) > room:
        del numbers[-1]
    parts: list[Part] = [*chain(*numbers), *stands]
    job = ""
    if update.job is not None:
        job = scene.knowledge.say(in_brief(update.job, time.time()))
    machine = "   ".join(
        word for word in (scene.knowledge.say(gpus_in_words(update.gpus)), job) if word
    )
    return [*parts, (f"   {printable(machine)}", "")] if machine else parts


def _versus(update: RunUpdate, scene: Scene) -> list[Part]:
    """Behind or ahead of the baseline."""
    gap = scene.baseline.gap(update) if scene.baseline is not None else None
    if gap is None or scene.baseline is None:
        return []
    loss = f"{gap.share:+.1%}" if gap.share is not None else f"{gap.loss:+.3g}"
    tell, base = scene.knowledge.tell, printable(scene.baseline.run)
    steps = "" if gap.steps is None else tell(", {steps} steps", steps=look.signed(gap.steps))
    words = tell("ahead of {run}", run=base) if gap.ahead else tell("behind {run}", run=base)
    tone = "$text-success" if gap.ahead else "$text-warning"
    return [(f" {words} ", "$text-muted"), (f"{loss}{steps} ", tone)]


def verdict(update: RunUpdate | None, knowledge: Knowledge) -> list[Part]:
    """The diagnosis in one line: what, since when, and the first thing to do."""
    if update is None:
        return []
    title, style = title_of(update, knowledge)
    parts: list[Part] = [(title, f"bold {style}")]
    found = look.named(update)
    if found is None:
        return parts
    if found.severity == "info":
        evidence = printable(knowledge.say(found.evidence))
        return [*parts, (knowledge.tongue.labelled("", evidence), "")]
    parts.append((f" {knowledge.since(found)}", ""))
    remedies = knowledge.remedies(found)
    if not remedies:
        return parts
    return [*parts, (knowledge.tongue.labelled("", printable(remedies[0])), "")]


def _newest(update: RunUpdate, metric: str | None) -> str:
    return look.number(update.newest(metric))
