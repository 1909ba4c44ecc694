"""A line of text as the numbers in it, and what each one is called there."""

from __future__ import annotations

import re

from lossmon.formats.lexicon import is_loss, is_score, phase_of
from lossmon.formats.lexicon_foreign import TOTALS
from lossmon.formats.text_kinds import Kind, Token
from lossmon.formats.text_lists import take_columns, take_lists
from lossmon.formats.text_paths import hidden

# "epoch12" counts, where "conv12" is a name.
_GLUED = "|".join(
    rf"(?<=\b{word}{mark})"
    for name in ("ep", "epoch", "step", "iter", "iteration", "batch")
    for word in (name, name.title(), name.upper())
    for mark in ("", *(("_", ".", "#") if word != name.upper() else ()))
)
_GLUED += r"|(?<=^E)|(?<=\[E)|(?<=\|B)"  # "E001 loss", "[E1|B020/181]"
_GLUED_NAME = (
    r"(?i:is|loss|cost|err(?:or)?|acc(?:uracy)?|train|val|valid|eval|test|passed)(?![a-z])"
)
_NUMBER = (
    rf"(?:(?:(?<![\w.@#)\]])[-+])?(?<![\w.@])(?<!\S#)|(?:{_GLUED})(?=\d{{1,12}}(?:[\s,;:/|\])}}-]|$|{_GLUED_NAME}))"
    rf"|(?:(?<=\bloss)|(?<=\bLoss))(?=\d{{1,12}}\.\d))"
    r"(?:1\.#(?:IND|[QS]NAN|INF)\d*|\d{1,3}(?:,\d{3})+(?:\.\d+)?"
    r"|\d+\.\d+D[-+]\d\d|\d+(?:\.\d*)?(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?"
    r"|(?i:nan|inf(?:inity)?))"
)
# "top-1: 76.2", "BLEU-4 13.4": the digit ends a name, unless the name is that of a counter.
_OF_NAME = (
    r"(?<=[A-Za-z]-)(?i:(?<!epoch-)(?<!step-)(?<!iter-)(?<!iteration-)(?<!batch-))"
    r"\d{1,3}(?:\s?[:=]|\s?[-=]>|,?\s+(?:[-+]?\d|(?:is|was)\s|\[|[a-z.]{1,20}\())"
)
_TIME_UNIT = r"(?:ns|us|µs|μs|ms|secs?|seconds?|s|mins?|m|hrs?|h|d)(?:/[A-Za-z]\w*)?"
_OTHER_UNIT = r"[KMGT]i?B|[GB]|[A-Za-z]{1,12}/s(?:ec)?(?!\w)"  # "4.50epoch/s" is a rate
# ESPnet: "3epoch:train:1-100batch"; others: "0th epoch"
_COUNTED = (
    r"(?:-?(?:st|nd|rd|th)[ -](?:mini-?)?)?(?:epoch|batch|iter(?:ation)?|step|it(?= ?\[\d))(?!\w)"
)
# All that a number begins with: where none of it stands nothing else is tried, five times as fast.
_BEGINS = "(?=[-+.?\\dnNiI\u0130\u0131])"
TOKEN = re.compile(
    rf"{_BEGINS}(?:"
    r"(?P<clock>(?<![\w.])(?:\d+ days?, ?)?\d+(?::\d\d){1,2}(?:\.\d+)?(?: ?[AaPp][Mm])?(?![\w:])"
    r"|-:--:--|(?<=[\[<,\s])\?(?:it/s)?(?=[,\]\s])"
    r"|(?<![\w.])(?:\d{1,4}(?:ms|[dhms])){2,4}(?!\w)"  # 3s239ms
    rf"|{_NUMBER}(?:{_TIME_UNIT}|{_OTHER_UNIT})(?![\w/]))"
    rf"|(?!{_OF_NAME})(?P<number>{_NUMBER})(?P<suffix>[kKM](?!\w)|%|dB)?(?:(?={_COUNTED}|{_GLUED_NAME})|(?![\w%]|\.\d)))"
)
_DOTTED = re.compile(r"\s{0,8}(\d{1,7})\.(\d{1,9})\.{2,4}\s")  # "2.170... cost: 0.5" is batch 170
_TUPLE = re.compile(r"\(\d+(?:, ?-?[\d.]+(?:[eE][-+]?\d+)?){1,3}\)\s*")  # print((step, loss))
_UNIT = re.compile(_COUNTED)
_ORDINAL = re.compile(r"-?(?:st|nd|rd|th)[ -](?:mini-?)?")
_RANGE = re.compile(rf"-\d+{_COUNTED}")
# Arrows, boxes, bars, ticks; not the circled digits between them, which are of a word for `re`.
FILLER = "\u2190-\u21ff\u2500-\u25ff\u2700-\u2775\u2794-\u27bf"
BAR = "\u2588"
_ASCII_BAR = re.compile(r"(?<=[|\[])[=#>.\-]{4,}(?=[|\]\s])")


