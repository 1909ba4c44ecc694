"""Whether a run goes on, in words: states that look alike from afar are told apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lossmon.logs.source import Health
from lossmon.monitor.pace import Rhythm
from lossmon.monitor.update import RunUpdate, State
from lossmon.text import in_words
from lossmon.words import known, said

Word = Literal[
    "running", "quiet", "buffered", "stalled", "finished", "failed", "silent", "gone", "link lost",
    "reading", "exited",
]  # fmt: skip
WORDS: tuple[Word, ...] = (
    "failed", "stalled", "exited", "gone", "link lost", "quiet", "buffered", "running", "reading",
    "finished", "silent",
)  # fmt: skip


_STILL: tuple[Word, ...] = ("quiet", "stalled", "silent")


@dataclass(frozen=True)
class Standing:
    """How a run stands.

    Attributes:
        word: running; quiet within its own rhythm; buffered (rows come in bursts); stalled;
            finished; failed; silent (an old log that does not say how it ended); gone (its
            logs cannot be read any more); link lost (to the box it is on); reading (not all of
            its log was read yet); exited (no process holds its log any more, and one did: too
            short ago to call it stalled, since another one may go on).
        note: more, in one line; may be empty.
    """

    word: Word
    note: str = ""


def standing(update: RunUpdate, now: float, health: Health | None = None) -> Standing:
    """How a run stands now.

    Args:
        update: the run.
        now: seconds since the Unix epoch.
        health: of the link to the box it is on; None for this machine.
    """
    ended = update.state in ("finished", "failed")
    if health is not None and health.state != "live" and not ended:
        age = _age(update, now)
        seen = said("; the newest row is {age} old", age=in_words(age)) if age is not None else ""
        why = health.reason or known(health.state.replace("_", " "))
        note = said("{host}: {why}{seen}", host=health.host, why=why, seen=seen)
        return Standing("link lost", note)
    if update.lost and not ended:
        return Standing("gone", update.lost)
    if update.loading < 1.0 and update.state == "running":
        return Standing("reading", said("{share:.0%} of the log was read", share=update.loading))
    if update.state == "running" and update.writer is False:
        return Standing("exited", said("no process holds its log any more"))
    failure = update.state_note if update.state == "failed" else ""
    found = describe(update.state, _age(update, now), update.rhythm, failure)
    if update.writer is not None and update.state_note and found.word in _STILL:
        return Standing(found.word, update.state_note)  # the machine knows more than the rhythm
    return found


def describe(state: State, age_s: float | None, rhythm: Rhythm, failure: str = "") -> Standing:
    """The same from a state, the age of the newest row, and the rhythm of the run."""
    word: Word = state
    if word == "failed":
        return Standing(word, failure)
    if word != "running":
        return Standing(word, "" if word == "finished" else _silence(age_s, rhythm))
    if age_s is not None and age_s > rhythm.quiet_s:
        left = rhythm.patience_s
        return Standing(
            "quiet",
            said(
                "{silence}; stalled after {time}",
                silence=_silence(age_s, rhythm),
                time=in_words(left),
            ),
        )
    if rhythm.burst_s is not None:
        return Standing(
            "buffered", said("rows come in bursts, one every {time}", time=in_words(rhythm.burst_s))
        )
    return Standing(word, _usual(rhythm))


def _age(update: RunUpdate, now: float) -> float | None:
    return None if update.last_row_time is None else max(0.0, now - update.last_row_time)


def _silence(age_s: float | None, rhythm: Rhythm) -> str:
    if age_s is None:
        return ""
    usual = _usual(rhythm)
    if not usual:
        return said("no new line for {time}", time=in_words(age_s))
    return said("no new line for {time}; usually {usual}", time=in_words(age_s), usual=usual)


def _usual(rhythm: Rhythm) -> str:
    if rhythm.burst_s is not None:
        return said("a burst of rows every {time}", time=in_words(rhythm.burst_s))
    if rhythm.usual_gap_s is None:
        return ""
    pause = said(", pauses of {time}", time=in_words(rhythm.pause_s)) if rhythm.pause_s else ""
    return said("one every {time}{pause}", time=in_words(rhythm.usual_gap_s), pause=pause)
