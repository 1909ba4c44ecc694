"""What the values of a line of text measure, where only the line as a whole says it."""

from __future__ import annotations

import re

from lossmon.formats.lexicon import (
    is_eval,
    is_loss,
    is_noise,
    is_objective,
    is_score,
    is_split,
    is_train,
    plain,
)

_RIVALS = frozenset(("d", "g", "d1", "d2", "d_real", "d_fake", "c1", "c2", "c"))
_TRAIN_ALONE = re.compile(r"train|training|trn")
_EVAL_ALONE = re.compile(r"vali?|va|valid|validation|eval|test|testing|tst|dev|cv|held")
# Nor does "kl" name the loss of "train=0.5 (recon=0.4, kl=0.1) val=0.6".
_ALONE_OR_PART = re.compile(rf"{_EVAL_ALONE.pattern}|(?:.*_)?(?:kld?|kl_div|recon|reg)(?:_.*)?")
_VAL_ALONE = re.compile(r"val|valid|validation")


def settle(names: list[str], eval_line: bool, placed: bool) -> list[str]:
    """The names of a line's values, made to say what they measure where only the line does.

    "loss" in a line about validation becomes "eval_loss". A bare "train" and "val" are losses
    where the line has a step or epoch and names no loss; otherwise they are scores. Repeated names
    are numbered.
    """
    has_loss = any(is_loss(name) for name in names if not _ALONE_OR_PART.fullmatch(plain(name)))
    lone = has_loss and not any(_TRAIN_ALONE.fullmatch(plain(n)) or is_score(n) for n in names)
    objective = placed and bool(names) and is_objective(names[0])
    if objective and not (has_loss or any(map(is_score, names))):
        if len(names) > 1:
            return names[:1]  # Optuna: "with value: 0.5 and parameters: {'x': 0.1}"
        told = is_noise(names[0])  # "best loss", as the bar of a search has it
        return names if told else ["objective"]  # R's optimisers: "iter  10 value 92.2"
    if names and is_eval(names[0]) and not any(_of_training(name) for name in names[1:]):
        eval_line = True  # "val Loss: 0.9 Acc: 0.4"
    forms = set(map(plain, names))
    if forms >= {"d", "g"} or forms >= {"d1", "d2", "g"}:  # a GAN's
        names = [f"{name}_loss" if plain(name) in _RIVALS else name for name in names]
    if placed and not any(is_loss(name) or is_score(name) for name in names):
        names = _of_both_sets(names)
    settled: list[str] = []
    for name in names:
        parts = plain(name) == "val" and any(plain(n) == "loss_train" for n in names)
        if parts:  # LitGPT: "loss train: 2.31, val: 2.4"
            name = "loss val"
        name = name.removesuffix(" value")  # Megatron: "lm loss value"
        form = plain(name)
        if _TRAIN_ALONE.fullmatch(form):
            name = f"{name}_loss" if placed and not has_loss else f"{name}_score"
        elif lone and _VAL_ALONE.fullmatch(form):
            name = f"{name}_loss"  # "loss 2.3 | val 2.4"
        elif _EVAL_ALONE.fullmatch(form) and (has_loss or not placed) and "learn" not in names:
            name = f"{name}_score"
        elif eval_line and not is_eval(name) and (is_loss(name) or is_score(name)):
            name = "eval_loss" if form == "loss" else f"eval_{name}"
        copy, n = name, 2
        while copy in settled:
            copy, n = f"{name}_{n}", n + 1
        settled.append(copy)
    return settled


def _of_both_sets(names: list[str]) -> list[str]:
    """What a line tells of training and of held-out data, and of nothing else, is the loss.

    rnnlm prints "TRAIN entropy: 9.1 Words/sec: 2182 VALID entropy: 9.2".
    """
    told: dict[str, list[str]] = {}
    for name in names:
        split, _, measure = plain(name).partition("_")
        if measure and is_split(split):
            told.setdefault(measure, []).append(name)
    pair = next(iter(told.values()), [])
    both = len(told) == 1 and len(pair) == 2 and is_eval(pair[0]) != is_eval(pair[1])
    return [f"{name} loss" if both and name in pair else name for name in names]


def _of_training(name: str) -> bool:
    return is_train(name) or (is_loss(name) and not is_eval(name))


def is_slow(name: str) -> bool:
    """A value that a bar goes on showing long after it was measured."""
    return is_eval(name) or name.endswith("_epoch")


def as_eval(name: str) -> str:
    """What a metric is called where its row is one of held-out data."""
    if is_eval(name):
        return name
    return "eval_loss" if plain(name) == "loss" else f"eval_{name}"
