"""What the order of a line says where names do not: counters, losses behind steps, sections."""

from __future__ import annotations

import re
from itertools import pairwise

from lossmon.formats.lexicon import (
    ACCURACY,
    OTHER_LOSS,
    THROUGHPUT,
    TRAIN_LOSS,
    is_error,
    is_loss,
    is_measured,
    is_noise,
    is_objective,
    is_score,
    is_split,
    is_watched,
    role,
    says_split,
)
from lossmon.formats.lexicon_places import counter_of, is_count
from lossmon.formats.numbers import parse_number
from lossmon.formats.text_kinds import Kind, Token
from lossmon.formats.text_tokens import STOP_WORDS

_NEAR = 100  # characters before a counter in which a loss is looked for
_SAYS_LOSS = re.compile(r"(?<![\w.])loss(?![\w.(])(?: [a-z]{1,20})?", re.IGNORECASE)
_GAP = re.compile(  # "at step 3 is 0.5", "at step 3: tf.Tensor(0.5"
    r"[\s:=]*(?:(?:->|=>|is\b|was\b|equals\b)[\s:=]*)?(?:(?:tf\.)?[Tt]ensor\(\[?)?"
)
_AND = re.compile(r"\s*(?:,|and\b|/|-)\s*[A-Za-z]")
_NEXT = re.compile(r"\s*[\])]?\s*[\[(]?\s*")  # between two counters: "[0/3][50/1000]"
_BEGINS = (  # what a line begins with; the groups are what each number counts
    r"\s{0,8}[\[(]\s{0,8}(?P<epoch>\d{1,12})\s{0,8}"
    r",\s{0,8}(?P<batch>\d{1,12})[\])](?=.*\d)",  # "[1, 2000] loss: 2.1"
    r"\s{0,8}\[(?P<step>\d{1,12}), \d(?:\.\d{1,20})?(?:e-\d\d)?\]\s{0,8}$",  # VITS: [200, 9.9e-05]
    r"(?:\[[\w|]{1,40}\]:\s?)?(?P<epoch>\d{1,12})\|(?P<step>\d{1,12})\|(?=[A-Za-z])",  # torchtune
    r"\s{0,8}(?P<epoch>\d{1,9}) epochs?\b(?= training\b|[,:;] )",  # "003 epoch, 200 iter"
    r">(?P<epoch>\d{1,9}), (?P<batch>\d+)/\d",  # ">3, 12/234, d=0.6, g=0.7"
)
_PLACED = tuple(map(re.compile, _BEGINS))
_DONE = re.compile(r" \d[\d.]*%\)")
_WORD = re.compile(r"[A-Za-z]{2,}")
_MOST_UNNAMED = 4  # beside an index and a duration: two losses and two scores
_BARS = ("-", "|")
_STEP_VALUE_GAIN = 3  # columns
_LEAST_COLUMNS = 3  # of a table: two words over two numbers may be any line of words
_ROUNDED = 1e-6  # of a value: so much may be lost in a difference of two that were printed
_ASIDE = re.compile(r"\([^()]{0,60}\)")  # "loss (for one batch) at step 3: 0.5"
_TUPLE = re.compile(r"\(\d+, ?[-+\d.eE]+\)")
_LOSSES = re.compile(r"(?i)(?<![A-Za-z])loss(?:es)?\s?(?:[:(\[{]|->?|=>)[\s(\[{'\"]*(?=[A-Za-z])")
_NESTED = re.compile(r"(?<![\w.])([A-Za-z_][\w.]{0,60})['\"]?\s?[:=]\s?\{([^{}]*)\}")
_BESIDE = re.compile(r"[\s,;'\"]*")
_TOTAL = re.compile(r"(?:(?:mean|avg|average) )?total", re.IGNORECASE)
_MOMENT = frozenset(("at", "after", "for", "in", "on", "@", "of"))
_SECTION = re.compile(
    r"(?<![\w/.\-])(?P<open>[\[(<] ?)?"
    r"(?:(?P<eval>val|valid|validation|eval|evaluation|test|testing|dev)|(?P<train>train|training))"
    r"(?: (?:set|data|metrics|results|phase|split))?\s?(?(open)[\])>]|(?:[:(|>]|\s?-+\s|\s?-+>))",
    re.IGNORECASE,
)