_OPEN = re.compile(r"(?:\b[A-Za-z_][\w.]{0,30}\(|[\[(]) ?[\[(]?$")  # tensor( [ ([
_WRAPPER = re.compile(
    r"^(?:tensor|param|array|(?:np|numpy|torch|jnp|tf|paddle)\.\w+|Array|float|DeviceArray)\($"
)
# "Val. Loss: 0.69" is one name, "It is done. Loss: 0.69" is not.
_SHORTENED = r"(?<!\b[Vv]al)(?<!\b[Vv]alid)(?<!\b[Aa]vg)(?<!\b[Tt]rain)(?<!\b[Tt]est)"
_SPLIT = re.compile(
    rf"[,;|\t{{}}\[\]<>{FILLER}，；：。]|\s-\s|\s-+>|(?<=[a-z]){_SHORTENED}\.\s(?=[A-Z])|\s{{2,}}|[:=]|\)\s|(?<!\w)['\"]|['\"](?!\w)|\*+"
)
STOP_WORDS = frozenset(
    ("with", "at", "and", "of", "the", "is", "was", "are", "for", "a", "an", "in", "to", "on", "=>")
)
_COUNTED_NEXT = frozenset(("for", "on", "over", "across", "using"))
# Python 2's `print("epoch:", 3, "loss", 0.5)`: ('epoch:', 3, 'loss', 0.5)
_TUPLED = re.compile(r"['\"]\s?(?P<name>[^'\",]{1,60}?)\s?[:=]?\s?['\"],\s?$")
_SYMBOL = re.compile(r"(?<![\w:]):(?P<name>[A-Za-z_]\w{0,30}),\s?$")  # Julia's (:loss, 0.5)
_MOMENT = re.compile(r"\W{0,8}(?:after|at)\s", re.IGNORECASE)  # "After 100 steps the loss is 2.3"
_SAID = re.compile(r"(?<![\w\s])\s*([A-Za-z]\w*(?: [A-Za-z]\w*){0,3}) (?:after|at)\s$")
_BEHIND_MOMENT = re.compile(
    r" (?:epoch|step|iteration|iter|update|batch)(?:s|es)?\s?(?:[:=,]|is\b|was\b)?\s*"
)
_MOMENT_OF = re.compile(r" (epoch|step|iteration|iter|update|batch)(?:s|es)?(?!\w)")
_LABEL = re.compile(r"\s?\((train(?:ing)?|val(?:id(?:ation)?)?|dev|test|eval)\)", re.IGNORECASE)
_TRAILING = re.compile(r"\s+(?!per )([A-Za-z][\w/%.]*(?<!\.\.)(?: [A-Za-z][\w/%]*)?)\s*(?=[,|;]|$)")
_NAMED_BEHIND = re.compile(r" (?!per )([A-Za-z]\w*)(?= [a-z])")  # "32.8 perplexity estimate"
_UNIT_BEHIND = re.compile(rf"^ {_TIME_UNIT}(?=[.,;] )")  # "Time Elapsed: 21.3 s. Reward: 0.5"
# "guid: test-12": a whole number behind a word for data is that of an example.
_IDENTIFIED = re.compile(r"(?<![A-Za-z])(?:train|val|valid|dev|test|eval)-$", re.IGNORECASE)
_WORD_BEFORE = re.compile(r"\[[A-Za-z][\w-]{0,30}\] ?\[")  # "[lfw][1000]Accuracy: 0.9"
_CLOSED_BEFORE_NAME = re.compile(r"\] ?[A-Za-z]")
_OF_DATE = re.compile(r"-\d\d-\d\d(?![\d.])")  # "train--->2022-03-23": a year is no loss
_LOSS_OF = re.compile(
    r"(?i)\b(?:loss|cost|error) (?:of|for|in|at) (epoch|step|iter(?:ation)?|batch)$"
)
_LOSS_ON = re.compile(
    r"(?i)\b(?P<name>loss|cost|error|accuracy|perplexity) (?:on|over|for) (?P<data>[\w -]{3,30})$"
)
_COUNTERS = frozenset(("epoch", "step", "iter", "iteration", "batch"))
_NAMELESS = (Kind.BARE, Kind.PERCENT)
_CLOSING = re.compile(r"\) ?[:=]\s*|\]\s?[:=]\s*")
# "train_loss.py:596 main": where in a program, be it of a traceback, a linter or a logger
_SOURCE = re.compile(
    r"\w\.(?:pyx?|cc|cpp|cxx|cuh?|[chrR]|hpp|go|rs|jl|lua|java|scala|kt|m?[jt]s|sh|ipynb)['\"]?"
    r"(?::[\w<>]{1,60})?[:(]$"
)
_CLOSED = re.compile(r"\]\s?:")
_SHAPE = re.compile(r"(?:^|\()shape$")
_BOTH = re.compile(  # "train/val loss", "loss tr/va"
    r"((?:train\w{0,12}|trn?)(?![a-z]))/((?:(?:val|valid|validation|dev|test|eval)\w{0,12}|va|te|vl)(?![a-z]))\)?",
    re.IGNORECASE,
)
_CONDITIONED = re.compile(
    r"\W{0,8}(?P<name>[A-Za-z][A-Za-z ()-]{1,40}?)\s*"
    r"(?:@ ?\[(?P<at>[^\[\]]{1,80})\] ?|(?<= )(?P<over>(?:of|on|for|over) [^:=]{1,80}))[:=]\s*"
)
_MOMENTS = re.compile(  # "Accuracy for epoch 3: 0.5"
    r"(?i)(?:epoch|step|iter|iteration|episode|batch|round|update|generation|fold)\W{0,3}\d"
)
_ABBREVIATED = re.compile(r"\(([A-Z]{2,4})\)")
_MOST_CONDITIONS = 6  # numbers
_QUOTES = " \t'\""
_JUNK = " \t'\"*>|-:.•#=/&~"
_MAX_WORDS, _MAX_NAME = 5, 60
_MOST_WORDS = 8  # where a loss or a score is among the first
_MAX_GAP = 200  # characters before a number in which its name is looked for


