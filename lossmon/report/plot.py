"""`lossmon plot`: one picture of a run on standard output."""

from __future__ import annotations

from lossmon.chart.of_run import curves_of, marks_of
from lossmon.chart.picture import ChartSpec, Span, draw
from lossmon.diagnosis.knowledge import Knowledge
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
    x_axis: str = "step",
) -> str:
    """A title, the chart, and the verdict; at most `width` columns and `height` rows."""
    picture = draw(
        ChartSpec(
            curves_of(update),
            width,
            max(5, height - 2),
            marks_of(update),
            x_axis,
            log_y,
            smooth,
            ascii,
        )
    )
    total = f"/{update.total_steps:,}" if update.total_steps else ""
    step = f"step {update.step:,}{total}" if update.step is not None else ""
    scale = "  log" if picture.log_y else ""
    title = clip(f"{printable(update.run)}  {update.state}  {step}{scale}", width, ascii=ascii)
    verdict = clip(verdict_line(update, knowledge), width, ascii=ascii)
    rows = ["".join(_colored(span, color) for span in row).rstrip() for row in picture.rows]
    return "\n".join([title, *rows, verdict])


def _colored(span: Span, color: bool) -> str:
    code = _COLORS.get(span.style)
    return f"\x1b[{code}m{span.text}\x1b[0m" if color and code and span.text.strip() else span.text