def unnamed_places(message: str, tokens: list[Token]) -> list[tuple[int, str]]:
    """Which numbers count something though no word says so, and what: "[1, 2000] loss: 2.1"."""
    begins = {token.start: i for i, token in enumerate(tokens)}
    for found in filter(None, (pattern.match(message) for pattern in _PLACED)):
        at = {what: begins.get(found.start(what), -1) for what in found.groupdict()}
        if min(at.values()) >= 0:
            return [(i, what) for what, i in at.items()]
    for i, token in enumerate(tokens[1:], 1):
        if message[tokens[i - 1].end : token.start] == "-" and tokens[i - 1].key.lower() == "epoch":
            return [(i, "batch")]  # "epoch 1-599"
    for i, token in enumerate(tokens[:-1]):
        done = message[token.start - 1 : token.start] == "(" and is_count(token.text)
        if done and tokens[i + 1].kind is Kind.PERCENT and _DONE.match(message, token.end):
            return [(i, "step")]  # "0m 24s (5000 6%) 3.5270"
    places = [
        i for i, token in enumerate(tokens[:-1])
        if token.kind is Kind.PLACE and tokens[i + 1].kind is Kind.TOTAL
    ]  # fmt: skip
    if len(places) > 1 and places[1] == places[0] + 2:
        gap = message[tokens[places[0] + 1].end : tokens[places[1]].start]
        if _NEXT.fullmatch(gap):
            return [(places[0], "epoch"), (places[1], "batch")]
    return [(i, "batch") for i in places]


def step_between_bars(message: str, tokens: list[Token]) -> int | None:
    """A whole number alone between two bars, as XLM has it: "0:11:14 -    1140 -   56.1 sent/s"."""
    for i, token in enumerate(tokens):
        before, after = message[: token.start].rstrip(), message[token.end :].lstrip()
        if token.kind is Kind.BARE and before[-1:] in _BARS and after[:1] in _BARS:
            return i if before and after and token.text.isdigit() else None
    return None


def loss_behind_counter(
    message: str, tokens: list[Token], roles: dict[int, str], metrics: list[Token]
) -> None:
    """A loss whose name stands before the step, and its value behind: "Cost after epoch 3: 0.5"."""
    for i, token in enumerate(tokens[:-1]):
        ranged = message[token.end : tokens[i + 1].start] == "-"  # "for minibatches 0-9 is 0.5"
        at = i + 2 if ranged or tokens[i + 1].kind is Kind.TOTAL else i + 1
        if at >= len(tokens) or tokens[at].kind is not Kind.BARE:
            continue
        value, end = tokens[at], tokens[at - 1].end
        tupled = _TUPLE.fullmatch(message[token.start - 1 : value.end + 1]) is not None
        follows = tupled or _GAP.fullmatch(message[end : value.start])
        told = message[end : value.start].strip() in (":", "=")  # "Loss after epoch 3: 12.0"
        if not follows or (is_count(value.text) and not (told and "." in value.text)):
            continue
        if roles.get(i) in ("step", "epoch", "batch"):
            first = i
            while (
                first
                and tokens[first - 1].kind is not Kind.BARE
                and _chained(
                    message[tokens[first - 1].end : tokens[first].start], roles.get(first - 1)
                )
            ):
                first -= 1  # "Loss at epoch 0 and iteration 500 is 0.2"
            token = tokens[first]
            before = message[tokens[first - 1].end if first else 0 : token.start]
            name = _said_before(before)
            if name is not None:
                _name(value, name, token.start - len(before) + before.rfind(name))
                metrics.append(value)
        elif (
            token in metrics and is_split(token.key) and is_count(token.text) and not token.explicit
        ):
            if "batch" not in roles.values():
                roles[i] = "batch"  # "train 050 1.23 56.1 91.2", "valid 050 1.5 50.0 80.0"
                _name(value, f"{token.key}_loss", token.key_start)
                metrics[metrics.index(token)] = value
        elif token in metrics and (tupled or not token.explicit) and _may_be_step(token, roles):
            roles[i] = "step"  # "Train loss 100 2.31", "loss: (100, 2.31)"
            _name(value, token.key, token.key_start)
            metrics[metrics.index(token)] = value
    metrics.sort(key=lambda token: token.start)


def _chained(between: str, role: str | None) -> bool:
    """Whether a counter stands before another one: "epoch 0 and iteration 500"."""
    return role is not None and _AND.match(between) is not None


def _may_be_step(token: Token, roles: dict[int, str]) -> bool:
    return is_loss(token.key) and is_count(token.text) and "step" not in roles.values()