def squash(text: str) -> str:
    """Redraw bars of ASCII characters with `BAR`, in the same length."""
    return _ASCII_BAR.sub(lambda bar: BAR * len(bar.group()), text)


def tokenise(text: str) -> list[Token]:
    """The numbers of a line, in order, each with its name."""
    text, at = hidden(text), 0
    tokens: list[Token] = []
    if dotted := _DOTTED.match(text):
        for i, name in enumerate(("epoch", "batch"), 1):
            (start, at), key_start = dotted.span(i), dotted.start()
            tokens.append(Token(Kind.VALUE, name, dotted[i], start, at, key_start, True))
    for match in TOKEN.finditer(text, at):
        gap = text[at : match.start()]
        token = _token(text, match, gap, at, tokens[-1] if tokens else None)
        tokens.append(token)
        at = match.end()
    for i, token in enumerate(tokens):
        if token.kind in _NAMELESS and token.text:
            stop = tokens[i + 1].start if i + 1 < len(tokens) else len(text)
            behind = _TRAILING.match(text, token.end, stop if i + 1 == len(tokens) else len(text))
            measured = behind and _measures(behind[1])
            if token.kind is Kind.PERCENT and not measured:
                continue
            if behind and not text[: token.start].rstrip().endswith("("):
                token.kind, token.key, token.behind = Kind.VALUE, behind[1], True
                continue  # "2.31 loss, 0.0001 LR"
            named = _NAMED_BEHIND.match(text, token.end) if "." in token.text else None
            if named and _measures(named[1]):
                token.kind, token.key, token.behind = Kind.VALUE, named[1], True
    _take_labels(text, tokens)
    _take_condition(text, tokens)
    take_lists(text, tokens)
    if tokens and text.rstrip()[-1].isalpha():
        take_columns(text, tokens)
    return tokens


