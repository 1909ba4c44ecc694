"""The columns of the run list: what each shows of a run, and how runs are sorted by it."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lossmon.chart.identity import Identity
from lossmon.chart.spark import sparkline
from lossmon.diagnosis.finding import SEVERITIES
from lossmon.diagnosis.knowledge import Knowledge
from lossmon.logs.source import Health
from lossmon.monitor import RunUpdate
from lossmon.monitor.baseline import Baseline
from lossmon.monitor.standing import WORDS, Standing, standing
from lossmon.presentation.verdict import headline, is_untold
from lossmon.text import cell_width, clip, clip_middle, in_words, printable
from lossmon.tui import by_setting, look
from lossmon.words import Said, known, said

_MARKS = "◆◇■□"  # one for each stroke of the chart

Cell = tuple[str, str]  # words, and the tone they have
# How a run stands of which nothing is known just now.
_UNSURE = ("quiet", "exited", "gone", "link lost")


@dataclass(frozen=True)
class Scene:
    """What a line of the list depends on beside its run.

    Attributes:
        now: seconds since the Unix epoch.
        knowledge: titles of patterns.
        ascii: ASCII signs only.
        hosts: how the links to other boxes are, by name.
        marked: runs to be shown on one chart, and how they are told apart there.
        baseline: the run that others are compared with.
        order: key of the column that the list is sorted by.
        short: names without what all of them share.
        unfolded: keys of groups whose runs are listed below them, and the names of those runs.
    """

    now: float
    knowledge: Knowledge
    ascii: bool = False
    hosts: Mapping[str, Health] = field(default_factory=dict)
    marked: Mapping[str, Identity] = field(default_factory=dict)
    baseline: Baseline | None = None
    order: str = "need"
    short: Mapping[str, str] = field(default_factory=dict)
    unfolded: Container[str] = ()

    def standing(self, update: RunUpdate) -> Standing:
        """How a run stands."""
        return standing(update, self.now, self.hosts.get(update.host))

    def goes_on(self, update: RunUpdate) -> bool:
        """Whether rows come as they are used to: else its speed and what is left are not known."""
        return update.state == "running" and not self.old(update)

    def old(self, update: RunUpdate) -> bool:
        """Whether a row is overdue: what was said last is dimmed, before it may be over."""
        if self.unsure(update):
            return True
        age_s = 0.0 if update.last_row_time is None else self.now - update.last_row_time
        return update.state == "running" and age_s > update.rhythm.late_s

    def unsure(self, update: RunUpdate) -> bool:
        """Whether what was said last may be over by now."""
        return self.standing(update).word in _UNSURE

    def badge(self, update: RunUpdate) -> Cell:
        """The sign of a run and its style: what is old is not green, what may be over is asked."""
        sign, style = look.badge_of(update, ascii=self.ascii)
        if style == look.STYLE["info"] and self.old(update):
            return "?" if self.unsure(update) else sign, "$text-muted"
        return sign, style

    def tone(self, update: RunUpdate) -> str:
        """What its name and its curve are tinted by: "critical", "warning", or "" where calm."""
        found = headline(update)
        if found is None or found.severity == "info" or found.pattern in update.hushed:
            return ""
        return found.severity

    def how(self, update: RunUpdate) -> str:
        """The same in words, with the age of the newest row: "quiet, 3 min", "failed: ..."."""
        found, tell = self.standing(update), self.knowledge.tell
        word = tell(found.word)
        if found.word in ("failed", "gone", "link lost", "reading") and found.note:
            note = printable(self.knowledge.say(found.note))
            return tell("{word}: {note}", word=word, note=note)
        if update.last_row_time is None:
            return word
        age = self.now - update.last_row_time
        burst = update.rhythm.burst_s
        if found.word == "buffered" and burst is not None:
            return tell("buffered, rows come every {time}", time=in_words(burst))
        return word if age < 60 else tell("{word}, {age}", word=word, age=look.coarse(age))


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        key: names it.
        title: its header.
        width: cells; more where `grows`.
        cell: what it shows of a run in so many cells.
        by: what runs are sorted by, the smallest first; None comes last. None: not sorted by.
        right: numbers stand at its right end.
        grows: takes the room that is left.
        wanted: whether it says anything of these runs.
    """

    key: str
    title: str
    width: int
    cell: Callable[[RunUpdate, Scene, int], Cell]
    by: Callable[[RunUpdate, Scene], Any] | None = None
    right: bool = True
    grows: bool = False
    wanted: Callable[[Iterable[RunUpdate], Scene], bool] = lambda _runs, _scene: True


