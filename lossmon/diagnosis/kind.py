r"""The kind of a training: what is trained decides which curve tells, and what may be said of it.

A policy's loss says nothing of how well it plays, a GAN's two losses balance, a diffusion model's
is noise around a flat mean, a contrastive loss at ln(batch) has collapsed. Each kind is one entry
of `KINDS`; `kind_of` names the kind of a run from the names of its metrics, from what the text of
its log says, and from its settings. Where they do not say, the kind is "" and nothing is held back.

Names are compared in lower case, every run of separators one underscore; an expression has to match
whole words of a name: `kl` is in "objective/kl" and not in "kleene_loss".
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

KindId = Literal[
    "", "llm", "lora", "classifier", "regression", "contrastive", "preference", "rl", "rlhf",
    "gan", "diffusion", "speech", "detection", "segmentation", "boosting", "potential",
]  # fmt: skip
Direction = Literal["lower", "higher"]

# Verdicts on the shape of a loss: none of them fits where the loss is no measure of progress.
_SHAPE = frozenset((
    "not_decreasing", "not_converged", "oscillating", "plateau", "rebound", "rising", "healthy",
    "falling", "gap", "scaled_loss",
    "overfitting", "underfitting", "train_high_eval_low", "eval_faster", "healthy_pair",
    "noisy", "spike", "staircase", "chance_level", "too_early", "too_few", "eval_swings",
    "impossible", "eval_apart",
))  # fmt: skip

# Rewards jump and may go on rising; no memory of examples is known of them.
ODD_FOR_REWARDS = frozenset((
    "noisy", "spike", "staircase", "plateau", "not_converged",
))  # fmt: skip


# What a few rows of rewards do not tell.
NOISE_OF_REWARDS = frozenset((
    "not_decreasing", "oscillating", "rebound", "rising", "falling", "healthy", "eval_swings",
))  # fmt: skip


class Measure(NamedTuple):
    """A series by which a kind is judged.

    Attributes:
        name: an expression for its name.
        direction: which way it should go.
    """

    name: str
    direction: Direction = "lower"


@dataclass(frozen=True)
class Kind:
    """What follows from what is trained.

    Attributes:
        id: its name.
        told_by: an expression: one name that matches tells the kind.
        raw: likewise of a name as it is logged, in lower case.
        together: expressions: names that tell it together, one match for each.
        words: kinds of words in the text of the log that tell it (see `lossmon.formats.notes`).
        curve: the series that is *the* curve, the best first; where none is logged, the loss.
        goals: what is wanted in the end, where it is logged beside.
        quiet: patterns that say nothing of its loss.
        quiet_of_curve: patterns that say nothing of the curve that takes the loss's place.
        without: moves that make no sense of it: trees have no gradients to clip.
        raises_rate: whether a curve that is flat may speak for a higher learning rate.
        chance: levels of guessing that exist for it (see `lossmon.diagnosis.chance`).
    """

    id: KindId
    told_by: str = ""
    raw: str = ""
    together: tuple[tuple[str, ...], ...] = ()
    words: frozenset[str] = frozenset()
    curve: tuple[Measure, ...] = ()
    goals: tuple[Measure, ...] = ()
    quiet: frozenset[str] = frozenset()
    quiet_of_curve: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()
    raises_rate: bool = True
    chance: tuple[str, ...] = ()


_REWARD = (
    r"(?:(?:average|avg|mean|ep|episode|eval|train|test|env|total)_)?(?:rew(?:ard)?s?|returns?)"
    r"(?:_(?:mean|avg|average|score))?"
)
_POLICY = (
    r"kl|approx_?kl|ppo_kl|clip_?(?:frac|ratio|range|fraction)\w*|policy\w*_loss|loss_policy|pg_loss"
    r"|entropy\w*|explained_var\w*|value_loss|vf_loss|v_loss|critic\w*|cri_loss|actor\w*|act_loss"
    r"|advantages?|td_error|q\d?_loss|qf\d?_loss|q_values?|alpha_loss|ent_coef\w*|epsilon"
    r"|(?:ep|episode)_len\w*"
)
_OF_ANSWERS = (
    r"completions?|completion_length|response_length|reward_std|frac_reward_zero_std|rlhf_reward"
    r"|objective_kl|rollout_length|ref_kl|kl_ref|unsuper_loss|ppo_ep|^kl$"
)
_RECONSTRUCTION = (
    r"mel\w*|(?:g|gen|gt|loss)_(?:mel|l1|rec\w*|pix\w*)|rec(?:on\w*)?_?loss|loss_rec\w*|recon\w*"
    r"|cycle(?:_[a-c])?|loss_cycle\w*|lpips|p_loss|perceptual\w*|pix\w*_loss|nll_loss"
)
SCORES = (
    Measure(r"\w*acc(?:uracy)?1?|acc(?:uracy)?_top_?1|top_?1(?:_acc\w*)?|prec_?1", "higher"),
    Measure(r"f1\w*|\w*_f1|auc|auroc|roc_auc|mcc|matthews\w*|map|m?ap50\w*|mean_ap", "higher"),
    Measure(r"(?:ents|cats|spancat|textcat)_f|tag_acc|uas|las|sents_f", "higher"),
    Measure(r"bleu\w*|rouge\w*|exact_match|em|r2|ndcg\w*|mrr|hits?_?\d*|spearman\w*", "higher"),
    Measure(r"[wct]er|word_error_rate|err(?:or)?_?rate|top_?1_err\w*|fid|eer", "lower"),
)

# Of held-out data by their nature: nobody ranks what was trained on.
RANKED = (
    Measure(r"ndcg\w*|mrr|map(?:_\d+)?|hr|hits?_?\d*|hr_\d+|hit_rate\w*|recall_\d+", "higher"),
)
# What nothing else names, where no loss is told.
MORE_SCORES = (
    Measure(r"psnr\w*|m?s?ssim\w*", "higher"),
    *RANKED,
    Measure(r"r?mse|mae|[sw]?mape|rmsle|rmspe|errors?", "lower"),
)
LIKE_LOSSES = (Measure(r"(?:\w+_)?(?:ppl|perplexity|xppl)|bp[cdb]|bits_per_\w+|neg_?elbo"),)

KINDS: tuple[Kind, ...] = (  # of those that a run's names tell, the first is its kind
    Kind(
        "preference",
        told_by=r"rewards?_(?:margins?|chosen|rejected|accurac\w*)|logps?_(?:chosen|reject\w*)"
        r"|(?:chosen|rejected)_(?:logps?|rewards?|scores?)|log_odds_(?:ratio|chosen)"
        r"|(?:dpo|orpo|simpo|kto|ipo|cpo)_loss",
        together=((r"margins?", r"(?:mean|min|max)_reward"), (r"eval_chosen", r"eval_rejected")),
        goals=(Measure(r"rewards?_accurac\w*|accuracy", "higher"),),
        raises_rate=False,
        chance=("pair",),
    ),
    Kind(
        "rlhf",
        together=((_REWARD, _OF_ANSWERS),),
        curve=(
            Measure(
                r"reward|rewards?_mean|mean_reward|rlhf_reward|scores?|average_reward(?:_score)?",
                "higher",
            ),
            Measure(_REWARD, "higher"),
        ),
        quiet=_SHAPE,
        quiet_of_curve=ODD_FOR_REWARDS,
        raises_rate=False,
    ),
    Kind(
        "rl",
        told_by=r"(?:ep|episode)_?(?:rew(?:ard)?|return)s?\w*|ep_len_mean|approx_kl|explained_var\w*"
        r"|policy_gradient_loss|td_(?:error|loss)|episodic_return|cumulative_reward"
        r"|(?:avg|average|mean|eval|test)_returns?",
        together=((_REWARD, _POLICY), (r"act(?:or)?_loss", r"cri(?:tic)?_loss")),
        curve=(
            Measure(
                r"(?:rollout_)?ep_rew_mean|episode_(?:reward|return)_mean|cumulative_reward"
                r"|mean_(?:episode_)?(?:reward|return)|episodic_return|average_reward(?:_score)?",
                "higher",
            ),
            Measure(_REWARD, "higher"),
            Measure(r"(?:ep|episode)_?(?:rew(?:ard)?|return)s?(?:_mean)?", "higher"),
        ),
        quiet=_SHAPE,
        quiet_of_curve=ODD_FOR_REWARDS,
        raises_rate=False,
    ),
    Kind(
        "gan",
        together=(
            (
                r"d(?:isc\w*)?_?(?:loss|err(?:or)?)|loss_d(?:isc\w*)?|d_(?:real|fake|total|[a-c])|err_?d(?:_real)?"
                r"|discriminator\w*|loss_d_\w+|discloss|critic_loss|disc_\w*loss",
                r"g(?:en\w*)?_?(?:loss|err(?:or)?)|loss_g(?:en\w*)?|g_(?:gan|total|adv|[a-c])|err_?g|generator\w*"
                r"|loss_g_\w+|aeloss|adv\w*_loss|loss_adv\w*|gen_\w*loss\w*",
            ),
        ),
        curve=(Measure(r"fid\w*"), Measure(_RECONSTRUCTION)),
        quiet=_SHAPE | {"zero_loss", "constant"},  # a hinge leaves D at 0 for most of its time
        quiet_of_curve=_SHAPE - {"healthy", "not_converged", "plateau", "rebound", "rising"},
        raises_rate=False,
    ),
    Kind(
        "potential",
        told_by=r"(?:rmse|mae|l2)_[ef](?:_\w+)?|[ef]_(?:rmse|mae)\w*|(?:total_)?forces?_(?:rmse|mae|mse)"
        r"|per_atom_energy_\w+|loss_forces?|f_loss|forces?_loss|stress_(?:mae|rmse)|virial\w*",
        curve=(
            Measure(
                r"(?:rmse|mae|l2)_f(?:_trn|_val|_per_atom)?|f_(?:rmse|mae)|forces?_(?:rmse|mae|loss)"
                r"|loss_forces?|f_loss"
            ),
        ),
    ),
    Kind(
        "detection",
        told_by=r"(?:loss_)?(?:rpn|roi)_\w*(?:loss|cls|loc|box)\w*|loss_(?:bbox|box\w*|dfl|giou|objectness)"
        r"|(?:bbox|box|obj|dfl|giou)_(?:om|loss)|bbox_map\w*|map_?50\w*|map50_95",
        goals=(Measure(r"(?:bbox_)?map\w*|ap50?|coco_\w*map\w*", "higher"),),
        raises_rate=False,
    ),
    Kind(
        "segmentation",
        told_by=r"(?:pseudo_|mean_|soft_)?dice\w*|m?_?iou|loss_dice|decode_(?:loss|acc)\w*|hd_?95"
        r"|jaccard",
        goals=(
            Measure(
                r"(?:pseudo_|mean_)?dice(?:_score|_metric|_coef\w*)?|m?_?iou|jaccard", "higher"
            ),
        ),
    ),
    Kind(
        "speech",
        told_by=r"[wct]er|[wc]er_\w+|(?:loss_)?ctc(?:_loss)?|loss_ctc|rnnt\w*|pruned_loss|simple_loss"
        r"|transducer\w*|norm_edit_dis|(?:seq|edit|levenshtein)_dist(?:ance)?|label_error\w*|ler",
        words=frozenset(("speech",)),
        goals=(
            Measure(r"wer(?:_\w+)?|word_error_rate|cer|ter", "lower"),
            Measure(r"acc(?:uracy)?|norm_edit_dis", "higher"),
        ),
        raises_rate=False,
    ),
    Kind(
        "boosting",
        told_by=r"\w+_s_(?:auc|l[12]|rmse|mape|\w+_(?:logloss|error)|ndcg\w*)|best_?iteration|^learn$",
        raw=r"^(?:[ed]?(?:train|test|eval|valid\w*)|validation_\d+)-(?:rm[a-z]{1,3}|ma[a-z]{1,2}|m?logloss"
        r"|m?error|auc|aucpr|ndcg\S*|poisson|gamma|tweedie|cox)$",
        words=frozenset(("boosting",)),
        without=frozenset(("clip+", "precision+", "batch+", "weights+", "resume+")),
        goals=(Measure(r"\w*auc\w*|\w*ndcg\w*|\w*map\w*|\w*accuracy\w*", "higher"),),
        raises_rate=False,
    ),
    Kind(
        "diffusion",
        told_by=r"step_loss|avr_loss|loss_simple\w*|loss_vlb|vlb|(?:loss|mse)_q[0-3]|denois\w*"
        r"|noise_pred\w*|unet\w*|ddpm\w*|diffusion\w*|flow_matching\w*",
        words=frozenset(("diffusion",)),
        quiet=frozenset(
            (
                "not_decreasing",
                "oscillating",
                "plateau",
                "noisy",
                "spike",
                "underfitting",
                "rising",
                "train_high_eval_low",
                "eval_faster",
                "not_converged",
            )
        ),
        raises_rate=False,
    ),
    Kind(
        "contrastive",
        told_by=r"logit_scale\w*|contrastive\w*|nt_?xent|info_?nce\w*|sim_?clr\w*|clip_loss|dino\w*"
        r"|ibot\w*|koleo\w*|itc\w*|moco\w*|byol\w*|teacher_temp\w*|triplet\w*",
        words=frozenset(("contrastive",)),
        raises_rate=False,
        chance=("batch", "prototypes"),
    ),
    Kind(
        "llm",
        told_by=r"(?:mean_)?token_acc\w*|num_(?:input_)?tokens\w*|\w*tokens?_per\w*|ppl|perplexity"
        r"|aux_loss|\w*tok\w*_(?:s|sec|second)|lm_\w+|mlm_\w+|bits_per_\w+|bp[bc]|tgs|mtp_\w+",
        words=frozenset(("llm",)),
        goals=SCORES,
        chance=("vocabulary",),
    ),
    Kind(
        "classifier",
        told_by=r"\w*acc(?:uracy)?\d?|top_?\d|prec_?\d|f1\w*|auc|auroc|(?:m|log)?_?logloss"
        r"|\w*cross_?entropy\w*|x?ent_loss|nll_loss|bce\w*|err(?:or)?_rate",
        goals=SCORES,
        chance=("classes",),
    ),
    Kind(
        "regression",
        told_by=r"r?mse\w*|mae|mape|r2|l[12](?:_loss)?|huber\w*|mean_(?:squared|absolute)_error",
        goals=(Measure(r"r2", "higher"), Measure(r"rmse|mae|mape", "lower")),
    ),
)
# What fits one kind fits the other, too: its own first.
FAMILY: Mapping[str, tuple[str, ...]] = {"lora": ("lora", "llm"), "rlhf": ("rlhf", "rl")}
UNKNOWN = Kind("", goals=SCORES, chance=("classes", "batch"))
_LORA = Kind("lora", goals=SCORES, chance=("vocabulary",))

_ADAPTERS = 0.2  # of the weights: where fewer are trained, they are adapters
_SEPARATORS = re.compile(r"[^a-z0-9]+")
_SUPERVISED = re.compile(r"(?:^|_)(?:loss|nll|xent)(?:_|$)", re.M)


@lru_cache(maxsize=4096)  # each name is asked for again whenever there is another one
def plain(name: str) -> str:
    """A name in its plain form."""
    return _SEPARATORS.sub("_", name[:200].lower()).strip("_")


@lru_cache(maxsize=256)
def whole(expression: str) -> re.Pattern[str]:
    """An expression that matches whole words of any of many names, one a line."""
    return re.compile(rf"(?:^|_)(?:{expression})(?:_|$)", re.M)


def kind_of(
    names: Iterable[str],
    settings: Mapping[str, float] | None = None,
    words: Collection[str] = (),
) -> Kind:
    """The kind of a run.

    Args:
        names: of its metrics.
        settings: what is known of the configuration (see `lossmon.history.run.Plan`).
        words: kinds of words that the text of its log holds.
    """
    names = list(names)
    text, raw = "\n".join(map(plain, names)), "\n".join(name[:200].lower() for name in names)
    told = next((kind for kind in KINDS if _is_told(kind, text, raw)), UNKNOWN)
    if told.id in ("", "llm", "classifier", "regression"):
        said = next((kind for kind in KINDS if kind.words & set(words)), None)
        told = said if said is not None else told
    if told.id in ("", "llm") and has_adapters(settings or {}):
        return _LORA
    if told.id == "" and whole(_REWARD).search(text) and not _SUPERVISED.search(text):
        return next(kind for kind in KINDS if kind.id == "rl")  # nothing but rewards
    return told


def _is_told(kind: Kind, text: str, raw: str) -> bool:
    if kind.told_by and whole(kind.told_by).search(text):
        return True
    if kind.raw and re.search(kind.raw, raw, re.M):
        return True
    return any(all(whole(one).search(text) for one in group) for group in kind.together)


def has_adapters(settings: Mapping[str, float]) -> bool:
    """Whether adapters are trained, and not the weights themselves."""
    trainable, of = settings.get("trainable"), settings.get("parameters")
    few = bool(trainable and of) and trainable / of < _ADAPTERS  # type: ignore[operator]
    return "lora_rank" in settings or few