def _measures(name: str) -> bool:
    """A loss or a score."""
    return is_loss(name) or is_score(name)


def _take_labels(text: str, tokens: list[Token]) -> None:
    """Let values say the data behind them: "loss 0.095 (train), 0.048 (dev)"."""
    named, at = "", 0
    for token in tokens:
        label = _LABEL.match(text, token.end)
        follows = named and token.kind is Kind.BARE and text[at : token.start].strip(", |") == ""
        if label is None or not (follows or (token.kind is Kind.VALUE and token.key)):
            named = ""
            continue
        named, at = (named if follows else token.key), label.end()
        token.kind, token.key, token.explicit = Kind.VALUE, f"{label[1]} {named}", True


def _take_condition(text: str, tokens: list[Token]) -> None:
    """Let numbers between a score's name and its value be part of the name.

    "Average Precision (AP) @[ IoU=0.50:0.95 | area= all | maxDets=100 ] = 0.412", "Accuracy of the
    network on the 10000 test images: 71 %".
    """
    if not 1 < len(tokens) <= _MOST_CONDITIONS or _measures((last := tokens[-1]).key):
        return
    told = _CONDITIONED.fullmatch(text, 0, last.start)
    if told is None or not _measures(told["name"]) or _MOMENTS.search(told["over"] or ""):
        return
    begin = told.start("name")
    for token in tokens:
        token.kind, token.key_start = Kind.SCALE, begin
    short = _ABBREVIATED.search(told["name"])
    if told["at"]:
        name = f"{short[1] if short else told['name'].strip()} @[{''.join(told['at'].split())}]"
    else:
        name = f"{phase_of(told['over']) or ''} {told['name']}".strip()
    last.kind, last.key, last.explicit = Kind.VALUE, name, True


