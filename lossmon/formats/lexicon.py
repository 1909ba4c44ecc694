r"""Words: what the names in a log mean, whatever the format.

A name that says where the training is has its words in `lexicon_places`; no other module knows any.
All others are one of these, asked in this order:

    a split      says on which data               `split: "val"`, `[test]`
    noise        numbers that are no measurement  `eta`, `rank`
    a metric     has a role and a direction       `val_loss` is an eval loss: lower is better

Names are compared in a plain form: lower case, every run of separators one underscore
("train/Loss" and "Train loss" are both "train_loss"). Expressions match whole words of it: "eta" is
no part of "beta_loss".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal

from lossmon.formats.lexicon_foreign import cut_out, in_english, sentence_in_english
from lossmon.settings import current

# --- roles of metrics ---------------------------------------------------------------------------

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
LOSSES = frozenset((TRAIN_LOSS, EVAL_LOSS, OTHER_LOSS))
MEASURED = frozenset((*LOSSES, LEARNING_RATE, GRAD_NORM, ACCURACY))

Split = Literal["train", "eval"]
Direction = Literal["higher", "lower"]

# --- splits -------------------------------------------------------------------------------------

TRAIN = r"(?:train|training|trn|tr|learn|fit)"
_HELD_OUT = (
    r"(?:eval|evaluation|evl|va|val|vali|valid|validation|vld|verification|dev|test|testing|tst|cv"
    r"|cross_?val(?:idation)?|hold_?out|held(?:_?out)?)"
)
EVAL = rf"{_HELD_OUT}(?:_?\d+)?"
# The same as the words of a sentence, where "fit" and "tr" are too short to say it.
_PHASE = re.compile(
    r"(?<![\w/.\-])(?:(?P<eval>(?:eval|evl|val|valid|vali|vld|dev|test|testing|tst|cv|cross-?val|hold-?out|held-?out)"
    r"|validat\w+|verificat\w+|evaluat\w+|saving dict)"
    r"|(?P<train>train|training|learn))(?![\w/\-]|\.\w)",
    re.IGNORECASE,
)
# Keys whose cell names the split, and those of a table with one metric a row.
SPLIT_KEYS = (
    "mode", "split", "phase", "stage", "subset", "set", "type", "data_split", "event", "kind",
    "loop", "partition", "msg", "message",
)  # fmt: skip
METRIC_KEYS = ("metric", "metric_name", "name", "key", "tag")
STAGE_KEYS = ("stage", "phase", "fold", "model", "task")  # and of a part of the training
VARIANT_KEYS = ("variant", "series")  # of a metric, as ClearML has them
VALUE_KEYS = ("value", "metric_value", "val", "scalar")
RUN_KEYS = ("run", "run_name", "run_id")
RUN_COLUMNS = (  # what names a run in a table of several, from the outermost; of each the first
    ("experiment", "experiment_name", "exp_name", "experiment_id", "exp_id"),
    RUN_KEYS,
    ("trial", "trial_name", "trial_id"),
)

# --- noise --------------------------------------------------------------------------------------

# Numbers of the loop and the machine, in rows of any kind.
_BOOKKEEPING = (
    r"percentage|(?:elapsed|remaining)_time|(?:.*_)?eta(?:_seconds)?|pid|rank|seed|runtime"
    r"|total_flos"
)
# Numbers that stand in a sentence beside metrics and are none.
_NOISE = re.compile(
    rf"{_BOOKKEEPING}|(?:{TRAIN}|{EVAL})_(?:steps|batches)|param(?:eter)?_group"
    r"|(?:.*_)?(?:v_num|pid|rank|seed|cuda|gpu|gpus|device|world_size|best|patience"
    r"|wall|oom|port|total|remaining|workers|node|after|ts|num|count|samples|timestamp|line|lineno|dur|clip|bsz|py|run"
    r"|python|of|set|over)"
    r"|(?:elapsed|number_of|consumed|warmup|max|min|num|n)_.*|.*_cost"
    r"|.*(?:time|memory|mem|scale|skipped|nan_iterations|batch_size|seconds)(?:_(?:ms|s|gib|gb|mb))?"
    r"|(?:max_)?mem(?:ory)?(?:_.*)?|ms|s|sec|images?|data|bad_epochs.*|.*(?:decay|mult|momentum)"
    r"|best_(?!.*fitness).*|prev(?:ious)?_.*"
)
# Of these, those by which a run is judged beside its losses: the scale of fp16 losses, what a step
# costs, what it holds.
_WATCHED = re.compile(
    r"(?:.*_)?(?:loss|grad|amp|gradient|logit)_?scaler?|(?:global_)?batch_size|time|data|data_time"
    r"|(?:step|iter(?:ation)?|batch|train_step|data_load(?:ing)?)_?time|(?:elapsed_)?time_per_.*"
    r"|(?:avg_)?(?:batch|reader)_cost|time_taken"
    r"|(?:(?:max|gpu|cuda|peak|reserved|allocated)_)?mem(?:ory)?(?:_(?:gib|gb|mib|mb))?"
)
_NEWS = re.compile(
    r".*_(?:improved?_from|decreased|improved)"
)  # "val_loss improved from inf to 0.8"

# --- metrics ------------------------------------------------------------------------------------

# What boosting libraries and simple scripts minimise: as good as a loss.
_OBJECTIVE = (
    r"(?:(?:binary_|multi_)?(?:log_?loss|error)|m?log_?loss|rmse|mae|mse|l1|l2|mape|huber|quantile"
    r"|(?:(?:sparse_)?categorical_|binary_)?cross_?entropy|xent|nll|ce|deviance|objective"
    r"|perplexity_loss|rmsle|rmspe|[sw]mape|mphe|merror|poisson|tweedie|multi_?class(?:_one_vs_all)?|(?:multi|query)_?rmse"
    r"|pair_logit|expectile|(?:root_)?mean_(?:squared|absolute)_(?:percentage_)?error|hinge"
    r"|ce_mean(?:_words)?|weighted_sum|sse|wcss|obj_?val(?:ue)?|obj(?:ective)?_func(?:tion)?|(?:penali[sz]ed|residual)_deviance|oob(?:_err(?:or)?)?|bp[bcd]|bits_per_(?:byte|char(?:acter)?|dim|token))"
)
_TOTAL = (
    r"(?:loss(?:es)?|loss_total|total_loss|all_loss|loss_all|total_cost|loss_tok|loss_mean|mean_loss|avg_loss|average_loss"
    rf"|loss_avg|loss_function|loss_value|loss_{_OBJECTIVE})"
)
_ERROR = re.compile(r"(?!.*loss)(?:.*_)?(?:errors?|err|r?mse|mae|[sw]?mape|rmsle|rmspe|deviance)")
_NETWORK = r"(?:[dg]|disc|gen|discriminator|generator|critic|actor|adv(?:ersarial)?)"
_WHEN = r"(?:_(?:step|epoch|iter|batch|avg|mean|total|smooth|ema|raw))?"
_HIGHER = (  # scores and rewards that should rise
    r"(?:\w*accura\w*|[a-z]?acc\d*|top_?\d+|\w*auc|auroc|auprc|f1|f_?score|precision|recall|r_?\d+"
    r"|bleu\d?|rouge\w*|meteor|cider|spice|chrf\w*|m?_?io_?u\w*|jaccard|dice|dsc|m?_?ap\d*|mcc"
    r"|kappa|r2|ndcg|hits?|hit_?rates?|hr_\d+|mrr|psnr|m?s?_?ssim|pesq|e?stoi|(?:si_?)?s[dn]ri?|spearman\w*|pearson\w*"
    r"|exact_match|\w*lddt|score\w*|rewards?|rew|returns?|log_?lik(?:elihood)?|ll|elbo|\w*success(?:_rate)?"
    r"|win_?rate)"
)
_LOWER = (  # scores that should fall
    r"(?:ppl|perplexity|\w*errors?|err|fid\w*|kid|lpips|[wct]er|eer|hd_?95|hausdorff\w*|asd|assd"
    r"|mcd|[am]?[fd]de|mp[jv]pe|epe|crps|rms[elp]\w*|mae|mse|[sw]?mape|nll|bp[bcd]|regret|inertia|distortion)"
)
_SOUGHT = re.compile(
    r"value|fval|fx|f_x|f|fun|obj|f_min|f_avg|log_prob|log_posterior|lp__|(?:best_)?(?:loss|cost)"
    r"|(?:(?:best|average|avg|mean|min|population|individual)_)*"
    r"(?:objective(?:_function)?(?:_value)?|function_value|fitness)"
)
_EVALUATIONS = frozenset(("nevals", "n_eval", "n_evals", "fevals", "nfev", "evaluations"))
STATISTICS = frozenset(("avg", "mean", "min", "max", "best", "median"))
_REWARD = re.compile(r"(?:.*_)?(?:rewards?|rew|returns?)(?:_.*)?")
# The same where nothing else tells of a training: "return code: 0" and "returns: 3" earn nothing.
_EARNED = re.compile(
    r"(?:.*_)?rewards?(?:_(?:mean|avg|sum|total))?"
    r"|(?:.*_)?(?:episod\w*|mean|avg|average|cumulative|total|discounted|eval)_returns?"
)

_TABLE: tuple[tuple[str, str], ...] = (
    # Words that hold "loss" and are none, or one of other trades.
    (OTHER, r"(?:.*_)?(?:packets?|stop|path|(?:un)?reali[sz]ed)_loss(?:_.*)?"),
    (OTHER, r"(?:.*_)?loss(?:es)?_(?:usd|eur|gbp|chf|cny|rmb|jpy|inr|dollars?|euros?|amount)"),
    (OTHER, r"(?:.*_)?loss_?(scal(e|er|ing)|weights?)(?:_.*)?|.*skipped.*|.*blank_loss.*"),
    (OTHER, r"(?:.*_)?prev(?:ious)?_.*loss"),  # of the row before
    (OTHER, r".*(?:colossal|blossom|glossar).*"),
    (OTHER, r"loss_?spike.*|.*(best|lowest|minimum)(_so_far)?_.*loss.*|.*loss_best"),
    (OTHER, r"(min|max|std|var|num)_.*loss.*|loss(?:es)?_(?:scores|signs)_(?!.*loss).*"),
    (LEARNING_RATE, r"(.*_)?(lr|learning_?rate)(_.*|\d+)?|optim\d+_lr\d*|lr\w{0,3}|l_r"),
    (GRAD_NORM, r"(.*_)?(grad(ient)?s?_?norms?|gnorm|norm_grad|g_norm)(_.*)?|norm|grdn|\|g\|"),
    (THROUGHPUT, r"(.*_)?(\w*per_?(second|sec|s)|\w*throughput|its|tok_s|speed|[sfwu]ps)(_.*)?"),
    (THROUGHPUT, r"(.*_)?it_s(_.*)?|tps|tgs|tflops?|mfu|.*_tflops?"),
    (THROUGHPUT, r"(.*_)?(tok(en)?|sample|image|img|step|example|word|it|iter)s?_s(ec)?"),
    (OTHER, r"(?!.*loss$)(.*_)?(\w*time|elapsed|\w*duration|eta|\w*mem|memory|util\w*)(_.*)?"),
    (ACCURACY, r"(?:.*_)?(?:acc|io_?u|dice|precision|recall)_error"),  # of the class "error"
    (EVAL_LOSS, rf"(.*_)?{EVAL}_(.*_)?(?:{_TOTAL}|{_OBJECTIVE}){_WHEN}|tel|vl|vloss"),
    (EVAL_LOSS, rf"{_TOTAL}_{EVAL}{_WHEN}|{EVAL}_?s?_{_TOTAL}|{EVAL}loss|{EVAL}"),
    (EVAL_LOSS, rf"{_OBJECTIVE}_{EVAL}|l_{EVAL}|{EVAL}_err"),
    (TRAIN_LOSS, rf"(?:{TRAIN}_)?{_TOTAL}{_WHEN}|{_TOTAL}_{TRAIN}|{TRAIN}loss|trl|lm_loss"),
    (TRAIN_LOSS, rf"{TRAIN}_(?:.*_)?{_TOTAL}{_WHEN}|reduced_train_loss|cost|learn"),
    (TRAIN_LOSS, rf"l_{TRAIN}|{TRAIN}_err|(?:avg|average|mean|epoch|running)_{TRAIN}_{_TOTAL}"),
    (TRAIN_LOSS, r"(?:mini_?)?batch_loss|(?:curr(?:ent)?|mean|avg|average)_cost"),
    (EVAL_LOSS, rf"{EVAL}_(?:{_NETWORK}_)?cost|cost_{EVAL}"),
    # GluonCV's "Training cost: 95.7" is a time.
    (TRAIN_LOSS, r"(?:train|trn|tr)_(?:\w+_)?(?<!batch_)(?<!reader_)(?<!time_)cost|cost_train"),
    (TRAIN_LOSS, rf"(?:{TRAIN}_)(?:.*_)?{_OBJECTIVE}{_WHEN}|{_OBJECTIVE}_{TRAIN}"),
    (TRAIN_LOSS, rf".*_total_loss{_WHEN}|loss_{TRAIN}_total"),
    (OTHER_LOSS, r".*loss.*|(.*_)?(nll|kl|kld|kl_div|elbo|bce|perplexity_loss)|.*_ce|.*_kl"),
    (OTHER_LOSS, rf"[mc]lm_\w+|{_NETWORK}_cost"),  # XLM: by language; WGAN-GP
    (OTHER_LOSS, rf"{_OBJECTIVE}{_WHEN}|.*_(?:cross_?entropy|smooth_?l1)"),
    (OTHER_LOSS, r"l_(?:pix|percep|style|tv|g|d)(?:_.*)?"),  # BasicSR
    # Kaldi, pix2pix
    (OTHER_LOSS, r"(.*_)?objf|[gd]_(?:gan|real|fake|vgg|[a-c])(?:_feat)?|(?:cycle|idt)_[a-c]"),
    (OTHER_LOSS, r"(.*_)?(?:focal|[a-z]?ce|(?:smooth)?l[12]|pg)"),
    (ACCURACY, rf"(?:(?:{TRAIN}|{EVAL})?|.*_){_HIGHER}(?:_.*)?"),
)  # fmt: skip
_LOWER_NAME = re.compile(rf"(?:(?:{TRAIN}|{EVAL})?|.*_){_LOWER}(?:_.*)?|(?:.*_)?per")

_SEPARATORS = re.compile(r"[^a-z0-9|]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_LONGEST = 200  # characters of a name that are looked at


def plain(name: str) -> str:
    """A name in its plain form: "Train/Loss" and "训练损失" are "train_loss"."""
    name = _CAMEL.sub("_", name).lower()
    if not name.isascii():
        name = cut_out(name)
    return in_english(_SEPARATORS.sub("_", name).strip("_"))


def is_told(name: str) -> bool:
    """The user gave this metric its role."""
    return name in current().roles


def role(name: str) -> str:
    """The role of a metric, by its name alone; what the user says goes before the table."""
    told = current().roles
    return told[name] if name in told else _role(name)


@lru_cache(maxsize=8192)
def _role(name: str) -> str:
    form = plain(name[:_LONGEST])
    for role_, pattern in _TABLE:
        if re.fullmatch(pattern, form):  # compiled when it is asked first: few names ask all
            return role_
    return OTHER


def direction(name: str) -> Direction | None:
    """Whether more of a metric is better, or less; None where its name does not say."""
    return _direction(name, role(name))


@lru_cache(maxsize=8192)
def _direction(name: str, role_: str) -> Direction | None:
    if role_ == ACCURACY:
        return "higher"
    if role_ in LOSSES:
        return "higher" if plain(name[:_LONGEST]).endswith("elbo") else "lower"
    return "lower" if role_ == OTHER and _LOWER_NAME.fullmatch(plain(name[:_LONGEST])) else None


def is_loss(name: str) -> bool:
    """A loss of any kind, or a perplexity."""
    return role(name) in LOSSES or plain(name).split("_")[-1] in ("ppl", "perplexity")


def is_error(name: str) -> bool:
    """A measure of error, by which models that were trained elsewhere are compared as well."""
    return _ERROR.fullmatch(plain(name)) is not None


def is_measured(name: str) -> bool:
    """A number by which a training is judged."""
    return role(name) in MEASURED or direction(name) is not None


def is_score(name: str) -> bool:
    """Neither a loss nor what steers the training: an accuracy, a reward, an error rate."""
    return role(name) in (ACCURACY, OTHER) and direction(name) is not None


def is_reward(name: str) -> bool:
    """What a policy earns."""
    return role(name) == ACCURACY and bool(_REWARD.fullmatch(plain(name)))


def is_earned(name: str) -> bool:
    """A reward beyond doubt, as its name stands by itself."""
    return bool(_EARNED.fullmatch(plain(name)))


def is_paced(name: str) -> bool:
    """A learning rate or a gradient's norm: how large the updates are."""
    return role(name) in (LEARNING_RATE, GRAD_NORM)