def ordered(runs: Iterable[RunUpdate], scene: Scene) -> list[RunUpdate]:
    """Runs by the column of the scene; among equals by name, so that lines stay where they are."""
    column = column_of(scene.order)
    by = (column.by if column is not None else None) or _need
    keyed = [(by(run, scene), run) for run in runs]
    keyed.sort(key=lambda pair: (pair[0] is None, 0 if pair[0] is None else pair[0], pair[1].run))
    return [run for _, run in keyed]


def mark_of(update: RunUpdate, scene: Scene) -> Cell:
    """The sign of a marked run, and the style of its curve where several are on one chart."""
    identity = scene.marked.get(update.run)
    if identity is None:
        return " ", ""
    sign = identity.sign if scene.ascii else _MARKS[identity.pattern % len(_MARKS)]
    return sign, identity.style


def _need(update: RunUpdate, _scene: Scene) -> int:
    """Who needs attention first; a run whose log is gone can be helped no more."""
    return 1 if update.lost else -SEVERITIES.index(look.severity(update))


def _name(update: RunUpdate, scene: Scene, width: int) -> Cell:
    return clip_middle(listed_name(update, scene), width, ascii=scene.ascii), scene.tone(update)


def listed_name(update: RunUpdate, scene: Scene) -> str:
    """The name of a run as it stands in a list: below its group, in from the edge."""
    return "  " * (update.run in scene.unfolded and not update.members) + name_of(update, scene)


def name_of(update: RunUpdate, scene: Scene) -> str:
    """The name of a run without what all share; a group says whether it is folded, and how many."""
    if not update.members:
        return printable(scene.short.get(update.run, update.run))
    signs = ("-", "+") if scene.ascii else ("▾", "▸")
    name = update.run.partition(" ")[2]
    times = "x" if scene.ascii else "×"
    sign = signs[update.run not in scene.unfolded]
    return printable(f"{sign} {name} {times}{len(update.members)}")


def _curve(update: RunUpdate, scene: Scene, width: int) -> Cell:
    view = update.series.get(update.train or update.eval or "")
    return (sparkline(view, width, ascii=scene.ascii) if view is not None else ""), (
        scene.tone(update) or "curve"
    )


def _train(update: RunUpdate, _scene: Scene, width: int) -> Cell:
    return look.number(update.newest(update.train), width), ""


def _eval(update: RunUpdate, _scene: Scene, width: int) -> Cell:
    return look.number(update.newest(update.eval), width), ""


def _state(update: RunUpdate, scene: Scene, _width: int) -> Cell:
    word = scene.standing(update).word
    tone = {"failed": "critical", "stalled": "warning", "link lost": "warning"}.get(word, "faint")
    return scene.knowledge.tell(word), tone


def _age(update: RunUpdate, scene: Scene, _width: int) -> Cell:
    if update.last_row_time is None:
        return "", ""
    return scene.knowledge.say(look.coarse(scene.now - update.last_row_time)), "faint"


def _speed(update: RunUpdate, scene: Scene, _width: int) -> Cell:
    if update.steps_per_s is None or not scene.goes_on(update):
        return "", ""
    return look.rate(update.steps_per_s), ""


def _step(update: RunUpdate, _scene: Scene, width: int) -> Cell:
    return look.short_progress(update, width), ""


def _eta(update: RunUpdate, scene: Scene, _width: int) -> Cell:
    known = update.eta_s is not None and scene.goes_on(update)
    if not known or update.eta_s is None:
        return "", ""
    return scene.knowledge.say(in_words(update.eta_s)), ""