def _token(text: str, match: re.Match[str], gap: str, at: int, before: Token | None) -> Token:
    start, end = match.span()

    def made(kind: Kind, key: str = "", key_start: int = start, explicit: bool = False) -> Token:
        return Token(kind, key, match.group(), start, end, key_start, explicit)

    stripped = gap.strip()
    if match["suffix"] == "%" and text[end : end + 1] == "|":  # of a bar
        return made(Kind.PERCENT)
    if match["clock"]:
        return made(Kind.CLOCK, *_key(gap, at)[:2])
    column = gap == ":" and before is not None and before.kind is Kind.CLOCK
    if column or _SOURCE.search(gap[-_MAX_GAP:]):
        return made(Kind.CLOCK)
    at_first = before is None and (_MOMENT.fullmatch(gap) or _said_before(gap) is not None)
    moment = _MOMENT_OF.match(text, end) if at_first else None
    if moment:
        return made(Kind.VALUE, moment[1], start, True)
    unit = _UNIT.match(text, end)
    if unit and stripped == "/" and before is not None:  # "2/20epoch"
        before.kind, before.key, before.explicit = Kind.VALUE, unit.group(), True
        return made(Kind.TOTAL)
    if unit:
        return made(Kind.VALUE, _ORDINAL.sub("", unit.group()), start, True)
    if before is not None and _BEHIND_MOMENT.fullmatch(gap):
        said = _said_before(text[: before.start])
        if said is not None:  # "Cost after 100 iterations: 0.5"
            return made(Kind.VALUE, said[1], said.start(1), True)
    if _RANGE.match(text, end):
        return made(Kind.BARE)
    if before is None and stripped in ("", "[", "(", "#", ">", "<"):
        follow = text[end : end + 1]
        if text[end:].lstrip()[:1] == "/":
            return made(Kind.PLACE)
        if stripped == "(" and follow != ")" and not _TUPLE.fullmatch(text):
            return made(Kind.BARE)
        if match["suffix"] == "%":
            return made(Kind.PERCENT)
        closed = (":", "]", " ", "\t", ",") if stripped != "<" else (">",)  # MALLET's "<10> "
        if follow == ")" and stripped in ("", "(") and match.group().isdigit():
            return made(Kind.INDEX)  # "1) loss: 0.5"
        return made(Kind.INDEX) if follow in closed else made(Kind.BARE)
    if _is_total(text, match, stripped, before):
        return made(Kind.TOTAL)
    if stripped in ("/", "of") and before is not None and before.kind is not Kind.CLOCK:
        both = _BOTH.search(before.key)
        if both is None or stripped != "/":
            return made(Kind.SECOND)  # two values, and no share: "loss: 0.5/0.6"
        named = f"{before.key[: both.start()].rstrip(' (')}{before.key[both.end() :]}".strip()
        before.key = f"{both[1]} {named}".strip()  # "Loss (train/val): 0.5/0.6"
        return made(Kind.VALUE, f"{both[2]} {named}".strip(), before.key_start, True)
    if before is not None and _CLOSING.fullmatch(gap):
        indexed = before.kind in (Kind.VALUE, Kind.SECOND) and before.text.isdigit()
        if indexed and is_loss(before.key):
            name, before.key = before.key, "step"  # "loss[100]: 2.3"
            return made(Kind.VALUE, name, before.key_start, True)
    if before is not None and gap[:1] == ")" and stripped in ("):", ")="):
        if before.kind in (Kind.VALUE, Kind.SECOND) and before.key:
            name, bracket, _ = before.key.partition("(")
            before.kind = Kind.SCALE
            key = name.strip() if bracket else f"{name}({before.text})"  # "Reward (last 10): 2.3"
            return made(Kind.VALUE, key, before.key_start, True)
        return made(Kind.BARE)
    ranged = gap == "-" and before is not None and text[before.start - 1 : before.start] == "["
    if ranged and before is not None and before.key and _CLOSED.match(text, end):
        before.kind = Kind.BARE  # "avg. loss [1901-2000]: 0.5"
        return made(Kind.UNTIL, before.key, before.key_start)
    if stripped == "]:" and before is not None and before.kind is Kind.UNTIL:
        return made(Kind.VALUE, before.key, before.key_start, True)
    if stripped in ("(", "(+", "±", "+/-", "+-") and before is not None:
        return made(Kind.PERCENT if match["suffix"] == "%" else Kind.SECOND)
    if before is None and _WORD_BEFORE.fullmatch(gap) and _CLOSED_BEFORE_NAME.match(text, end):
        return made(Kind.INDEX)
    if match["number"].isdigit() and (_IDENTIFIED.search(gap) or _OF_DATE.match(text, end)):
        return made(Kind.BARE)
    key, key_start, explicit = _key(gap, at)
    if _SHAPE.search(key):
        return made(Kind.BARE)  # "Tensor(shape=[1], ..."
    item = key.rstrip(" ,")
    parted = stripped.endswith((",", "|")) and "." in match["number"]
    parted &= before is None or before.kind not in _NAMELESS or _TRAILING.match(gap) is None
    listed = gap.endswith(",") and gap.strip(" ,").lower() in _COUNTERS
    if listed and item and match["number"].isdigit():
        return made(Kind.VALUE, item, key_start, True)  # "epoch,3,loss,0.838"
    if parted and _measures(item):
        return made(Kind.VALUE, item, key_start, True)  # "step 10, loss_train, 0.838", "loss | 0.8"
    if not key or (not explicit and stripped[-1:] in ",|;"):
        if text[end : end + 2].lstrip()[:1] == "/" or stripped.endswith("["):
            return made(Kind.PLACE)
        return made(Kind.PERCENT if match["suffix"] == "%" else Kind.BARE)
    return made(Kind.VALUE, key, key_start, explicit)


def _is_total(text: str, number: re.Match[str], between: str, before: Token | None) -> bool:
    """Whether a number is what the one before it counts up to: "3/20", "[ 3 | 20 ]", "3 out of 20".

    Two with decimals are values, "0.5/0.6", unless printf wrote counts so: "32.000/59000.000".
    """
    if before is None or before.kind is Kind.CLOCK:
        return False
    if between == "|":
        beside = text[: before.start].rstrip()[-1:] + text[number.end() :].lstrip()[:1]
        glued = text[before.end : number.start()] == "|" and before.key.lower() in _COUNTERS
        whole = before.text.isdigit() and number.group().isdigit()
        return whole and (glued or beside in ("[]", "()"))
    if between != "/" and between not in TOTALS:
        return False
    parts = [one.partition(".")[2] for one in (before.text, number["number"])]
    return "" in parts or not any(part.strip("0") for part in parts)