def is_rate(name: str) -> bool:
    """How fast a training goes: words, samples, steps a second."""
    return role(name) == THROUGHPUT


def is_objective(name: str) -> bool:
    """What an optimiser or a search calls what it seeks the best of, where nothing else is one."""
    return bool(_SOUGHT.fullmatch(plain(name)))


def is_of_search(names: Iterable[str]) -> bool:
    """Columns of a search: how often its function was asked, and what is told of the answers.

    DEAP's "gen nevals avg std min max" names no more; whether they should rise or fall, nothing.
    """
    forms = set(map(plain, names))
    return bool(forms & _EVALUATIONS and forms & STATISTICS)


def is_noise(name: str) -> bool:
    """A time, a size, an identifier: nothing to draw of a sentence."""
    return _is_noise(name, role(name))


@lru_cache(maxsize=4096)
def _is_noise(name: str, role_: str) -> bool:
    form = plain(name)
    if _NEWS.fullmatch(form):
        return True
    if role_ != OTHER or _direction(name, role_) is not None or _WATCHED.fullmatch(form):
        return False
    return bool(_NOISE.fullmatch(form))


def is_of_network(name: str) -> bool:
    """A time beside which a loss is one of packets."""
    return plain(name) in ("rtt", "jitter", "ping")


def is_watched(name: str) -> bool:
    """A number by which a run is judged beside its losses: what a step costs, what it holds."""
    return bool(_WATCHED.fullmatch(plain(name)))


