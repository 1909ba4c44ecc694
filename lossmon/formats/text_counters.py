"""Which numbers of a line count steps, batches and epochs."""

from __future__ import annotations

import re

from lossmon.formats.clock import read_time
from lossmon.formats.lexicon import is_loss, is_noise, is_score, is_split, phase_of
from lossmon.formats.lexicon_places import counter_of, counts_world, is_clock, is_count
from lossmon.formats.text_kinds import Kind, Token
from lossmon.formats.text_shape import Shape

_TOTAL_OF = {"step": "steps", "epoch": "epochs", "batch": "batches"}
_INITIALS = {"E": "epoch", "B": "batch"}
_STARTS = re.compile(r"start", re.IGNORECASE)
_ITERATIONS = frozenset(("iters", "iterations", "updates"))
_SHORTEST = 3  # letters of the longest name of a line of initials
_PROGRESS = frozenset(("progress", "process"))


def claim(tokens: list[Token], roles: dict[int, str], i: int, counter: str) -> bool:
    """Let a number count this, where no other one does; with it goes the total behind it."""
    if counter == "step" and i + 1 < len(tokens) and tokens[i + 1].kind is Kind.TOTAL:
        _yield_step(tokens, roles)
    if counter in roles.values():
        if counter != "step" or "global" not in tokens[i].key.lower():
            return False
        for j, taken in list(roles.items()):  # "STEP: 3/90 -- GLOBAL_STEP: 183"
            if taken in ("step", "steps"):
                roles[j] = "batch" if taken == "step" else "batches"
    roles[i] = counter
    if counter in _TOTAL_OF and i + 1 < len(tokens) and tokens[i + 1].kind is Kind.TOTAL:
        roles[i + 1] = _TOTAL_OF[counter]
    return True


def read_initials(tokens: list[Token], roles: dict[int, str], metrics: list[Token]) -> None:
    """Let "E: 1/10 | B: 20/100 | L: 0.25" say epoch, batch and loss.

    Without an epoch they may be a length and a breadth.
    """
    said = {one.key.upper(): i for i, one in enumerate(tokens) if one.kind is Kind.VALUE}
    loss = said.get("L", -1)
    counted = [key for key in ("E", "B") if key in said and is_count(tokens[said[key]].text)]
    if (
        loss < 0
        or "E" not in counted
        or "." not in tokens[loss].text
        or max(map(len, said)) > _SHORTEST
    ):
        return
    for key in counted:
        if claim(tokens, roles, said[key], _INITIALS[key]) and tokens[said[key]] in metrics:
            metrics.remove(tokens[said[key]])
    tokens[loss].key = "loss"


def _yield_step(tokens: list[Token], roles: dict[int, str]) -> None:
    """Of two steps the one that counts up to a total is the step: "iteration:1 step:3500/23196"."""
    if {"epoch", "steps", "batch"} & set(roles.values()):
        return
    for j, taken in list(roles.items()):
        if taken == "step" and "global" not in tokens[j].key.lower():
            roles[j] = "epoch"


def is_epoch_row(roles: dict[int, str], metrics: list[Token]) -> bool:
    """A loss by epoch, and no finer place yet."""
    named = set(roles.values())
    return (
        "epoch" in named
        and not named & {"step", "batch"}
        and any(is_loss(token.key) for token in metrics)
    )


def counter_of_token(
    token: Token, followers: list[Kind], bar: bool = False, first: bool = False
) -> str | None:
    """What a named number counts; None where it is a metric.

    Args:
        token: the number.
        followers: what stands behind it.
        first: it opens the line, where "e" is the epoch.
        bar: of a progress bar: what counts up in its description is the epoch, whatever its name.
    """
    if is_clock(token.key) and read_time(token.text) is not None:
        return "clock"
    counter = "epoch" if first and token.key in ("e", "E") else counter_of(token.key)
    if token.key == "B" and followers[:1] == [Kind.TOTAL]:
        return "batch"  # "[E1|B020/181]"
    if counter in ("step", "batch") and not is_count(token.text.removeprefix("-")):
        return None  # fairseq: "update": 0.067
    words = token.key.lower().split()
    if counter is not None or not is_count(token.text):
        return counter
    if bar and followers[:2] == [Kind.TOTAL, Kind.PLACE] and not is_noise(token.key):
        return "epoch"  # "[fold_0] 001/020:  25%|###  | 1/4"
    if not phase_of(token.key) and words[-1:] != ["process"]:
        return None
    if followers[:1] == [Kind.PLACE] or followers[:2] == [Kind.TOTAL, Kind.PLACE]:
        return "epoch"  # "TRAIN [3][1930/1938]", "Train: [0/300][10/1251]"
    if followers[:1] == [Kind.TOTAL] and (len(words) == 1 or words[-1] in _PROGRESS):
        return "batch"  # "Test: [78/78]"
    return None


def is_of_evaluation(token: Token, behind: list[Token]) -> bool:
    """Where an evaluation was made, or which one it is: "validation @ 400: loss 2.3"."""
    word = token.key.rstrip(" @#")
    named = [one.key for one in behind if one.kind is Kind.VALUE]
    if token.explicit or not is_count(token.text) or not is_split(word):
        return False
    return any(is_loss(name) or is_score(name) for name in named)


def settle_counters(message: str, tokens: list[Token], roles: dict[int, str]) -> bool:
    """Two counters within an epoch: the named one is the step.

    Returns:
        Whether the batches are samples: "Train Epoch: 1 [640/60000 (1%)]".
    """
    by_name = {counter: i for i, counter in roles.items()}
    batch = by_name.get("batch", len(tokens))
    if batch + 1 < len(tokens) and message[tokens[batch].end : tokens[batch + 1].start] == "-":
        roles[batch + 1] = roles.pop(batch)  # MXNet: "Batch [600-620]"
        batch = by_name["batch"] = batch + 1
    if not {"batch", "epoch"} <= by_name.keys():
        return False
    if tokens[batch].kind is not Kind.PLACE:
        return False
    percent = batch + 2 < len(tokens) and tokens[batch + 2].kind is Kind.PERCENT
    if "step" in by_name:
        for counter in ("batch", "batches"):
            roles.pop(by_name.get(counter, -1), None)
    return percent and "epoch" in tokens[by_name["epoch"]].key.lower()


def settle_plan(
    message: str, tokens: list[Token], shape: Shape, roles: dict[int, str], metrics: list[Token]
) -> None:
    """Words that count in one line and tell the plan in another, and steps of the environment."""
    losses = any(is_loss(token.key) or is_score(token.key) for token in metrics)
    for what, counter in (("steps", "step"), ("epochs", "epoch")):
        at = shape.plan.get(what, -1)
        if at >= 0 and losses and tokens[at].key.lower() == what and not roles:
            del shape.plan[what]
            roles[at] = counter  # "steps: 1 loss: 0.06", where it grows
            shape.guessed = True
    placed = [i for i, role in roles.items() if role == "step"]
    for i in placed:
        if not metrics and tokens[i].key.lower() in _ITERATIONS and _STARTS.match(message):
            shape.plan["steps"] = i  # "Starting training..., iters: 400"
            del roles[i]
    shape.of_world = not metrics and any(counts_world(tokens[i].key) for i in placed)