def _said_before(text: str) -> str | None:
    """The loss in "Cost after iteration" or "validation loss at step"; None where there is none."""
    words = _ASIDE.sub(" ", text[-_NEAR:]).split()
    for i in range(len(words) - 2, 0, -1):
        if words[i].lower() in _MOMENT:
            names = [" ".join(words[j:i]).strip("[(-|>'\"") for j in range(max(0, i - 3), i)]
            names = [name for name in names if name.split(" ")[0].lower() not in STOP_WORDS]
            known = (name for name in names if is_loss(name) or is_score(name))
            if found := next((name for name in known if name in text), None):
                return found
    return None


def _name(token: Token, name: str, start: int) -> None:
    token.kind, token.key, token.key_start, token.explicit = Kind.VALUE, name, start, True


def guess_loss(message: str, tokens: list[Token], metrics: list[Token]) -> bool:
    """An index and then a number without a name: the loss, where nothing else is one."""
    kinds = [token.kind for token in tokens]
    if kinds[1:2] == [Kind.PERCENT]:  # "5000 5% (0m 9s) 1.9963"
        tokens = [token for token in tokens if token.kind not in (Kind.PERCENT, Kind.CLOCK)]
    if len(tokens) < 2 or tokens[1].kind is not Kind.BARE:
        return False
    if Kind.CLOCK in kinds and kinds.count(Kind.BARE) > _MOST_UNNAMED:
        return False  # a solver: "22  -5.3e+03  2.9e+02  4.1e-05  4.4e-07  1.6e-01  2s"
    index, first = tokens[:2]
    follow = (",",) if message.startswith("(") else (":", "]", " ", "\t")
    if not index.text.isdigit() or message[index.end : index.end + 1] not in follow:
        return False  # "[0.1, 0.2]": an array
    named = any(is_loss(token.key) for token in metrics)
    if named or not any(c in first.text for c in ".en"):
        return False
    first.kind, first.key = Kind.VALUE, "loss"
    metrics.insert(0, first)
    return True


def loss_alone(
    message: str,
    tokens: list[Token],
    roles: dict[int, str],
    metrics: list[Token],
    episodes: bool = False,
) -> bool:
    """A counter, a number, and no word beside: "epoch 0, batch 3: 4.98" tells a loss if anything.

    Where the log names no loss elsewhere: else it may be a time. Of episodes it tells the reward.
    """
    bare = [one for i, one in enumerate(tokens) if one.kind is Kind.BARE and i not in roles]
    places = [i for i, counter in roles.items() if counter in ("step", "epoch", "batch")]
    percent = any(one.kind is Kind.PERCENT for i in places for one in tokens[i + 1 : i + 2])
    counted = percent or any(tokens[i].key for i in places)
    counted &= "<" not in message  # a bar's "[38/50 00:01<00:02 0.5]"
    if metrics or not counted or len(bare) != 1:
        return False
    value = bare[0]
    paired = any(one.kind is Kind.SECOND for one in tokens[: tokens.index(value)])
    if paired or ("." not in value.text if episodes else is_count(value.text)):
        return False  # the first: "epoch 1 (2.5, 0.81)" says not which of them is the loss
    at, rest = 0, ""
    for i, token in enumerate(tokens):
        rest += message[at : token.key_start if i in roles else token.start]
        at = token.end
    if _WORD.search(rest + message[at:]):
        return False
    _name(value, "reward" if episodes else "loss", value.start)
    metrics.append(value)
    return True


def names_no_loss(above: str, message: str) -> bool:
    """Whether a word stands over each number of a row, and none of them is a loss.

    Solvers print such tables ("Iter Primal Dual Compl Time"), whose first value was taken as one.
    """
    names = above.split()
    least = 2 if any(map(counter_of, names)) else _LEAST_COLUMNS
    if not len(names) == len(message.split()) >= least:
        return False
    return not any(is_loss(name) or is_objective(name) or is_error(name) for name in names)


def rises_by_gain(rows: list[str]) -> bool:
    """Whether three bare columns are a step, what should rise, and by how much it just rose.

    hmmlearn prints log-likelihoods so; taken as a loss they would do nothing but diverge.
    """
    cells = [row.split() for row in rows]
    values = [[value for cell in row if (value := parse_number(cell)) is not None] for row in cells]
    widths = {*map(len, cells), *map(len, values)}
    if widths != {_STEP_VALUE_GAIN}:
        return False
    gains = [(new - old, told, abs(new)) for (_, old, _), (_, new, told) in pairwise(values)]
    return all(told > 0 and abs(gain - told) <= _ROUNDED * size for gain, told, size in gains)


