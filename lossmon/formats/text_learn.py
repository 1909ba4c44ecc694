"""How the shape of a line is learned: what each of its numbers means, and what reads its kin."""

from __future__ import annotations

import re
from itertools import takewhile
from operator import itemgetter

from lossmon.formats.lexicon import (
    STATISTICS,
    held_out_set,
    is_eval,
    is_loss,
    is_measured,
    is_noise,
    is_objective,
    is_of_network,
    is_paced,
    is_rate,
    is_score,
    phase_of,
    plain,
    split_told,
)
from lossmon.formats.lexicon_places import (
    counter_of,
    counts_episodes,
    counts_seen,
    is_count,
    planned,
    stage_of,
)
from lossmon.formats.lines import dated_span, strip_prefix
from lossmon.formats.text_beneath import only_pairs
from lossmon.formats.text_counters import (
    claim,
    counter_of_token,
    is_epoch_row,
    is_of_evaluation,
    read_initials,
    settle_counters,
    settle_plan,
)
from lossmon.formats.text_coverage import metric_in
from lossmon.formats.text_ends import is_recall
from lossmon.formats.text_expression import (
    Blanks,
    Clock,
    Group,
    Number,
    Part,
    Text,
    between,
    prefix,
    readable,
)
from lossmon.formats.text_kinds import Kind, Token
from lossmon.formats.text_match import Own, matcher
from lossmon.formats.text_paths import hidden
from lossmon.formats.text_shape import FEW, Shape
from lossmon.formats.text_tokens import FILLER, TOKEN, squash, tokenise
from lossmon.formats.text_unnamed import (
    guess_loss,
    loss_alone,
    loss_behind_counter,
    loss_by_sentence,
    name_parts,
    name_total,
    names_by_section,
    step_between_bars,
    take_averages,
    unnamed_places,
)
from lossmon.formats.text_words import settle

MAX_CHARS = 4096  # a longer line is no row of a few metrics
MAX_TOKENS = 256  # numbers in a line; more are an array, not a row
_CODE = re.compile(
    r"^\s*(?:def|class|import|from|return|if|for|while|print\w*\(|assert|self\.|//|@|\+\+? )"
    r"|^\s*#(?!\d| ?\w{1,20} ?[#:] |#{0,5} ?(?i:epoch|step|iter(?:ation)?)\W{1,3}\d.*[:= ]\d+\.\d)"
    r"|:\d+: (?:fatal )?(?:error|warning|note): "
    r"|\b0x[\da-fA-F]{6}|\bHTTP/\d|\{[a-zA-Z_][\w.\[\]()]*(?:[!:][\w.,<>%+=-]{0,8})?\}|\)\s*\{[a-zA-Z_]|(?<!/\d)(?<!/\d\d)(?<!/\d{3})(?<!/\d{4})\)\s*:\s*$|[^=!<>\[]==[^=\[>]|\bf['\"]|\+=|Namespace\(|\s--[a-z]"
)
_PAIR = re.compile(r"['\"]\w+['\"]: ")
_USES = re.compile(  # "iou loss: mse (2), iou_norm: 0.75" says which loss is used
    r"(?i)loss(?:_type|_fn|_name)?['\"]?\s?[:=]\s?['\"]?(?!none|nan|inf|null)[a-z][a-z_]{1,30}['\"]?"
    r"(?: \(\d{1,2}\)|[,;])"
)
_SETTINGS = 8  # pairs of a printed dict in which nothing is measured
_STATEMENT = re.compile(r"(?:\)|=[^;:=]*);\s*$")  # also what CNTK prints of an epoch
# What a listing says of an array, as TensorFlow does of "loss/w:0, shape = (10, 10)".
_LISTING = re.compile(
    r"(?<![\w.])[Ss]hape[:=]?\s?[:=]?\s?(?:torch\.Size)?[(\[]{1,2}[\d,? ]*[)\]](?!:)"
)
_SUMMED = re.compile(  # what a sentence at the end says of all rows is no row
    r"(?i)\s*(?:final (?:model|result)s? |stop(?:ped|ping)? training because)"
)
_CALL = re.compile(
    r"\w\((?!s\))|(?<=[\w)\]])\s?(?<!=)[<>!=]=(?!=)\s?(?=[\w(])|\bif\b|\belse\b|(?:^|\s)#\s(?!\d)"
)
_WORD = re.compile(r"[A-Za-z]{2,}")
_KERAS = re.compile(r"^\s*\d+/(?:\d+|Unknown)\s[^|]*?\s-\s")
_BAR = re.compile(
    r"\d%\s*\|[^|]*\|\s*[\d.]+\w?/|\[\d+:\d\d(?::\d\d)?<|\[\d+/\d+\]\s+\d+%|•.{1,60}it/s"
)
_OF_THESE = re.compile(r" [A-Za-z]{2}")  # "125 iterations per epoch": it counts up to nothing
_DATED_PREFIX = 400  # a prefix is looked for in this many characters
_CURRENT = re.compile(r"(?i)(?<![A-Za-z])cur(?:rent)?(?![A-Za-z])")  # "cur metric, acc: 0.7"
_BEST = re.compile(r"(?i)(?<![A-Za-z])best(?: metric)?[^:=A-Za-z]*$")  # of what was told before
_OF_BEST = re.compile(r"(?i)(?<![a-z])best (?:model|epoch|checkpoint|weights|iteration|step)")
_WHEN_BEST = re.compile(
    r"(?i)\s?[\[(@,]?\s?(?:at |in |@ ?)?ep(?:och)?[ :=#]{0,2}"
)  # "best 0.9 ep 2"
_AVERAGED = re.compile(r"\baverage|\bmean\b|\bsummary\b", re.IGNORECASE)
_CTIME = re.compile(r"\(?[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}\)?")
_FILLED = re.compile(f"[{FILLER}]")


