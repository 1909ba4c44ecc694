"""The words by which lines of text say where a training is and what they measure."""

from __future__ import annotations

import re
from functools import lru_cache

from lossmon.formats.names import (
    ACCURACY,
    EVAL_LOSS,
    GRAD_NORM,
    LEARNING_RATE,
    OTHER,
    OTHER_LOSS,
    TRAIN_LOSS,
    plain,
    role,
)  # fmt: skip

_STEP = frozenset(
    (
        "step",
        "steps",
        "iter",
        "iters",
        "iteration",
        "iterations",
        "it",
        "itr",
        "update",
        "updates",
        "up",
        "num_updates",
        "nupdates",
        "global_step",
        "globalstep",
        "global_steps",
        "gs",
        "train_step",
        "current_step",
        "current_steps",
        "trained_steps",
        "s",
        "i",
        "tree",
        "round",
        "timesteps",
        "total_timesteps",
        "num_timesteps",
        "opt_step",
        "optimizer_step",
        "completed_step",
    )
)
_BATCH = frozenset(("batch", "batches", "minibatch", "mini_batch", "mb", "batch_idx", "batch_id"))
_PLURALS = frozenset(("epochs", "steps"))  # "epochs=750" is the plan
_EPOCH = frozenset(
    ("epoch", "epochs", "ep", "cur_epoch", "current_epoch", "train_epoch", "training_epoch")
)
_PLAN = re.compile(
    r"(?:max|num|total|n)_(?:train_)?(?:epochs?|steps|iters?|iterations|updates)"
    r"|total_optimization_steps|epochs|steps"
)
_PLAN_JAPANESE = re.compile(r".*(?:epoch|ステップ)数", re.IGNORECASE)  # as kohya's trainers say it
_EPISODE = frozenset(("episode", "episodes", "i_episode", "episode_number"))
_OF_WORLD = frozenset(("timesteps", "total_timesteps", "num_timesteps", "total_steps", "env_steps"))
_BOUND = re.compile(r"(?:training|validation|end|start|begin(?:ning)?|finish(?:ed)?)_of_")
_COUNT = re.compile(r"\d[\d,]*(?:\.0*)?(?:[eE]\+?\d+|[kKM])?")
_OF_SPLIT = re.compile(r"(?:train|valid|val|eval|test)_(?=num_updates|global_step)")
_CLOCK = frozenset(("ts", "time", "timestamp", "unix_time", "wall_time"))
_UNIX_TIME = re.compile(r"1\d{9}(?:\.\d+)?")  # 2001 to 2033
# Numbers that stand beside metrics and are none.
_NOISE = re.compile(
    r"(?:.*_)?(?:eta|v_num|pid|rank|seed|cuda|gpu|gpus|device|world_size|best|patience|wall|oom|port"
    r"|total|remaining|workers|node|after|ts|timestamp|line|lineno|dur|clip|bsz|wall|py|run|python|of|set|over)"
    r"|(?:elapsed|number_of|consumed|warmup|max|min|num|n)_.*|.*_cost"
    r"|.*(?:time|memory|mem|scale|skipped|nan_iterations|batch_size|seconds)(?:_(?:ms|s|gib|gb|mb))?"
    r"|(?:max_)?mem(?:ory)?(?:_.*)?|ms|s|sec|images?|data|bad_epochs.*|.*(?:decay|mult|momentum)|best_.*"
)
_TRAIN_ALONE = re.compile(r"train|training|trn")
_EVAL_ALONE = re.compile(r"val|valid|validation|eval|test|dev")
_VAL_ALONE = re.compile(r"val|valid|validation")
_EVAL_NAME = re.compile(
    r"(?:^|_)(?:eval|evaluation|val|vali|valid|validation|dev|test|testing|tst|cv|heldout|holdout|tel)(?:_|\d|$)"
)
_PHASE = re.compile(
    r"(?<![\w/.\-])(?:(?P<eval>val|valid|validat\w+|eval|evaluat\w+|test|testing|dev|cv|held-?out"
    r"|saving dict)"
    r"|(?P<train>train|training|learn))(?![\w/\-]|\.\w)",
    re.IGNORECASE,
)
LOSSES = frozenset((TRAIN_LOSS, EVAL_LOSS, OTHER_LOSS))
MEASURED = frozenset((*LOSSES, LEARNING_RATE, GRAD_NORM, ACCURACY))