def _host(update: RunUpdate, scene: Scene, _width: int) -> Cell:
    return printable(update.host) or scene.knowledge.tell("here"), "faint"


def _verdict(update: RunUpdate, scene: Scene, _width: int) -> Cell:
    found = look.named(update)
    if found is None:
        return "", ""
    title = scene.knowledge.told(found).title
    if found.pattern in update.hushed:
        return scene.knowledge.tell("{title} (seen)", title=title), "faint"
    if is_untold(found):
        return title, "faint"
    if seen := look.seen_beside(update, found):  # what stopped it is told before that it stands
        before = scene.knowledge.told(seen).title
        return scene.knowledge.tell("{title} (seen); {now}", title=before, now=title.upper()), (
            found.severity
        )
    if found.severity == "info":
        mild = look.badge(found, ascii=scene.ascii)[1] == look.ADVICE
        return title, "faint" if scene.old(update) else "accent" if mild else "info"
    since = scene.knowledge.since(found)
    return f"{title.upper()} {since}", found.severity


def _versus(update: RunUpdate, scene: Scene, width: int) -> Cell:
    if scene.baseline is None:
        return "", ""
    if update.run == scene.baseline.run:
        return scene.knowledge.tell("baseline"), "accent"
    gap = scene.baseline.gap(update)
    if gap is None:
        return "", ""
    loss = f"{gap.loss:+.3g}"
    if gap.share is not None:  # +233664.0% is no figure that anybody takes in, nor one that fits
        times = gap.share + 1
        large = f"x{times:,.0f}" if times < _MANY else f"x{times:.0e}"
        loss = f"{gap.share:+.1%}" if times < _TIMES else large
    steps = ""
    if gap.steps is not None:
        steps = scene.knowledge.tell(" {steps} st", steps=look.signed(gap.steps))
    words = loss + steps
    return (words if cell_width(words) <= width else loss), "info" if gap.ahead else "warning"


def _ratio(update: RunUpdate, scene: Scene) -> float | None:
    gap = scene.baseline.gap(update) if scene.baseline is not None else None
    if gap is None:
        return None
    return gap.share if gap.share is not None else gap.loss


def _falling(value: float | None) -> float | None:
    """Sorts the largest first; what is not finite before all: it needs a look."""
    if value is None:
        return None
    return -value if value == value else float("-inf")


# The first that fits by its importance is kept; they stand in this order.
COLUMNS: tuple[Column, ...] = (
    Column("name", "NAME", 14, _name, lambda u, _: u.run, right=False, grows=True),
    Column("curve", "CURVE", 10, _curve, right=False),
    Column("train", "TRAIN", 8, _train, lambda u, _: _falling(u.newest(u.train))),
    Column("eval", "EVAL", 8, _eval, lambda u, _: _falling(u.newest(u.eval)),
           wanted=lambda runs, _: any(run.eval for run in runs)),
    Column("versus", "VS BASE", 15, _versus, _ratio,
           wanted=lambda _, scene: scene.baseline is not None),
    Column("step", "STEP", 13, _step,
           lambda u, _: _falling(u.step)),
    Column("verdict", "VERDICT", 24, _verdict, _need, right=False, grows=True),
    Column("state", "STATE", 9, _state,
           lambda u, s: WORDS.index(s.standing(u).word), right=False),
    Column("age", "AGE", 7, _age, lambda u, _: _falling(u.last_row_time)),
    Column("speed", "STEP/S", 7, _speed, lambda u, _: _falling(u.steps_per_s),
           wanted=lambda runs, _: any(run.state == "running" for run in runs)),
    Column("eta", "ETA", 7, _eta,
           lambda u, _: u.eta_s, wanted=lambda runs, _: any(run.eta_s for run in runs)),
    Column("host", "HOST", 10, _host,
           lambda u, _: u.host, right=False, wanted=lambda runs, _: any(run.host for run in runs)),
)  # fmt: skip
_IMPORTANCE = (
    "name", "train", "versus", "verdict", "step", "curve", "state", "eval", "age", "eta", "speed",
    "host",
)  # fmt: skip
ORDERS = ("need", *(column.key for column in COLUMNS if column.by and column.key != "verdict"))
_TIMES, _MANY = 10.0, 1e6  # the baseline's loss: from there on so many times it, in full or not
_ASKED = 100  # runs of which the verdicts are to be whole: those that need attention come first
_LEAST_CURVE = 3  # cells: in fewer a curve says nothing
_LONGEST_NAME = 0.45  # of the width, for which a name takes the room of other columns
_NUMBER_OF = {key: key for key in ("eval", "step", "age", "speed", "eta", "state")}
TITLES = {"need": "who needs attention", "versus": "against the baseline", "speed": "steps/s"}


