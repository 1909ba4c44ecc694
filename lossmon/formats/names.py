"""Which of a run's metrics plays each main role, and names that a path tells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sized

from lossmon.formats.lexicon import (
    ACCURACY,
    EVAL,
    EVAL_LOSS,
    GRAD_NORM,
    LEARNING_RATE,
    OTHER,
    OTHER_LOSS,
    TRAIN,
    TRAIN_LOSS,
    is_eval,
    is_loss,
    is_objective,
    is_split,
    is_told,
    plain,
    role,
    says_split,
)

_SPLIT_FILE = (
    rf"(?P<split>{TRAIN}|{EVAL})(?:_(?:error|errors|loss|losses|metrics?|log|history|scores?))?"
)


def metric_of_path(path: str, folders: tuple[str, ...]) -> str:
    """The name of a metric that has a file of its own: what the path says below a folder.

    `mlruns/0/ab12/metrics/train/loss` is "train/loss". A name space in front ("run1__loss") is cut.
    """
    parts = path.replace("\\", "/").split("/")
    starts = [i for i, part in enumerate(parts[:-1]) if part in folders]
    below = parts[starts[-1] + 1 :] if starts else parts[-1:]
    return "/".join([*below[:-1], below[-1].rsplit("__", 1)[-1]])


def split_of_path(path: str) -> str | None:
    """The data that a file is about, where its name says so: "test" for `test_error.tsv`.

    Of folders, only one right below `metrics` counts (`metrics/eval/loss.tsv`).
    """
    parts = path.replace("\\", "/").split("/")
    stem = plain(parts[-1].rsplit(".", 1)[0].rsplit("__", 1)[-1])
    found = re.fullmatch(_SPLIT_FILE, stem)
    if found:
        return found["split"]
    if len(parts) > 2 and parts[-3] == "metrics" and is_split(parts[-2]):
        return parts[-2].lower()
    return None


def named_by_folder(tag: str, path: str) -> str:
    """The name of a metric whose folder says which data it is about: "validation/epoch_loss".

    Keras, CatBoost and estimators write an event file in a folder for each; PyTorch's `add_scalars`
    makes one such as `loss_train`. A folder `test` may as well be what someone called a run: there
    a plain loss stays what it is.
    """
    folder = path.replace("\\", "/").lower().split("/")[-2:-1]
    if not folder or says_split(tag) or role(tag) not in _MEASURED:
        return tag
    split = folder[0].removeprefix(f"{plain(tag)}_")
    if not is_split(split) or (split == folder[0] == "test" and role(tag) == TRAIN_LOSS):
        return tag
    return f"{split}/{tag}"


_MEASURED = (TRAIN_LOSS, EVAL_LOSS, OTHER_LOSS, ACCURACY)


def choose(names: Iterable[str] | Mapping[str, Sized]) -> dict[str, str]:
    """Which of a run's metrics plays each main role.

    Args:
        names: all metric names of the run, in the order they were first logged; where they come
            with their points, a metric that is logged rarely is no rival of one logged often.

    Returns:
        Role -> name, for the main roles that have a candidate. A total wins over parts, a value
        per step over a mean per epoch, a plain eval set over a named one. Where no total exists
        the first component stands in for it.
    """
    candidates: dict[str, list[str]] = {}
    for name in names:
        candidates.setdefault(role(name), []).append(name)
    counts = {name: len(names[name]) for name in names} if isinstance(names, Mapping) else {}
    _settle_conventions(candidates)
    chosen = {
        role_: _plainest(role_, _frequent(candidates[role_], counts), counts)
        for role_ in (TRAIN_LOSS, EVAL_LOSS, LEARNING_RATE, GRAD_NORM)
        if candidates.get(role_)
    }
    for name in candidates.get(OTHER, []):
        if EVAL_LOSS not in chosen and _EVAL_PERPLEXITY.fullmatch(plain(name)):
            chosen[EVAL_LOSS] = name  # no loss beside it: it rises and falls with one
    parts = candidates.get(OTHER_LOSS, [])
    if TRAIN_LOSS not in chosen:
        train_parts = [name for name in parts if not is_eval(name)]
        if train_parts:
            chosen[TRAIN_LOSS] = min(_frequent(train_parts, counts), key=_part_oddness)
    if TRAIN_LOSS not in chosen or (
        role(chosen[TRAIN_LOSS]) == OTHER_LOSS and not is_told(chosen[TRAIN_LOSS])
    ):
        totals = [name for name in candidates.get(OTHER, []) if _TOTAL.fullmatch(plain(name))]
        splits = {is_eval(name): name for name in reversed(totals)}
        if False in splits and (parts or len(splits) == 2):  # else it counts something
            chosen |= {TRAIN_LOSS: splits[False]}
            chosen |= (
                {EVAL_LOSS: splits[True]} if True in splits and EVAL_LOSS not in chosen else {}
            )
    if not chosen.keys() & {TRAIN_LOSS, EVAL_LOSS}:
        sought = [name for name in candidates.get(OTHER, []) if is_objective(name)]
        least = [name for name in sought if _BEST.search(plain(name))]  # beside an average
        chosen |= {TRAIN_LOSS: [*least, *sought][0]} if sought else {}
    if EVAL_LOSS not in chosen:
        eval_parts = [name for name in parts if is_eval(name)]
        train = chosen.get(TRAIN_LOSS)
        if eval_parts and train is not None and role(train) == OTHER_LOSS:
            tail = plain(train).split("_", 1)[-1]
            chosen[EVAL_LOSS] = min(
                eval_parts, key=lambda name: (not plain(name).endswith(tail), _part_oddness(name))
            )
    return chosen


_TOTAL = re.compile(rf"(?:(?:{TRAIN}|{EVAL})_)?total")
_BEST = re.compile(r"(?:^|_)(?:min|best)(?:_|$)")
_EVAL_PERPLEXITY = re.compile(rf"{EVAL}_(?:ppl|perplexity)")
_FIRST_OF_TWO = re.compile(r"validation_0_(?P<metric>\w+)")


def _settle_conventions(candidates: dict[str, list[str]]) -> None:
    """What names mean only beside others of the same library."""
    evals = candidates.get(EVAL_LOSS, [])
    if not candidates.get(TRAIN_LOSS):
        # XGBoost numbers its eval sets; of two the first is the training set by convention.
        forms = {plain(name): name for name in evals}
        first = [forms[form] for form in forms if (m := _FIRST_OF_TWO.fullmatch(form))
                 and f"validation_1_{m['metric']}" in forms]  # fmt: skip
        if first:
            candidates[TRAIN_LOSS] = first
            candidates[EVAL_LOSS] = [name for name in evals if name not in first]
    if not candidates.get(TRAIN_LOSS):
        candidates[TRAIN_LOSS] = train_alone(candidates.get(OTHER, []), evals)
    everything = {plain(name) for names in candidates.values() for name in names}
    if {"l", "vl"} <= everything and not candidates[TRAIN_LOSS]:
        candidates[TRAIN_LOSS] = [n for n in candidates.get(OTHER, []) if plain(n) == "l"]
    if {"nnzs", "bias"} <= everything:  # scikit-learn's SGD: "Norm" is that of the weights
        rest = [name for name in candidates.get(GRAD_NORM, []) if plain(name) != "norm"]
        candidates[GRAD_NORM] = rest


def train_alone(others: Iterable[str], evals: Iterable[str]) -> list[str]:
    """The columns called after the training set alone, where one is after a held-out set alone.

    They are losses then: a table of "epoch,train,valid".
    """
    if not any(is_split(name) for name in evals):
        return []
    return [name for name in others if is_split(name)]


def train_without_loss(others: Iterable[str], evals: Iterable[str]) -> list[str]:
    """What tells of the training in rows without a train loss: those, or a perplexity."""
    names = list(others)
    told = [name for name in names if is_loss(name) and not is_eval(name)]
    return train_alone(names, evals) or told


_RARE = 10  # a candidate with less than a tenth of another's points is a summary beside it
_SUMMED_UP = 3  # points beside which a single one is a closing line: "Final loss: -0.398"
_PLAIN_TOTAL = re.compile(rf"({TRAIN}_|{EVAL}_)?(loss|total_loss|loss_total)")


def _frequent(names: list[str], counts: Mapping[str, int]) -> list[str]:
    most = max(counts.get(name, 0) for name in names)
    told = [name for name in names if is_told(name)]
    least = max(most / _RARE, 2 if most >= _SUMMED_UP else 0)
    return told or [name for name in names if counts.get(name, 0) >= least]


def _plainest(role_: str, names: list[str], counts: Mapping[str, int]) -> str:
    """The plainest name; of "loss" and "Loss" the one that is logged more."""
    first = min(names, key=lambda name: _oddness(role_, name))
    same = [name for name in names if plain(name) == plain(first)]
    return max(same, key=lambda name: counts.get(name, 0))


def _oddness(role_: str, name: str) -> tuple[int, int, int, int, int]:
    """Sorts the candidates of a role, the plainest name first."""
    form = plain(name)
    words = form.split("_")
    per_epoch = int("epoch" in words)
    whole = form.endswith("weighted_sum")  # of the parts beside it, as NequIP logs them
    if role_ == EVAL_LOSS:
        test_set = int("test" in words)
        total = int(not (whole or _PLAIN_TOTAL.fullmatch(form)))
        summed = int(not whole and bool({"cumulative", "sum"} & set(words)))
        return (total, test_set, int("step" in words), summed, len(words))
    if role_ == TRAIN_LOSS:
        mean = int(bool({"avg", "average", "mean", "smooth", "ema"} & set(words)))
        unnamed = int("loss" not in words and "trl" not in words)
        unnamed -= whole
        unnamed += form.startswith("loss_") and role(form[5:]) == OTHER_LOSS  # of "loss_total"
        return (per_epoch, unnamed, _part_oddness(name)[0], mean, len(words))
    return (0, 0, 0, 0, len(words))


# Components that say little of how well a run learns, the least telling last: what is regressed
# beside the main task, what a policy gradient estimates, what only regularises.
_AUXILIARY = (
    ("value", "vf", "rpn", "l1"),
    ("policy", "surrogate", "loss_pi"),
    ("aux", "reg", "kl", "entropy", "unsup"),
)


def _part_oddness(name: str) -> tuple[int, int]:
    """Sorts components where a run logs no total: what is trained on before what is measured."""
    form = plain(name).replace("cross_entropy", "")
    tiers = [i for i, words in enumerate(_AUXILIARY, 1) if any(word in form for word in words)]
    return (max(tiers, default=0), len(form.split("_")))
