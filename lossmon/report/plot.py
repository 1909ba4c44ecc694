"""`lossmon plot`: one picture of a run on standard output."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lossmon.chart.of_run import curves_of, marks_of, metrics_of, strip_of, tokens_of
from lossmon.chart.picture import ChartSpec, Span, Window, draw
from lossmon.diagnosis.knowledge import Knowledge
from lossmon.errors import TargetError
from lossmon.monitor.update import RunUpdate
from lossmon.report.check import verdict_line
from lossmon.text import clip, printable

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


def render(
    update: RunUpdate,
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
) -> str:
    """A title, the chart, and the verdict; at most `width` columns and `height` rows.

    Raises:
        TargetError: The run has no such metric, or the range is empty.
    """
    unknown = [name for name in metrics if name not in update.series]
    if unknown:
        known = ", ".join(printable(name) for name in metrics_of(update))
        raise TargetError(f"{update.run}: no metric {unknown[0]!r}; it has {known}")
    spec = ChartSpec(
        curves_of(update, metrics),
        width,
        max(5, height - 2),
        marks_of(update),
        x_axis,
        log_y,
        smooth,
        ascii,
        log_x=log_x,
        whole_y=whole_y,
        tokens=tokens_of(update),
        strip=strip_of(update, strip, smooth)[1],
    )
    picture = draw(spec)
    if (start is not None or end is not None) and picture.plot is not None:
        first, last = picture.plot.extent
        low, high = (first if start is None else start), (last if end is None else end)
        if low >= high:
            raise TargetError(f"--from {low:g} is not before --to {high:g}")
        picture = draw(replace(spec, window=Window(low, high)))
    total = f"/{update.total_steps:,}" if update.total_steps else ""
    step = f"step {update.step:,}{total}" if update.step is not None else ""
    scale = "  log" if picture.log_y else ""
    named = "  " + ", ".join(map(printable, metrics)) if metrics else ""
    title = f"{printable(update.run)}  {update.state}  {step}{named}{scale}"
    verdict = clip(verdict_line(update, knowledge), width, ascii=ascii)
    rows = ["".join(_colored(span, color) for span in row).rstrip() for row in picture.rows]
    return "\n".join([clip(title, width, ascii=ascii), *rows, verdict])


def _colored(span: Span, color: bool) -> str:
    code = _COLORS.get(span.style)
    return f"\x1b[{code}m{span.text}\x1b[0m" if color and code and span.text.strip() else span.text