def column_of(key: str) -> Column | None:
    """The column of a key; that of a setting is made as it is asked for."""
    if by_setting.name_of(key):
        return Column(
            key,
            by_setting.title_of(key),
            by_setting.WIDTH,
            lambda run, _, width: (clip(by_setting.shown(run, key), width), ""),
            lambda run, _: by_setting.rank(run, key),
        )
    return next((column for column in COLUMNS if column.key == key), None)


def columns_for(width: int, runs: Iterable[RunUpdate], scene: Scene) -> list[tuple[Column, int]]:
    """The columns that fit, with their widths, in the order they stand; one blank between."""
    asked = column_of(scene.order) if by_setting.name_of(scene.order) else None
    all_ = COLUMNS if asked is None else (COLUMNS[0], asked, *COLUMNS[1:])
    known = {column.key: column for column in all_}
    importance = _IMPORTANCE if asked is None else ("name", asked.key, *_IMPORTANCE[1:])
    listed = list(runs)
    room, kept = width, []
    longest = max((cell_width(listed_name(run, scene)) for run in listed), default=0)
    least = {"name": max(known["name"].width, min(longest, int(_LONGEST_NAME * width)))}
    for key in importance:
        if key == "curve" and "verdict" in kept:  # the first that gives way to the whole verdict
            wanted = (cell_width(_verdict(run, scene, width)[0]) for run in listed[:_ASKED])
            more = min(room, max(0, max(wanted, default=0) - known["verdict"].width))
            least["verdict"] = known["verdict"].width + more
            room -= more
        column, cells = known[key], least.get(key, known[key].width)
        if column.wanted(listed, scene) and (cells + 1 <= room or key == "name"):
            kept.append(key)
            room -= cells + 1
    widths = {key: least.get(key, known[key].width) for key in kept}
    if "name" in kept:
        more = max(0, min(longest - widths["name"], room // 2))
        widths["name"] += more
        room -= more
    for key, most in (("verdict", 20), ("curve", 30), ("verdict", room)):
        if key in kept:
            more = min(most, room)
            widths[key] += more
            room -= more
    return [(column, widths[column.key]) for column in all_ if column.key in widths]


def narrow_columns_for(
    width: int, runs: Iterable[RunUpdate], scene: Scene
) -> list[tuple[Column, int]]:
    """The columns of a list beside the chart: name, curve and one number."""
    known = {column.key: column for column in COLUMNS}
    number = "versus" if scene.baseline is not None else _NUMBER_OF.get(scene.order, "train")
    room = 7 if known[number].width <= 8 else 9
    shared = width - room - 3  # by name and curve
    longest = max((cell_width(listed_name(run, scene)) for run in runs), default=0)
    curve = min(10, shared - longest)  # the name gives way last
    curve = curve if curve >= _LEAST_CURVE else 0
    name = max(4, shared - curve)
    wanted = (("name", name), ("curve", curve), (number, room))
    return [(known[key], cells) for key, cells in wanted if cells]


def order_in_words(key: str) -> Said:
    """By what the runs are sorted."""
    return said("runs by {what}", what=by_setting.name_of(key) or known(TITLES.get(key, key)))