def learn(line: str) -> Shape:
    """Find out what the numbers of a line mean, and compile the expression that reads its kin."""
    message, _ = strip_prefix(line)
    prefix = line[: len(line) - len(message)]
    flat = squash(message)
    if sum(1 for _ in TOKEN.finditer(hidden(flat))) > MAX_TOKENS:
        return Shape("")
    tokens = tokenise(flat)
    shape = Shape(readable(message))
    if _CODE.search(message) and not message.lstrip().startswith(("{'", '{"')):
        return shape
    roles, metrics = _assign(message, tokens, shape)
    if len(_PAIR.findall(message)) >= _SETTINGS and not metric_in(tokens, plain=False):
        roles, metrics = {}, []  # {'work_dir': 'runs/2', 'batch_size': 64, ...}
    told = any(is_loss(token.key) and "." in token.text for token in metrics)
    if not (roles or told) and _USES.search(message):
        return Shape(shape.text)
    if not roles and _STATEMENT.search(message):
        return Shape(shape.text)
    shape.fixed = any(token.kind is Kind.SCALE for token in tokens)
    shape.words = len(_WORD.findall(hidden(message)))
    shape.tells = metric_in(tokens, shape.words <= FEW)
    long = 12 if "epochs" in roles.values() else 7
    wordless = shape.index and not shape.words  # a row of a printed matrix: " [ 2 30]]"
    shape.header = shape.words <= long and not (wordless or _CALL.search(message))
    head = message[: metrics[0].key_start] if metrics else message
    about = head
    if metrics and metrics[0].behind:  # "9.8 perplexity estimate based on a held-out corpus of 8"
        about = next((message[: one.start] for one in tokens if one.start > len(head)), message)
    shape.phase, shape.held_out = phase_of(about) or split_told(message), held_out_set(about)
    if len(message) < 80 and not tokenise(title := _CTIME.sub("", message)):
        shape.phase = phase_of(title)
        shape.announces = shape.phase is not None
    _choose_values(shape, tokens, roles, metrics, message, head)
    shape.recalls = bool(roles) and is_recall(message, tokens, roles, metrics)
    places = (tokens[i] for i, role in roles.items() if role in ("step", "epoch"))
    counted = [token.key for token in places if token.kind is Kind.VALUE]
    shape.stage = next((stage for key in counted if (stage := stage_of(key))), "")
    if not (shape.names or roles or shape.plan):
        metrics = loss_by_sentence(message, tokens)
        shape.names = tuple(token.key for token in metrics)
        shape.sentence = bool(metrics)
    if shape.names or roles or shape.plan:
        own = _compile(shape, (prefix, flat, flat != message), tokens, roles, metrics)
        shape.match = matcher(shape, line, own, filled=bool(_FILLED.search(prefix + flat)))
    return shape