def is_bookkeeping(name: str) -> bool:
    """A number of the loop or the machine that is no metric, in rows of any kind."""
    return bool(re.fullmatch(_BOOKKEEPING, plain(name)))


# --- splits of names and of sentences -----------------------------------------------------------

_PAST = re.compile(
    r"(?<![a-z])(?:best|lowest|highest|optimal|prev(?:ious)?"
    r"|re(?:stor|load|vert)[a-z]*|load(?:ed|ing)|roll(?:ed|ing)? ?back)(?![a-z])"
)
_ANY_SPLIT = re.compile(rf"(^|_)(?:{TRAIN}|{EVAL})(_|$)")
_EVAL_WORD = re.compile(rf"(?:^|_)(?:{EVAL}|tel)(?:_|$)")
_TOLD_SPLIT = re.compile(rf"['\"]_?(?:{'|'.join(SPLIT_KEYS)})['\"]: ?['\"](\w{{1,40}})['\"]")
_EVAL_CELL = re.compile(rf"{EVAL}(?:_.*)?")
_TRAIN_CELL = re.compile(TRAIN)


def split_of(cell: object) -> Split | None:
    """The data that a cell or a word such as "val", "Testing" or "eval_step" means."""
    return _split_of(cell[:40]) if isinstance(cell, str) else None


