"""The small charts of the wall and of the grid: a card a run, a card a metric of one run."""

from __future__ import annotations

from dataclasses import replace

from lossmon.chart.of_run import charts_of, curves_of
from lossmon.monitor import RunUpdate
from lossmon.tui import look, triage
from lossmon.tui.triage import Scene
from lossmon.tui.widgets.small_charts import SmallChart


def card_of(update: RunUpdate, scene: Scene) -> SmallChart:
    """A run on the wall."""
    sign, style = scene.badge(update)
    tone = {look.STYLE["info"]: "info"}.get(style, "faint")
    tone = scene.tone(update) or tone
    mark = triage.mark_of(update, scene)[0].strip()
    value = update.newest(update.train or update.eval)
    return SmallChart(
        key=update.run,
        title=triage.name_of(update, scene),
        badge=(
            (look.dot(update, ascii=scene.ascii), "faint"),
            (sign, tone),
            (mark + " ", "accent"),
        ),
        curves=curves_of(update),
        revision=update.revision,
        note=look.number(value),
        growing=update.state == "running",
    )


def cards_of(update: RunUpdate | None) -> list[SmallChart]:
    """A small chart of every metric of a run, the loss first."""
    if update is None:
        return []
    return [
        SmallChart(
            key=metric or "",
            title=title,
            badge=(),
            curves=curves if len(curves) > 1 else (replace(curves[0], label=""),),
            revision=(update.run, update.revision),
            note=look.number(next(float(c.view.value[-1]) for c in curves if not c.faint)),
            growing=update.state == "running",
        )
        for metric, title, curves in charts_of(update)
    ]