def loss_by_sentence(message: str, tokens: list[Token]) -> list[Token]:
    """The only number of a sentence that says loss: "Value loss of kind f32. Shape: (): 2.3"."""
    said = _SAYS_LOSS.search(message)
    if len(tokens) != 1 or said is None or said.start() > tokens[0].start:
        return []
    (token,) = tokens
    whole = "." not in token.text or message[token.end :].strip() != ""
    of_loss = [word for word in said.group().split()[1:] if word not in STOP_WORDS]
    if token.kind not in (Kind.VALUE, Kind.BARE) or whole or of_loss:
        return []  # "decreasing loss scale to 32768.0" says something of the scale
    _name(token, said.group().split()[0], said.start())
    return [token]


def _name_nested(message: str, metrics: list[Token]) -> None:
    """Let a dict within a row name its numbers, too: "loss: 2.5, reward: {'sum': 3.5, 'n': 2}"."""
    for nested in _NESTED.finditer(message):
        within = [one for one in metrics if nested.start(2) <= one.key_start < nested.end(2)]
        for token in within if len(within) < len(metrics) else ():
            token.key = f"{nested[1]}/{token.key}"


def name_parts(message: str, metrics: list[Token]) -> None:
    """Let the numbers of a section of losses say so: "[Losses: x 0.27, conf 4.3, total 15.1]"."""
    _name_nested(message, metrics)
    for section in _LOSSES.finditer(message):
        at = section.end()
        for token in metrics:
            if token.start < at:
                continue
            begins = message.find(token.key, token.key_start)
            if begins < at or not _BESIDE.fullmatch(message, at, begins):
                break  # the first: "loss: nan, time: 0.5"
            told = is_measured(token.key) or token.behind or role(token.key) == THROUGHPUT
            if not told and (_TOTAL.fullmatch(token.key) or not _is_of_loop(token.key)):
                token.key, token.explicit = f"{token.key}_loss", True
            at = token.end


def _is_of_loop(key: str) -> bool:
    """A time, a size, an identifier, be it watched."""
    return is_noise(key) or is_watched(key)


def name_total(metrics: list[Token], level: int) -> None:
    """The total of a row that tells parts of a loss, or of steps and nothing else, is the loss.

    pix2pix's kin print "[epoch: 17/200, iter: 25/489] total: 1.375", and others
    "100 | total=2.5 | recon=2.0 | kl=0.5": elsewhere a total is a count.
    """
    roles = {role(token.key) for token in metrics}
    parts = TRAIN_LOSS not in roles and roles & {OTHER_LOSS, ACCURACY}
    for token in metrics:
        if token.key == "J" and level and "." in token.text:
            token.key = "objective"  # Octave; j counts
        if token.key == "logprob" and token.text[0].isdigit():
            token.key = "logprob_loss"  # of cuda-convnet; not negated it is below 0
        told = "." in token.text and _TOTAL.fullmatch(token.key)
        alone = token.explicit and len(metrics) == level - 1
        if told and level and (parts or alone):
            token.key = f"{token.key.lower().replace(' ', '_')}_loss"


def names_by_section(message: str, metrics: list[Token]) -> list[str]:
    """The metrics' names; those behind "| Val:" say so where others stand before it."""
    names = [token.key for token in metrics]
    sections = list(_SECTION.finditer(message))
    first = next((section.start() for section in sections if section["eval"]), None)
    if first is None or not any(token.start < first for token in metrics):
        return names
    for i, token in enumerate(metrics):
        before = [section for section in sections if section.start() < token.start]
        if before and before[-1]["eval"] and not says_split(token.key):
            names[i] = f"eval_{token.key}"
    return names


def take_averages(message: str, tokens: list[Token], metrics: list[Token]) -> None:
    """Of an evaluation's batches what counts is the average so far: "Test: [9/10] Loss 0.4 (0.5)".

    The last of them is that of the whole set, while the batch in front of it is but a few samples.
    """
    behind = [tokens[min(tokens.index(metric) + 1, len(tokens) - 1)] for metric in metrics]
    for i, (metric, average) in enumerate(zip(metrics, behind, strict=True)):
        gap = message[metric.end : average.start]
        if average.kind is Kind.SECOND and gap.strip() == "(" and "." in average.text:
            average.kind, average.key = Kind.VALUE, metric.key
            average.key_start, average.explicit = metric.key_start, metric.explicit
            metrics[i] = average
