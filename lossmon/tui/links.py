"""How the links to other boxes are, in words and on the top line."""

from __future__ import annotations

import time
from collections.abc import Sequence

from lossmon.logs.source import Health
from lossmon.text import cell_width, clip, clip_middle, in_words, printable
from lossmon.tui.widgets.lines import Part
from lossmon.words import Said, Words, known, said

_LEAST_NAME = 14  # cells that the name of a run keeps beside the boxes
_LEAST_REASON = 12  # cells; in fewer a reason says nothing
_TINY = 60  # columns
_MANY = 3  # boxes from which on those that are well are counted, not named
_URGENCY = ("gone", "needs_password", "retrying", "connecting", "live")
_STYLES = {
    "connecting": "$text-muted",
    "live": "$text-warning",
    "retrying": "$text-warning",
    "needs_password": "bold $text-warning",
    "gone": "bold $text-error",
}


def with_hosts(
    parts: list[Part], hosts: Sequence[Health], room: int, wide: bool, words: Words, ascii: bool
) -> list[Part]:
    """The top line with the boxes: where room is short the name of the run gives way.

    Args:
        parts: the line without them.
        hosts: how their links are.
        room: cells of the line.
        wide: those that are well are told beside one that is not.
        words: of the language in use.
        ascii: plain signs only.
    """
    longest = max(range(len(parts)), key=lambda i: cell_width(parts[i][0]))
    at = next((i for i, (_, style) in enumerate(parts) if style == "bold"), longest)
    text, style = parts[at]
    if room < _TINY and any(host.state != "live" for host in hosts):
        parts = parts[: at + 1]  # in a tiny pane a box in trouble is said before the numbers
    left = room - sum(cell_width(words) for words, _ in parts) + cell_width(text)
    least = min(cell_width(text), _LEAST_NAME)
    told = _parts(hosts, left - least, wide, words, ascii) if hosts else []
    left -= sum(cell_width(words) for words, _ in told)
    shorter = clip_middle if style == "bold" else clip  # of a name the end tells most
    return [
        *parts[:at],
        (shorter(text, max(least, left), ascii=ascii), style),
        *parts[at + 1 :],
        *told,
    ]


def _parts(hosts: Sequence[Health], room: int, wide: bool, words: Words, ascii: bool) -> list[Part]:
    """What is said of the boxes in so many cells: how each is, then why, as room allows."""
    ill = [host for host in hosts if host.state != "live" or host.reason]
    ill.sort(key=lambda host: _URGENCY.index(host.state))
    well = [host for host in hosts if host not in ill]
    heads = [(words.say(head_of(host)), _STYLES[host.state]) for host in ill]
    if len(well) >= _MANY:
        heads.append((words.say(said("{count} hosts live", count=len(well))), "$text-success"))
    elif wide or not ill:
        heads += [(words.say(head_of(host)), "$text-success") for host in well]
    dot = " | " if ascii else " · "
    left = room - 1 - sum(cell_width(head) + len(dot) for head, _ in heads)
    parts: list[Part] = []
    for i, (head, style) in enumerate(heads):
        why = printable(words.say(ill[i].reason)) if i < len(ill) else ""
        share = left // (len(ill) - i) - 2 if why else 0
        if share >= _LEAST_REASON:
            told = clip(why, share, ascii=ascii)
            left -= cell_width(told) + 2
            head = f"{head}: {told}"
        parts += [(dot if parts else " ", "$text-muted"), (head, style)]
    return parts


def head_of(host: Health) -> Said:
    """A box and the state of its link: until when, and the key that helps."""
    name = printable(host.host)
    if host.state == "retrying":
        left_s = max(1.0, (host.retry_at or 0.0) - time.time())
        return said("{host} retrying in {time}", host=name, time=in_words(round(left_s)))
    words = {"needs_password": "needs you: P", "gone": "gone: P retries"}
    return said("{host} {state}", host=name, state=known(words.get(host.state, host.state)))


def host_in_words(host: Health) -> Said:
    """The state of a link, and why."""
    why = host.reason or host.note
    return head_of(host) + ": " + why if why else head_of(host)