@lru_cache(maxsize=4096)
def counter_of(key: str) -> str | None:
    """Which position a key counts: "step", "epoch", "batch", or None.

    The last word decides: "Validation at iteration", "Train Epoch", "Epoch(train)".
    """
    form = _OF_SPLIT.sub("", plain(re.sub(r"\(.*", "", key)) or plain(key))
    if form in _PLURALS or _PLAN_JAPANESE.fullmatch(key):
        return None
    for counter, words in (("step", _STEP), ("epoch", _EPOCH), ("batch", _BATCH)):
        if form in words:
            return counter
    last = key.replace("(", " ").split()
    if len(last) < 2 or form == "episode_steps":  # the length of an episode
        return None
    word = plain(last[-1])
    bound = _BOUND.match(form)  # "end of epoch 3"
    if (
        ("of" in last and not bound)
        or "per" in last
        or "best" in form
        or "warmup" in form
        or form.startswith("number")
    ):
        return None
    for counter, words in (
        ("step", _STEP - {"s", "i", "it", "up"}),
        ("epoch", _EPOCH),
        ("batch", _BATCH),
    ):
        if word in words:
            return counter
    return None


@lru_cache(maxsize=4096)
def planned(key: str) -> str | None:
    """Whether a key names the planned length: "steps", "epochs", or None."""
    if _PLAN_JAPANESE.fullmatch(key):
        return "epochs" if "epoch" in key.lower() else "steps"
    form = plain(key.split()[-1])  # "starting with max_epochs"
    if not _PLAN.fullmatch(form) or (form in _PLURALS and len(key.split()) > 1):
        return None
    return "epochs" if "epoch" in form else "steps"


def counts_episodes(key: str) -> bool:
    """Episodes of reinforcement learning: the place of a line that has no other."""
    return plain(key) in _EPISODE


def counts_world(key: str) -> bool:
    """Steps of the environment, which stand below the iteration of the training."""
    return plain(key) in _OF_WORLD


def is_clock(key: str, text: str) -> bool:
    """A Unix time, as logfmt writes it: "ts=1795476925.002"."""
    return plain(key) in _CLOCK and bool(_UNIX_TIME.fullmatch(text))


def is_count(text: str) -> bool:
    """A number that can count steps: whole, if written "10.0" or "12k"."""
    return bool(_COUNT.fullmatch(text))


@lru_cache(maxsize=4096)
def is_noise(name: str) -> bool:
    """A time, a size, an identifier: nothing to draw."""
    form = plain(name)
    if form.endswith(("_improved_from", "_improve_from", "_decreased", "_improved")):
        return True  # "val_loss improved from inf to 0.8"
    return role(name) == OTHER and bool(_NOISE.fullmatch(form))


@lru_cache(maxsize=4096)
def is_eval(name: str) -> bool:
    """The name itself says that this was measured on held-out data."""
    return role(name) == EVAL_LOSS or bool(_EVAL_NAME.search(plain(name)))


def is_train(name: str) -> bool:
    """The name itself says that this was measured while training."""
    return plain(name).startswith(("train", "learn"))


def is_loss(name: str) -> bool:
    """A loss of any kind, or a perplexity."""
    return role(name) in LOSSES or plain(name).split("_")[-1] in ("ppl", "perplexity")


def is_measured(name: str) -> bool:
    """A number by which a training is judged."""
    return role(name) in MEASURED or is_loss(name)


def is_score(name: str) -> bool:
    """An accuracy, a reward: higher is better."""
    return role(name) == ACCURACY


def is_paced(name: str) -> bool:
    """A learning rate or a gradient's norm: how large the updates are."""
    return role(name) in (LEARNING_RATE, GRAD_NORM)


def phase_of(text: str) -> str | None:
    """What the words of a line are about: "eval", "train", or None; the last such word decides."""
    words = list(_PHASE.finditer(text))
    if not words:
        return None
    return "eval" if words[-1]["eval"] else "train"


def settle(names: list[str], eval_line: bool, placed: bool) -> list[str]:
    """The names of a line's values, made to say what they measure where only the line does.

    "loss" in a line about validation becomes "eval_loss". A bare "train" and "val" are losses
    where the line has a step or epoch and names no loss; otherwise they are scores. Repeated names
    are numbered.
    """
    has_loss = any(is_loss(name) for name in names if not _EVAL_ALONE.fullmatch(plain(name)))
    lone = has_loss and not any(_TRAIN_ALONE.fullmatch(plain(n)) or is_score(n) for n in names)
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
        elif eval_line and not is_eval(name) and (is_loss(name) or role(name) == ACCURACY):
            name = "eval_loss" if form == "loss" else f"eval_{name}"
        copy, n = name, 2
        while copy in settled:
            copy, n = f"{name}_{n}", n + 1
        settled.append(copy)
    return settled
