"""`lossmon plot`: one picture of a run on standard output."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lossmon.chart.axis import places
from lossmon.chart.identity import Identities
from lossmon.chart.of_run import curves_of, marks_of, metrics_of, overlay_of, strip_of, tokens_of
from lossmon.chart.picture import ChartSpec, Picture, Span, Window, draw
from lossmon.chart.spec import told_in
from lossmon.diagnosis.knowledge import Knowledge
from lossmon.errors import TargetError
from lossmon.formats.lexicon import plain
from lossmon.monitor.update import RunUpdate
from lossmon.presentation.verdict import verdict_line
from lossmon.text import cell_width, clip, clip_middle, printable
from lossmon.words import known, said

_COLORS = {
    "train": "36",
    "train_raw": "2;36",
    "eval": "33",
    "other": "35",
    "other_raw": "2;35",
    "axis": "2",
    "mark_critical": "31",
    "mark_warning": "33",
    "mark_info": "2",
    "mark_best": "32",
    "mark_epoch": "2",
    "eval_raw": "2;33",
    "guide": "32",
    "strip": "34",
    **{f"run_{i}": code for i, code in enumerate(("36", "33", "32", "35", "31", "34"))},
    "nonfinite": "1;31",
    "clipped": "1",
}

# What people call the main metrics, whatever a log calls them -> attributes of a RunUpdate.
_SHORT = {
    **dict.fromkeys(("lr", "learning_rate"), "learning_rate"),
    **dict.fromkeys(("gnorm", "grad_norm"), "grad_norm"),
    **dict.fromkeys(("loss", "train", "train_loss"), "train"),
    **dict.fromkeys(("eval", "eval_loss", "val_loss"), "eval"),
}


def render(
    updates: Sequence[RunUpdate],
    width: int,
    height: int,
    *,
    color: bool,
    ascii: bool,
    knowledge: Knowledge,
    smooth: float = 0.6,
    log_y: bool = False,
    log_x: bool = False,
    x_axis: str = "step",
    start: float | None = None,
    end: float | None = None,
    whole_y: bool = False,
    metrics: Sequence[str] = (),
    strip: str = "off",
    titled: bool = True,
) -> str:
    """A title, the chart, and the verdict; at most `width` columns and `height` rows.

    Several runs are one curve each, and nothing is said of them. What is not `titled` is the chart
    alone.

    Raises:
        TargetError: No run has such a metric, or the range is empty.
    """
    metrics = _known_metrics(metrics, updates)
    spec = ChartSpec(
        curves_of(updates[0], metrics),
        width,
        max(5, height - 2),
        marks_of(updates[0]),
        x_axis,
        log_y,
        smooth,
        ascii,
        log_x=log_x,
        whole_y=whole_y,
        tokens=tokens_of(updates[0]),
        strip=strip_of(updates[0], strip, smooth)[1],
    )
    if len(updates) > 1:
        curves = overlay_of(updates, Identities(), metrics[0] if metrics else None)
        spec = replace(spec, curves=curves, height=max(5, height - 1), marks=(), strip=None)
    picture = _within(told_in(spec, knowledge.tongue), start, end)
    rows = ["".join(_colored(span, color) for span in row).rstrip() for row in picture.rows]
    if not titled:
        return "\n".join(rows)
    drawn = "  " + ", ".join(map(printable, metrics)) if metrics else ""
    drawn += f"  {knowledge.tell('log{axis}', axis='')}" if picture.log_y else ""
    lines = [_title(updates, drawn, width, knowledge, ascii=ascii), *rows]
    if len(updates) == 1:
        lines.append(clip(verdict_line(updates[0], knowledge), width, ascii=ascii))
    return "\n".join(lines)


def _known_metrics(asked: Sequence[str], updates: Sequence[RunUpdate]) -> list[str]:
    """The metrics of these names, or of the parts that common names stand for.

    Raises:
        TargetError: no run has such a metric.
    """
    found = [_named(name, updates) for name in asked]
    unknown = [name for name in found if not any(name in one.series for one in updates)]
    if unknown:
        raise TargetError(
            said(
                "{run}: no metric {unknown}; it has {known}",
                run=updates[0].run,
                unknown=repr(unknown[0]),
                known=", ".join(map(printable, metrics_of(updates[0]))),
            )
        )
    return found


def _title(
    updates: Sequence[RunUpdate], drawn: str, width: int, knowledge: Knowledge, *, ascii: bool
) -> str:
    """The line above the chart: which run, how it stands, and what is drawn of it."""
    first = updates[0]
    if len(updates) > 1:
        count = knowledge.tell("{runs} {runs:run|runs}", runs=len(updates))
        return clip(count + drawn, width, ascii=ascii)
    step = ""
    if first.step is not None:
        total = f"/{first.total_steps:,}" if first.total_steps else ""
        step = knowledge.tell("step {step:,}{total}", step=first.step, total=total)
    about = f"  {knowledge.tell(first.state)}  {step}{drawn}"
    name = clip_middle(printable(first.run), max(12, width - cell_width(about)), ascii=ascii)
    return clip(name + about, width, ascii=ascii)


def lacks_axis(updates: Sequence[RunUpdate], axis: str, metrics: Sequence[str] = ()) -> str:
    """That a picture was drawn by step, since no log tells the axis; "" where one does."""
    names = [_named(name, updates) for name in metrics]
    for update in updates:
        tokens, curves = tokens_of(update), curves_of(update, names)
        if any(places(one.view, axis, 0.0, tokens) is not None for one in curves):
            return ""
    return said(
        "{run}: its rows have no {axis}; drawn by step",
        run=printable(updates[0].run),
        axis=known(axis),
    )


def lacks_strip(updates: Sequence[RunUpdate], name: str, smooth: float = 0.6) -> str:
    """That another strip was drawn than was asked for, or none, since the run has none; else ""."""
    if name == "off" or len(updates) > 1:
        return ""
    drawn, _ = strip_of(updates[0], name, smooth)
    if drawn == name:
        return ""
    run = printable(updates[0].run)
    if drawn == "off":
        return said(
            "{run}: nothing for the strip {strip}; drawn without", run=run, strip=known(name)
        )
    return said(
        "{run}: nothing for the strip {strip}; drawn with {other}",
        run=run,
        strip=known(name),
        other=known(drawn),
    )


def _named(asked: str, updates: Sequence[RunUpdate]) -> str:
    """The metric of this name; else, of a common name ("lr"), the one that plays its part."""
    if any(asked in update.series for update in updates):
        return asked
    part = _SHORT.get(plain(asked), "")
    return next((name for one in updates if (name := getattr(one, part, None))), asked)


def _within(spec: ChartSpec, start: float | None, end: float | None) -> Picture:
    """The picture from one x to another; an end that is not given is the run's own.

    Of a run without epochs, epochs 2 to 3 are no steps 2 to 3: it is drawn whole.
    """
    picture = draw(spec)
    if (start is None and end is None) or picture.plot is None or picture.x_axis != spec.x_axis:
        return picture
    first, last = picture.plot.extent
    low, high = (first if start is None else start), (last if end is None else end)
    if low >= high:
        raise TargetError(said("--from {low:g} is not before --to {high:g}", low=low, high=high))
    return draw(replace(spec, window=Window(low, high)))


def _colored(span: Span, color: bool) -> str:
    code = _COLORS.get(span.style)
    return f"\x1b[{code}m{span.text}\x1b[0m" if color and code and span.text.strip() else span.text