def _assign(message: str, tokens: list[Token], shape: Shape) -> tuple[dict[int, str], list[Token]]:
    """Which token is which counter, and which tokens are metrics."""
    roles: dict[int, str] = {}
    metrics: list[Token] = []
    shape.keras = bool(_KERAS.match(message))
    shape.bar = shape.keras or bool(_BAR.search(message))
    placed = any(token.kind is Kind.TOTAL for token in tokens)
    for i, token in enumerate(tokens):
        if token.kind is Kind.UNTIL:
            claim(tokens, roles, i, counter_of(token.key) or "step")
        if token.kind is not Kind.VALUE or (placed and token.behind and counter_of(token.key)):
            continue  # "[3/20] 1 tree": it counts something else
        best = i > 0 and "best" in tokens[i - 1].key.lower()
        if best and _WHEN_BEST.fullmatch(message, tokens[i - 1].end, token.start):
            continue
        if is_of_evaluation(token, tokens[i + 1 : i + 2]):
            continue
        kinds = (after.kind for after in tokens[i + 1 : i + 4])
        rest: list[Kind] = [kind for kind in kinds if kind is not Kind.PERCENT]
        first = i == 0 and is_count(token.text) and len(tokens) > 1
        counter = counter_of_token(token, rest, shape.bar, first)
        if counter is not None:
            claim(tokens, roles, i, counter)
        elif planned(token.key):
            shape.plan[planned(token.key) or ""] = i
        else:
            metrics.append(token)
    read_initials(tokens, roles, metrics)
    named = roles.copy()
    for i, counter in unnamed_places(message, tokens):
        if named.get(i) is None:
            claim(tokens, roles, i, counter)
    for i, token in enumerate(tokens[:1]):
        many = not metrics and _OF_THESE.match(message, token.end)
        if many or token.kind is not Kind.INDEX or not is_count(token.text):
            continue
        if not roles.keys() & {0} and "step" not in roles.values():
            counter = "batch" if "batch" in roles.values() else "step"
            shape.index = (
                claim(tokens, roles, i, counter) if "epoch" not in roles.values() else False
            )
    alone = step_between_bars(message, tokens) if not roles else None
    if alone is not None:
        shape.guessed = claim(tokens, roles, alone, "step")
    loss_behind_counter(message, tokens, roles, metrics)
    shape.spare = loss_alone(message, tokens, roles, metrics)
    steps = shape.plan.get("steps", -1)
    if steps >= 0 and tokens[steps].key.lower() == "steps" and is_epoch_row(roles, metrics):
        del shape.plan["steps"]
        roles[steps] = "step"  # SpeechBrain: "epoch: 3, lr: 1e-4, steps: 5391 - train loss: 2.3"
    shape.samples = settle_counters(message, tokens, roles) and not shape.bar
    before = takewhile(lambda one: not is_measured(one.key), metrics)
    alone = len(metrics) == 1
    episode = next(
        (one for one in before if counts_episodes(one.key) or (counts_seen(one.key) and not alone)),
        None,
    )
    if episode is not None and not roles:
        shape.plan.pop("steps", None)  # so long was the episode
    if roles or shape.plan:
        settle_plan(message, tokens, shape, roles, metrics)
    elif episode is not None and is_count(episode.text):
        metrics.remove(episode)
        claim(tokens, roles, tokens.index(episode), "step")
        shape.episodes = counts_episodes(episode.key)
        shape.spare |= loss_alone(message, tokens, roles, metrics, shape.episodes)
    present = set(roles.values())
    shape.level = 2 if present & {"step", "batch"} else 1 if "epoch" in present else 0
    if not any(map(str.isalpha, message)):
        shape.columns = len(tokens)
    if shape.index:
        shape.guessed = guess_loss(message, tokens, metrics)
    shape.guessed |= shape.spare
    counted = {id(tokens[i]) for i in (*roles, *shape.plan.values())}
    return roles, [one for one in metrics if id(one) not in counted]  # "1 batch, 2.0"


