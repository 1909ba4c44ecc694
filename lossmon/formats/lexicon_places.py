"""Words that say where a training is: counters, plans and clocks, and the parts that it has.

    a counter    says where the training is       `step`, `global_step`, `epoch`, `batch`
    a plan       says how long it will be         `max_steps`, `num_epochs`
    a clock      says when                        `timestamp`

They are asked before the words for what is measured (see `lossmon.formats.lexicon`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Literal

from lossmon.formats.lexicon import MEASURED, SPLIT_KEYS, TRAIN, plain, role, split_of

Counter = Literal["step", "epoch", "batch"]
_LONGEST = 200  # characters of a name that are looked at

# Of two that stand in one row the first one is taken.
_COUNTERS: Mapping[Counter, tuple[str, ...]] = {
    "step": (
        "step", "global_step", "current_steps", "global_step_max_steps", "trainer_global_step",
        "iteration", "iter", "iters", "iterations", "num_updates", "updates", "update", "steps",
        "it", "itr", "trial", "globalstep", "global_steps", "gs", "nupdates", "n_updates",
        "n_iter", "total_steps_done", "num_iters", "i", "s", "up", "round", "tree", "kimg", "tick",
        "timestep", "timesteps", "num_timesteps", "total_timesteps", "time_total_timesteps",
        "num_env_steps", "elapsed_tokens", "eval_global_step", "val_global_step", "train_steps",
        "trained_steps", "completed_steps", "generation", "n_gen", "iterat", "iterate",
        "example_counter", "total_t", "gen", "iterations_done", "steps_done", "ntree", "upd",
        "number_of_trees",
    ),
    "epoch": (
        "epoch", "epochs", "ep", "num_epoch", "epoch_num", "epoch_number", "epoch_idx", "epo",
        "epochs_done", "epochs_seen", "epochs_completed",
    ),
    "batch": (
        "batch", "batches", "minibatch", "mini_batch", "minibatches", "mb",
        "batch_idx", "batch_id",
    ),
}  # fmt: skip
# "optimizer_step", "current_iteration", "train_epoch": which of the counters it is.
_QUALIFIER = (
    rf"(?:{TRAIN}|trainer|trained|global|cur|curr|current|opt|optim|optimizer|completed|gradient"
    r"|progress)"
)
_INDEX = r"(?:_(?:i|idx|id|no|n|nr|num|number|index))?"  # "batch i: 3"
_QUALIFIED: Mapping[Counter, str] = {
    "step": rf"(?:i_)?(?:{_QUALIFIER}_)*"
    rf"(?P<word>step|iter|iteration|update|kimg|tick|round){_INDEX}",
    "epoch": rf"(?:i_)?(?:{_QUALIFIER}_)*(?P<word>epoch){_INDEX}",
    "batch": rf"(?:i_)?(?:{_QUALIFIER}_)*(?P<word>(?:mini_)?batch|minibatch){_INDEX}",
}
_SHORT = frozenset(("s", "i", "it", "up"))  # of a phrase they are no counter: "loss of it"
_PLURALS = frozenset(("epochs", "steps", "train_steps"))  # in a sentence "epochs=750" is the plan
_OF_WORLD = frozenset(("timesteps", "total_timesteps", "num_timesteps", "total_steps", "env_steps"))
_EPISODE = frozenset(
    ("episode", "episodes", "i_episode", "episode_number", "episode_num", "game", "games")
)
_SEEN = frozenset(("samples_seen", "images_seen", "examples_seen"))
# What counts the rows of a table where nothing better does.
ROWS_COUNTED = (
    "episode", "episodes", "i_episode", "game", "games", "frame", "frames", "index", "idx", "n",
    "no", "sample", "samples", "e",
)  # fmt: skip
_OF_SPLIT = re.compile(r"(?:train|valid|val|eval|test)_(?=num_updates|global_step)")
_BOUND = re.compile(r"(?:training|validation|end|start|begin(?:ning)?|finish(?:ed)?)_of_")
_COUNT = re.compile(r"\d[\d,]*(?:\.0*)?(?:[eE]\+?\d+|[kKM])?")

_NO_STAGE = re.compile(
    r"(?:finish|complet|reach|sav|run|load|process)\w*|done|[oi][fn]|at|for|after|from|to|the|an?|per|(?:end|start|begin|total|global|curr?(?:ent)?|trained"
    r"|opt(?:imizer)?|this|each|every|best|last|next|new|step)\w*"
)
_TITLE = re.compile(
    r"\b(?:(?:fold|stage|phase|task|booster|repeat|trial)[ #:_-]{0,3}|layer[ #:]{1,3}"
    r"|seed[ #_-]{0,3})"  # "seed: 31" is a setting
    r"(?:\d{1,4}|one|two|three)\b(?:\s?(?:/|of)\s?\d{1,4}\b)?",
    re.IGNORECASE,
)
_SETTING = re.compile(r"[A-Za-z]\s?[:=]\s?\d")
_LONGEST_TITLE = 100

TOTAL_STEPS = (
    "total_steps", "max_steps", "max_iters", "total_iters", "num_training_steps", "max_iter",
    "iteration_count",
)  # fmt: skip
TOTAL_EPOCHS = ("total_epochs", "num_epochs", "max_epochs", "num_train_epochs")
_PLAN = re.compile(
    r"(?:max|num|total|n)_(?:train_|training_)?(?:epochs?|steps|iters?|iterations|updates)"
    r"|total_optimization_steps|epochs|(?:train_)?steps"
)
_PLAN_JAPANESE = re.compile(r".*(?:epoch|ステップ)数", re.IGNORECASE)  # as kohya's trainers say it

CLOCKS = (
    "timestamp", "time", "ts", "wall_time", "walltime", "datetime", "date", "asctime", "created",
    "timestamp_ms", "time_ms", "created_at", "logged_at", "unix_time", "local_timestamp",
)  # fmt: skip


@lru_cache(maxsize=4096)
def rank_of(key: str) -> tuple[Counter, int] | None:
    """Which position a key counts, and how sure its word is: of two the lower rank is taken."""
    form = plain(key[:_LONGEST])
    for counter, words in _COUNTERS.items():
        if form in words:
            return counter, words.index(form)
    for counter, pattern in _QUALIFIED.items():
        if found := re.fullmatch(pattern, form):
            words = _COUNTERS[counter]
            return counter, len(words) + words.index(found["word"])
    return None


def first_of(keys: Sequence[str], counter: Counter) -> str | None:
    """The key that counts these best; None where none does."""
    ranks = [(rank[1], i, key) for i, key in enumerate(keys) if (rank := rank_of(key)) is not None
             and rank[0] == counter]  # fmt: skip
    best = min(ranks)[2] if ranks else None
    if best is not None and plain(best) == "steps":
        return next(filter(counts_episodes, keys), best)  # those that the episode was long
    return best


@lru_cache(maxsize=4096)
def counter_of(key: str) -> Counter | None:
    """Which position a key counts in a sentence: the last word decides.

    "Validation at iteration", "Train Epoch", "Epoch(train)"; but not "number of steps".
    """
    form = _OF_SPLIT.sub("", plain(re.sub(r"\(.*", "", key)) or plain(key))
    if form in _PLURALS or _PLAN_JAPANESE.fullmatch(key):
        return None
    ranked = rank_of(form)
    if ranked is not None:
        return ranked[0]
    last = key.replace("(", " ").split()
    if len(last) < 2 or form == "episode_steps":  # the length of an episode
        return None
    bound = _BOUND.match(form)  # "end of epoch 3"
    if (
        ("of" in last and not bound)
        or "per" in last
        or "best" in form
        or "warmup" in form
        or form.startswith("number")
        or (form.endswith("_steps") and all(map(split_of, last[:-1])))  # "Val steps: 2" were taken
    ):
        return None
    word = plain(last[-1])
    ranked = None if word in _SHORT else rank_of(word)
    return None if ranked is None else ranked[0]


@lru_cache(maxsize=4096)
def planned(key: str) -> Literal["steps", "epochs"] | None:
    """Whether a key of a sentence names the planned length."""
    if _PLAN_JAPANESE.fullmatch(key):
        return "epochs" if "epoch" in key.lower() else "steps"
    form = plain(key.split()[-1])  # "starting with max_epochs"
    if not _PLAN.fullmatch(form) or (form in _PLURALS and len(key.split()) > 1):
        return None
    return "epochs" if "epoch" in form else "steps"


def stage_of(key: str) -> str:
    """What a counter in a sentence says it belongs to: "Fine-Tune Epoch"; mostly nothing."""
    before = key.replace("(", " ").split()[:-1]
    if not before or any(split_of(word) or _NO_STAGE.fullmatch(plain(word)) for word in before):
        return ""
    return " ".join(before)


def title_of(line: str) -> str:
    """The part of a training that a line announces: "--- Fold 2/5 ---", "layer 3"."""
    found = _TITLE.search(line) if len(line) <= _LONGEST_TITLE else None
    if (
        found is None
        or _SETTING.search(line, found.end())
        or _SETTING.search(line[: found.start()])
    ):
        return ""  # "lr: 0.1 seed: 3 layers: 12" are settings
    return found.group().strip().lower()


def is_place(key: str) -> bool:
    """A counter, a plan or a clock: what a row says of itself, and no metric."""
    form = plain(key)
    return rank_of(key) is not None or form in (*TOTAL_STEPS, *TOTAL_EPOCHS, *CLOCKS)


def is_wanted(key: str) -> bool:
    """Whether a cell counts also behind thousands of others: where a row is, a loss, a rate."""
    return is_place(key) or plain(key) in SPLIT_KEYS or role(key) in MEASURED


def counts_episodes(key: str) -> bool:
    """Episodes of reinforcement learning: the place of a line that has no other."""
    return plain(key) in _EPISODE


def counts_seen(key: str) -> bool:
    """Samples: the place of a row that has no other."""
    return plain(key) in _SEEN


def counts_world(key: str) -> bool:
    """Steps of the environment, which stand below the iteration of the training."""
    return plain(key) in _OF_WORLD


def is_clock(key: str) -> bool:
    """A cell of this name may hold a date or a Unix time."""
    return plain(key) in CLOCKS


def is_count(text: str) -> bool:
    """A number that can count steps: whole, if written "10.0" or "12k"."""
    return bool(_COUNT.fullmatch(text))
