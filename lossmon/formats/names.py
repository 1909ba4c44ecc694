"""What a metric is, by its name: one table, first match wins.

Names are compared in a plain form: lower case, every run of separators one underscore
("train/Loss" and "Train loss" are both "train_loss").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sized
from functools import lru_cache

TRAIN_LOSS = "train_loss"
EVAL_LOSS = "eval_loss"
LEARNING_RATE = "learning_rate"
GRAD_NORM = "grad_norm"
THROUGHPUT = "throughput"
OTHER_LOSS = "other_loss"
ACCURACY = "accuracy"
OTHER = "other"

ROLES = (
    TRAIN_LOSS, EVAL_LOSS, LEARNING_RATE, GRAD_NORM, THROUGHPUT, OTHER_LOSS, ACCURACY, OTHER,
)  # fmt: skip

_TRAIN = r"(?:train|training|trn|tr|learn|fit)"
_EVAL = (
    r"(?:eval|evaluation|val|vali|valid|validation|dev|test|testing|tst|cv|holdout|heldout)"
    r"(?:_?\d+)?"
)
# What boosting libraries and simple scripts minimise: as good as a loss.
_OBJECTIVE = (
    r"(?:(?:binary_|multi_)?(?:log_?loss|error)|m?log_?loss|rmse|mae|mse|l1|l2|mape|huber|quantile"
    r"|(?:(?:sparse_)?categorical_|binary_)?cross_?entropy|xent|nll|ce|deviance|objective"
    r"|perplexity_loss|rmsle|poisson|gamma|tweedie|multi_?class(?:_one_vs_all)?|(?:multi|query)_?rmse"
    r"|pair_logit|expectile|mean_(?:squared|absolute)_(?:percentage_)?error|hinge"
    r"|ce_mean(?:_words)?|bp[bcd]|bits_per_(?:byte|char(?:acter)?|dim|token))"
)
_TOTAL = (
    r"(?:loss(?:es)?|loss_total|total_loss|total_cost|loss_tok|loss_mean|mean_loss|avg_loss|average_loss"
    rf"|loss_avg|loss_function|loss_value|loss_{_OBJECTIVE})"
)
_WHEN = r"(?:_(?:step|epoch|iter|batch|avg|mean|total|smooth|ema|raw))?"

_TABLE: tuple[tuple[str, str], ...] = (
    # Words that hold "loss" and are none.
    (OTHER, r"(?:.*_)?(?:packets?|stop|path|(?:un)?reali[sz]ed)_loss(?:_.*)?"),  # of other trades
    (OTHER, r".*loss_?(scal(e|er|ing)|weights?).*|.*skipped.*|.*blank_loss.*|loss_?spike.*"),
    (OTHER, r".*(best|lowest|minimum)(_so_far)?_.*loss.*|.*loss_best|(min|max|std|var)_.*loss.*"),
    (LEARNING_RATE, r"(.*_)?(lr|learning_?rate)(_.*|\d+)?|optim\d+_lr\d*|lr\w{0,3}|l_r"),
    (GRAD_NORM, r"(.*_)?(grad(ient)?s?_?norms?|gnorm|norm_grad|g_norm)(_.*)?|norm|grdn|\|g\|"),
    (THROUGHPUT, r".*(per_?(second|sec|s)|throughput|it_s|its|tok_s|speed|sps|fps|wps|ups)(_.*)?"),
    (THROUGHPUT, r"tps|tgs|tflops?|mfu|.*_tflops?"),
    (THROUGHPUT, r"(tok(en)?|sample|image|img|step|example|word|it|iter)s?_s(ec)?"),
    (OTHER, r".*(time|elapsed|duration|runtime|eta|mem|memory|utili[sz]ation)(_.*)?"),
    (EVAL_LOSS, rf"(.*_)?{_EVAL}_(.*_)?(?:{_TOTAL}|{_OBJECTIVE}){_WHEN}|tel|vl"),
    (EVAL_LOSS, rf"{_TOTAL}_{_EVAL}{_WHEN}|{_EVAL}_?s?_{_TOTAL}|{_EVAL}loss|{_EVAL}"),
    (EVAL_LOSS, rf"{_OBJECTIVE}_{_EVAL}"),
    (TRAIN_LOSS, rf"(?:{_TRAIN}_)?{_TOTAL}{_WHEN}|{_TOTAL}_{_TRAIN}|{_TRAIN}loss|trl|lm_loss"),
    (TRAIN_LOSS, rf"{_TRAIN}_(?:.*_)?{_TOTAL}{_WHEN}|reduced_train_loss|batch_loss|cost|learn"),
    (TRAIN_LOSS, rf"(?:{_TRAIN}_)(?:.*_)?{_OBJECTIVE}{_WHEN}|{_OBJECTIVE}_{_TRAIN}"),
    (TRAIN_LOSS, rf".*_total_loss{_WHEN}|loss_{_TRAIN}_total"),
    (OTHER_LOSS, r".*loss.*|(.*_)?(nll|kl|kld|kl_div|elbo|bce|perplexity_loss)|.*_ce|.*_kl"),
    (OTHER_LOSS, r"[mc]lm_\w+"),  # XLM: by language
    (OTHER_LOSS, rf"{_OBJECTIVE}{_WHEN}|.*_(?:cross_?entropy|smooth_?l1)"),
    # Kaldi, pix2pix
    (OTHER_LOSS, r"(.*_)?objf|[gd]_(?:gan|real|fake|vgg|[a-c])(?:_feat)?|(?:cycle|idt)_[a-c]"),
    (OTHER_LOSS, r"(.*_)?(?:focal|[a-z]?ce|(?:smooth)?l[12]|pg)"),
    (ACCURACY, r".*(accura\w*|acc\d?|top_?\d|auc|auroc|f1|precision|recall|bleu|rouge)(_.*)?"),
    (ACCURACY, r".*(iou|map|ap\d*|mcc|r2|score|reward\w*)(_.*)?|(.*_)?returns?(_mean)?"),
)  # fmt: skip
_SEPARATORS = re.compile(r"[^a-z0-9|]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


# What people call things in Chinese; longer words first.
_CHINESE = (
    ("训练", "train"), ("验证", "val"), ("测试", "test"), ("评估", "eval"), ("损失", "loss"),
    ("学习率", "lr"), ("准确率", "accuracy"), ("精度", "accuracy"), ("梯度范数", "grad_norm"),
    ("困惑度", "perplexity"), ("轮次", "epoch"), ("轮数", "epoch"), ("轮", "epoch"),
    ("周期", "epoch"), ("步骤", "step"), ("步数", "step"), ("步", "step"), ("迭代次数", "iter"),
    ("迭代", "iter"), ("总", "total"), ("平均", "avg"), ("值", ""), ("集", ""),
)  # fmt: skip


def plain(name: str) -> str:
    """A name in its plain form: "Train/Loss" and "训练损失" are "train_loss"."""
    if not name.isascii():
        for chinese, english in _CHINESE:
            name = name.replace(chinese, f" {english} ")
    return _SEPARATORS.sub("_", _CAMEL.sub("_", name).lower()).strip("_")


_told: dict[str, str] = {}  # metric name -> role, from the user


def override(roles: Mapping[str, str]) -> None:
    """Give metrics of these names these roles, whatever the table says."""
    _told.clear()
    _told.update(roles)
    role.cache_clear()


@lru_cache(maxsize=8192)
def role(name: str) -> str:
    """The role of a metric, by its name alone."""
    if name in _told:
        return _told[name]
    form = plain(name[:200])
    for role_, pattern in _TABLE:
        if re.fullmatch(pattern, form):  # compiled when it is asked first: few names ask all
            return role_
    return OTHER


_SPLIT_FILE = (
    rf"(?P<split>{_TRAIN}|{_EVAL})(?:_(?:error|errors|loss|losses|metrics?|log|history|scores?))?"
)
_SPLIT_WORD = rf"{_TRAIN}|{_EVAL}"


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
    if len(parts) > 2 and parts[-3] == "metrics" and re.fullmatch(_SPLIT_WORD, parts[-2].lower()):
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
    if not re.fullmatch(_SPLIT_WORD, split) or (
        split == folder[0] == "test" and role(tag) == TRAIN_LOSS
    ):
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
        role_: min(_frequent(candidates[role_], counts), key=lambda name: _oddness(role_, name))
        for role_ in (TRAIN_LOSS, EVAL_LOSS, LEARNING_RATE, GRAD_NORM)
        if candidates.get(role_)
    }
    for name in candidates.get(OTHER, []):
        if EVAL_LOSS not in chosen and _EVAL_PERPLEXITY.fullmatch(plain(name)):
            chosen[EVAL_LOSS] = name  # no loss beside it: it rises and falls with one
    parts = candidates.get(OTHER_LOSS, [])
    if TRAIN_LOSS not in chosen:
        train_parts = [name for name in parts if not _is_eval(name)]
        if train_parts:
            chosen[TRAIN_LOSS] = min(train_parts, key=_part_oddness)
    if EVAL_LOSS not in chosen:
        eval_parts = [name for name in parts if _is_eval(name)]
        train = chosen.get(TRAIN_LOSS)
        if eval_parts and train is not None and role(train) == OTHER_LOSS:
            tail = plain(train).split("_", 1)[-1]
            chosen[EVAL_LOSS] = min(
                eval_parts, key=lambda name: (not plain(name).endswith(tail), _part_oddness(name))
            )
    return chosen


_EVAL_PERPLEXITY = re.compile(rf"{_EVAL}_(?:ppl|perplexity)")
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
    if {"nnzs", "bias"} <= everything:  # scikit-learn's SGD: "Norm" is that of the weights
        rest = [name for name in candidates.get(GRAD_NORM, []) if plain(name) != "norm"]
        candidates[GRAD_NORM] = rest


def train_alone(others: Iterable[str], evals: Iterable[str]) -> list[str]:
    """The columns called after the training set alone, where one is after a held-out set alone.

    They are losses then: a table of "epoch,train,valid".
    """
    if not any(re.fullmatch(_SPLIT_WORD, plain(name)) for name in evals):
        return []
    return [name for name in others if re.fullmatch(_SPLIT_WORD, plain(name))]


_EVAL_WORD = re.compile(rf"(^|_){_EVAL}(_|$)")
_RARE = 10  # a candidate with less than a tenth of another's points is a summary beside it
_ANY_SPLIT = re.compile(rf"(^|_)(?:{_TRAIN}|{_EVAL})(_|$)")
_PLAIN_TOTAL = re.compile(rf"({_TRAIN}_|{_EVAL}_)?(loss|total_loss|loss_total)")


def _frequent(names: list[str], counts: Mapping[str, int]) -> list[str]:
    most = max(counts.get(name, 0) for name in names)
    told = [name for name in names if name in _told]
    return told or [name for name in names if counts.get(name, 0) >= most / _RARE]


def says_split(name: str) -> bool:
    """Whether a name says which data it is about: train, eval or test."""
    return bool(_ANY_SPLIT.search(plain(name)))


def _is_eval(name: str) -> bool:
    return bool(_EVAL_WORD.search(plain(name)))


def _oddness(role_: str, name: str) -> tuple[int, int, int, int, int]:
    """Sorts the candidates of a role, the plainest name first."""
    form = plain(name)
    words = form.split("_")
    per_epoch = int("epoch" in words)
    if role_ == EVAL_LOSS:
        test_set = int("test" in words)
        total = int(not _PLAIN_TOTAL.fullmatch(form))
        summed = int(bool({"cumulative", "sum"} & set(words)))
        return (total, test_set, int("step" in words), summed, len(words))
    if role_ == TRAIN_LOSS:
        mean = int(bool({"avg", "average", "mean", "smooth", "ema"} & set(words)))
        unnamed = int("loss" not in words and "trl" not in words)
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