def _names_alone(message: str, tokens: list[Token], begin: int) -> bool:
    """A line of names and numbers without a word between them, from some character on."""
    at, rest = begin, ""
    for token in tokens:
        if token.start < begin:
            continue
        rest += message[at : min(token.key_start, token.start)]
        at = token.end
    return not _WORD.search(rest + message[at:])


def _choose_values(
    shape: Shape,
    tokens: list[Token],
    roles: dict[int, str],
    metrics: list[Token],
    message: str,
    head: str,
) -> None:
    """Keep the metrics that are worth drawing; none where the line is no row."""
    eval_line = shape.phase == "eval"
    name_parts(message, metrics)
    name_total(metrics, shape.level)
    places = (tokens[i].key for i, counter in roles.items() if counter == "step")
    searched = any(plain(key) in ("gen", "generation") for key in places)
    told = STATISTICS if searched else frozenset[str]()
    kept = [token for token in metrics if plain(token.key) in told or not is_noise(token.key)]
    sought = []  # a search may tell no more than the best
    first = is_objective(kept[0].key) if kept else False
    if (shape.bar or shape.level == 2) and not (first or any(is_measured(t.key) for t in kept)):
        sought = [token for token in metrics if is_objective(token.key)]
    kept = sought or kept
    if any(one.behind and not one.unit and (is_loss(one.key) or is_score(one.key)) for one in kept):
        kept = [token for token in kept if token.behind or token.explicit]
    names = settle(names_by_section(message, kept), eval_line, shape.level > 0)
    trial = len(names) < len(kept)  # of a search: its value, and not its parameters
    kept = kept[: len(names)]
    losses = [name for name in names if is_loss(name)]
    measured = [name for name in names if is_measured(name)]
    explicit = all(token.explicit for token in kept if is_loss(token.key))
    title = eval_line or _CURRENT.search(head)
    # "Performance on val: dice: 0.7", "[EVAL] #Images: 200 mIoU: 0.5 Acc: 1.0 Kappa: nan"
    titled = title and head.rstrip(" #").endswith((":", ",", "]"))
    alone = shape.words <= FEW or _names_alone(message, tokens, len(head) if titled else 0)
    shape.scores = (
        alone
        and not (losses or _BEST.search(head))
        and shape.level == 0
        and any(is_score(name) for name in names)
    )
    paced = shape.words <= FEW and any(is_paced(name) for name in names)
    shape.beneath = not (shape.level or eval_line or shape.scores) and only_pairs(message)
    if not shape.beneath and (
        not losses
        and not (measured and shape.level)
        and not (shape.scores or paced or trial or sought)
    ):
        at = [i for i, name in enumerate(names) if shape.level == 1 and is_rate(name)]
        trained = "epoch" in roles.values() or (shape.level == 2 and shape.phase == "train")
        if (trained or searched) and not (at or shape.bar or eval_line):
            at = [i for i, one in enumerate(kept) if one.explicit and "." in one.text]
            shape.spare = shape.guessed = bool(at)  # whatever it calls what it trains
        kept, names = [kept[i] for i in at], [names[i] for i in at]  # gensim tells no more
    shape.explicit = explicit
    if losses and any(is_of_network(token.key) for token in tokens):  # "loss=0% rtt=20.5ms"
        kept, names = [], []
    if _SUMMED.match(message) or (shape.level and _OF_BEST.search(head)):
        kept, names = [], []
    prose = losses and not explicit and len(head.split()) > 4  # "the loss of 10 men"
    if shape.level == 0 and (prose or _LISTING.search(message)):
        kept, names = [], []
    metrics[:] = kept
    shape.names = tuple(names)
    measured = [name for name in names if is_measured(name)]
    shape.evaluation = bool(measured) and all(is_eval(name) for name in measured)
    shape.guessed |= trial or shape.names == ("objective",)
    summed = shape.level == 0 and _AVERAGED.search(head)  # "Averaged stats: loss: 0.4 (0.5)"
    if not shape.bar and (summed or (shape.evaluation and "batch" in roles.values())):
        take_averages(message, tokens, metrics)