def _said_before(text: str) -> re.Match[str] | None:
    """The loss or score of which a text says a moment: "Training error after"."""
    said = _SAID.search(text[-_MAX_GAP:])
    return said if said is not None and _measures(said[1]) else None


def _key(gap: str, at: int) -> tuple[str, int, bool]:
    """The name at the end of the text before a number.

    Returns:
        The name, where it begins in the line, and whether a colon or equals sign follows it.
    """
    at += max(0, len(gap) - _MAX_GAP)
    head = gap[-_MAX_GAP:]
    if head[:1] == " ":
        head = _UNIT_BEHIND.sub(_blank, head)
    tupled = _TUPLED.search(head) or _SYMBOL.search(head)
    if tupled:
        return tupled["name"], at + tupled.start("name"), True
    head = head.rstrip(_QUOTES)
    opened = _OPEN.search(head)
    if opened:
        wrapper = opened.group().rstrip("[ ")
        named = wrapper.endswith("(") and len(wrapper) > 1 and not _WRAPPER.match(wrapper)
        if named and "." in wrapper:
            return "", at, False  # code: "logits_for_loss.view(-1, ..."
        head = head[: opened.start()] + (wrapper[:-1] if named else "")
    tail = head.rstrip(_QUOTES + ",")
    explicit = tail[-1:] in (":", "=") or tail[-2:] in ("=>", "->")
    phrase = tail.rstrip(":=>-").rstrip(_QUOTES) if explicit else head.rstrip()
    if phrase.endswith(")") and "(" in phrase and explicit:
        body = phrase.rpartition("(")[0]
        begin = _last_piece(body)
        name = phrase[begin:].strip(_JUNK) if body[begin:].strip() else ""
    else:
        begin = _last_piece(phrase)
        name = phrase[begin:].strip(_JUNK)
    if name[:1] == "(" and ")" not in name:
        name = name[1:]  # "(loss_avg: 2.3)"
    words = name.split()
    if explicit and "with" in words[:-1]:  # "Trial 3 finished with value: 0.5"
        words = words[len(words) - words[::-1].index("with") :]
        begin = phrase.rindex(words[0])
    elif explicit and len(words) > 1 and words[0] in ("has", "have", "and"):
        begin = phrase.index(words.pop(0), begin)  # "Epoch 3 has g_loss: 0.5"
    elif not explicit:
        counter = _LOSS_OF.search(name)
        if counter:  # "the loss of epoch 3 is 0.5"
            return counter[1], at + phrase.rindex(counter[1]), False
        if words[-1:] and words[-1].lower() in _COUNTED_NEXT:
            return "", at, False  # "training for 3 epochs": it counts what follows
        if words and words[-1].lower() in STOP_WORDS:
            words.pop()  # "set learning rate to 0.1"
        about = _LOSS_ON.search(" ".join(words))
        if about and (phase := phase_of(about["data"])):  # "the loss on held-out data is 0.5"
            return f"{phase} {about['name']}", at + phrase.rindex(about["name"]), False
        words = words[-3:]
        while words and words[0].lower() in STOP_WORDS:
            words.pop(0)
    if not any(c.isalpha() for c in name) or STOP_WORDS.issuperset(words):
        return "", at, explicit  # "the loss of epoch 3 is: 0.5": what is said stands before it
    if len(words) > _MAX_WORDS:  # "Average return per training episode of all: 2.5"
        told = " ".join(words[:_MAX_WORDS])
        said = explicit and "." not in name and _measures(told)
        if len(words) > _MOST_WORDS or not said:
            return "", at, explicit
    name = " ".join(words)
    return (name if len(name) <= _MAX_NAME else ""), at + begin, explicit


def _blank(found: re.Match[str]) -> str:
    return " " * len(found.group())


def _last_piece(phrase: str) -> int:
    """Where the last piece of a phrase begins, behind the last separator with text after it."""
    begin = 0
    for cut in _SPLIT.finditer(phrase):
        if phrase[cut.end() :].strip(_JUNK):
            begin = cut.end()
    return begin