@lru_cache(maxsize=256)
def _split_of(word: str) -> Split | None:
    form = plain(word)
    if _EVAL_CELL.fullmatch(form):
        return "eval"
    return "train" if _TRAIN_CELL.fullmatch(form) else None


def split_told(text: str) -> Split | None:
    """The data that a printed object says it is about: `{"_type": "val_epoch", "err": 28.7}`."""
    told = _TOLD_SPLIT.search(text) if "{" in text else None
    return split_of(told[1]) if told else None


def is_split(word: str) -> bool:
    """A word for data, and nothing else."""
    return bool(re.fullmatch(rf"{TRAIN}|{EVAL}", plain(word)))


def says_split(name: str) -> bool:
    """Whether a name says which data it is about: train, eval or test."""
    return bool(_ANY_SPLIT.search(plain(name)))


def is_eval(name: str) -> bool:
    """The name itself says that this was measured on held-out data."""
    return role(name) == EVAL_LOSS or _has_eval_word(name)


@lru_cache(maxsize=4096)
def _has_eval_word(name: str) -> bool:
    return bool(_EVAL_WORD.search(plain(name)))


def is_train(name: str) -> bool:
    """The name itself says that this was measured while training."""
    form = plain(name)
    said = "_train" in form and not _has_eval_word(name)  # "Averaged Train Loss"
    return said or form.startswith(("train", "learn"))


def held_out_set(text: str) -> str:
    """Which held-out data the words of a line are about: "val", "dev", "test"; mostly nothing."""
    found = [word["eval"].lower() for word in _PHASE.finditer(text) if word["eval"]]
    return next((name for name in ("val", "dev", "test") if found[-1:] and name in found[-1]), "")


def recalls(text: str) -> bool:
    """Words about a row of earlier, where that is what they stand by: "best", "restored from"."""
    return _PAST.search(sentence_in_english(text)) is not None


def phase_of(text: str) -> Split | None:
    """What the words of a line are about; the last such word decides."""
    words = list(_PHASE.finditer(text)) or list(_PHASE.finditer(sentence_in_english(text)))
    if not words:
        return None
    return "eval" if words[-1]["eval"] else "train"