def _compile(
    shape: Shape,
    line: tuple[str, str, bool],
    tokens: list[Token],
    roles: dict[int, str],
    metrics: list[Token],
) -> Own:
    """What matches lines of this shape, what is wanted of them, and what of it the line itself has.

    `line` is the logger's prefix, the message, and whether a bar of ASCII characters is in it.
    """
    before, message, ascii_bar = line
    wanted = {id(token) for token in metrics}
    plans = {i: what for what, i in shape.plan.items()}
    shape.plan = {}
    parts, own = _prefix_parts(before, shape)
    at = 0
    places: list[int] = []  # groups of the metrics
    spots: dict[int, str] = {}  # token -> metric
    for i, token in enumerate(tokens):
        parts += between(message[at : token.start], ascii_bar)
        at = token.end
        ratio = token.kind is Kind.TOTAL and i > 0 and id(tokens[i - 1]) in wanted
        if token.kind is Kind.SCALE:
            parts.append(Text(token.text))
            continue
        kept = i in roles or i in plans or ratio or id(token) in wanted
        if token.kind is Kind.CLOCK and not kept:
            parts.append(Clock(token.text))
            continue
        number, group = token.text.removesuffix(token.unit), len(own)
        parts.append(Number(number, kept))
        if token.unit:
            parts.append(Text(token.unit))
        if not kept:
            continue
        if i in roles:
            shape.counters[roles[i]] = group
        elif i in plans:
            shape.plan[plans[i]] = group
        elif ratio:
            shape.ratios[spots[id(tokens[i - 1])]] = group
        else:
            spots[id(token)] = shape.names[len(places)]
            places.append(group)
        own.append(number)
    parts += between(message[at:], ascii_bar)
    shape.parts = parts
    counters = shape.counters
    shape.totals = tuple(
        counters[what] for what in ("steps", "epochs", "batches") if what in counters
    )
    counted = counters.keys() & {"batch", "epoch", "step"}
    shape.bare = "".join(counted - {"epoch"}) if len(counted) == 1 else ""
    shape.time_at = counters.pop("clock", shape.time_at)
    if len(places) == 1:
        only = places[0]
        shape.pick = lambda groups: (groups[only],)
    elif places:
        shape.pick = itemgetter(*places)
    return Own(tuple(own))


def _prefix_parts(text: str, shape: Shape) -> tuple[list[Part], list[str]]:
    """The logger's prefix: its digits vary, and its date is captured where it is a full one."""
    span = dated_span(text[:_DATED_PREFIX])
    if span is None:
        return [Blanks(seen=False), *prefix(text)], []
    shape.time_at = 0
    start, end = span
    date = [Group("("), *prefix(text[start:end]), Group(")")]
    parts = [Blanks(seen=False), *prefix(text[:start]), *date, *prefix(text[end:])]
    return parts, [text[start:end]]
