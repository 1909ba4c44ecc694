"""What lines of text tell beside rows: overflows, stages, checkpoints, memory, a few settings.

Bounded: each kind of event is counted and its first and newest occurrences are kept.
"""

from __future__ import annotations

import re

from lossmon.formats.decoder import MOST_STEPS, Event, Facts
from lossmon.redaction import redacted

_KEPT = 8  # events of a kind: the first half stays, the newest replace the rest
_KEPT_MOST = {
    "saved": 64,
    "advice": 16,
    "remark": 16,
}  # of checkpoints the one before an onset is looked for
_LONGEST = 200  # characters of a line kept
_LOOKED_AT = 1000  # characters of a line in which words are looked for

_HINTS = (
    "skip",
    "overflow",
    "memory",
    "nan",
    "finite",
    "num",
    "classes",
    "trainable",
    "batch size",
    "checkpoint",
    "sav",
    "resum",
    "restor",
    "stage",
    "freez",
    "froz",
    "chang",
    "switch",
    "discriminator",
    "adversarial",
    "mosaic",
    "curriculum",
    "consider",
    "warning",
    "stopped",
    "because",
    "should",
    "try ",
    "trying ",
    "increas",
    "decreas",
    "reduc",
    "lower",
    "acc",
    "dice",
    "iou",
    "auc",
    "f1",
    "16",
    "half",
    "autocast",
    "mixed precision",
    "tflops",
    "token",
    "valid path",
    "enough time",
    "stopping",
)
_SCALE = r"loss[ _-]?scal"
_BAD = r"(?:\bnan\b|\binf\b|non[- ]?finite|\binfinite\b|not finite)"
_EVENTS = (
    (
        "overflow",
        re.compile(
            r"gradient overflow|\boverflow!|overflow detected|\boverflow on data"
            rf"|skipping step.{{0,40}}{_SCALE}|{_SCALE}.{{0,66}}overflow|overflow.{{0,60}}{_SCALE}",
            re.I,
        ),
    ),
    (
        "nan_skipped",
        re.compile(
            rf"skip(?:(?!skip).){{0,84}}{_BAD}|{_BAD}.{{0,80}}\bskip"
            rf"|(?:loss|grad\w{{0,12}})(?: norm)? (?:is|was|became|are) {_BAD}"
            rf"|{_BAD} (?:loss|grad\w*)\b|found {_BAD}|{_BAD}.{{0,20}}(?:detected|encountered)",
            re.I,
        ),
    ),
    # TensorFlow of a CTC loss: the label is longer than the rows that it has to come from.
    ("unreachable", re.compile(r"\bno valid path found|\bnot enough time for target", re.I)),
    # Keras, XGBoost, LightGBM and Lightning; not what is only planned ("early stopping: 5 rounds").
    (
        "early_stop",
        re.compile(
            r"^\W{0,4}(?:epoch \d{1,9}: )?early stopping\W{0,3}$"
            r"|^stopping\. best (?:iteration|round)|^early stopping, best"
            r"|\bearly[- ]stopp(?:ing|ed) (?:at|after|in|triggered)\b"
            r"|\bstopp(?:ing|ed) (?:training )?early\b|\bearly[- ]stopping\W+(?:epoch|triggered)",
            re.I,
        ),
    ),
    ("out_of_memory", re.compile(r"out of memory|OutOfMemoryError|\bOOM\b")),
    (
        # What is trained or measured is another from here on: levels before and after do not
        # compare. MACE: "Changing loss based on Stage Two Weights"; YOLO: "Closing dataloader
        # mosaic"; and "unfreezing the encoder", "discriminator starts now".
        "stage",
        re.compile(
            r"\bchang(?:e|ed|ing) (?:the )?(?:loss|objective|optimi[sz]er|data ?set|resolution)"
            r"|\b(?:enter|start|begin|switch|mov)\w* (?:to |with |from |the |training )?"
            r"(?:stage|phase|curriculum)\b"
            r"|^\W{0,8}(?:training )?(?:stage|phase)[ _-]?(?:two|three|2|3|ii|iii)\b"
            r"|\bunfr(?:eez|oz)(?:e|ing|en?)\b(?!\s*[=:]\s*(?:false|none|0))"
            r"|\b(?:start|enabl|activat|introduc|turn|switch)\w*(?: on)? (?:the |to |with )?"
            r"(?:discriminator|adversarial|gan\b|swa\b|stochastic weight)"
            r"|\b(?:discriminator|adversarial (?:loss|training)|swa) "
            r"(?:is |was |now |has |loss )*(?:start|enabl|activ|switch|turn)\w*"
            r"|\bswitch\w* (?:from .{1,40} )?to "
            r".{0,40}(?:loss|optimi[sz]er|data ?set|sgd|adam\w*)\b"
            r"|\bclosing dataloader mosaic",
            re.I,
        ),
    ),
    (
        "resumed",
        re.compile(
            r"\bresum(?:e|ed|ing)\b.{0,40}(?:\bfrom\b|checkpoint|training)"
            r"|\b(?:continu|restart)\w* (?:the )?training from"
            r"|\brestor(?:ed|ing)\b.{0,60}(?:checkpoint|ckpt|from|state)",
            re.I,
        ),
    ),
    (
        "saved",
        re.compile(
            r"\bsav(?:ed|ing)\b.{0,40}(?:checkpoint|ckpt|snapshot|model|state|weights)"
            r"|(?:checkpoint|ckpt|model|weights)\b.{0,60}\b(?:was |is |has been )?sav(?:ed|ing)\b",
            re.I,
        ),
    ),
)
# A library's own word on what is wrong and what to do: "Training has stopped (degenerate solution,
# probably too small l2-regularization, try to increase it)".
_TELLS = re.compile(
    r"\bwarn|\bstop|\bfail|degenerat|diverg|converg|\bnan\b|\boverflow|\bbecause\b|\bprobably\b"
    r"|\btoo (?:small|large|high|low|few|many|short|long|big)\b"
    r"|\bnot (?:enough|chang|updat|improv)",
    re.I,
)
_ADVISES = re.compile(
    r"\bconsider\b|\bshould\b|\btry(?:ing)? (?:to|a|an|the|with|using|increas|decreas|reduc|lower"
    r"|rais|set|another|different|smaller|larger|higher)\b|\btry \w{3,12}ing\b"
    r"|\b(?:increase|decrease|reduce|lower|raise) (?:the|it|your|number|max|learning|batch"
    r"|l2|\w+_\w+)",
    re.I,
)
_NO_ADVICE = re.compile(
    r"deprecat|future|\bversion|upgrad|instal|worker|thread|\bimport|docs?\b|https?:|cuda|driver"
    r"|token|symlink|performance|slow",
    re.I,
)
# A warning without a remedy, or a remedy without a fault: worth quoting where something began.
_WARNS = re.compile(r"\b(?:\w{0,24}warning|stopped|because)\b|\bconsider\b", re.I)
_SAYS = (
    ("half", re.compile(
        r"\b(?:b?fp16|float16|16-(?:true|mixed|bit)|half[ -]precision|mixed[ _-]precision|autocast"
        r"|gradscaler)\b", re.I)),
    ("language", re.compile(r"\btflops\b|\btokeni[sz]er|\btokens\b", re.I)),
)  # fmt: skip
# A score that one line tells by itself: "Validation Dice Coeff: 1.97".
_LONE_SCORE = re.compile(
    r"\b(?:acc(?:uracy)?|dice|m?iou|auc|f1)\b[ \w]{0,16}[:=]\s{0,4}(\d{1,5}(?:\.\d{1,20})?)\b", re.I
)
_BEFORE = 24  # characters before it that belong to its name
_NO_RESUME = re.compile(
    r"from (?:iteration|epoch|step) 0\b|resum\w{0,12}[\"'_ ]{0,4}[=:]\s*(?:false|none|null|0)"
    r"|\b(?:not|no|without|never|cannot|failed to|auto|will|if|to) (?:be )?(?:resum|restor)",
    re.I,
)
_OF_STEP = re.compile(
    r"(?:checkpoint|ckpt|step|iter(?:ation)?|global_step)[-_=: ]{0,3}(\d{1,12})\b", re.I
)
_PLAN = re.compile(  # Unsloth's headline has several in one line
    r"(?:Total (?:optimization )?(?P<steps>steps)|Num Epochs) = (?P<n>\d[\d,]{0,14})\s*(?:\||$)"
)
_NUMBER = r"['\"]?\s*[:=]\s*([\d,]+)"
_SETTINGS = (
    ("classes", re.compile(rf"\b(?:num_?(?:classes|labels)|n_?classes)\b{_NUMBER}", re.I)),
    ("examples", re.compile(rf"\bnum examples{_NUMBER}", re.I)),
    ("batch", re.compile(r"total train batch size[^=:]{0,80}[:=]\s*([\d,]+)", re.I)),
    ("trainable", re.compile(rf"\btrainable params{_NUMBER}\s*\|\|", re.I)),
    ("parameters", re.compile(rf"\|\| all params{_NUMBER}", re.I)),
    ("lora_rank", re.compile(rf"\blora_?(?:r|rank)\b{_NUMBER}", re.I)),
)


def note(line: str, step: int | None, facts: Facts) -> None:
    """Take down what a line that is no row tells.

    Args:
        line: clean text.
        step: the newest step before it.
        facts: where it is kept.
    """
    for what, n in planned(line):
        if what == "steps":
            facts.total_steps = facts.total_steps or n
    low = line.lower()
    if not any(hint in low for hint in _HINTS) and "lora" not in low:
        return
    if step is not None and not -MOST_STEPS < step < MOST_STEPS:
        step = None
    short = line[:_LOOKED_AT]
    for kind, pattern in _EVENTS:
        if pattern.search(short) and not (kind == "resumed" and _NO_RESUME.search(short)):
            if kind == "saved":
                step = _named_step(short, step)
            _keep(Event(kind, step, redacted(line.strip())[:_LONGEST]), facts)
            return
    if _TELLS.search(short) and _ADVISES.search(short) and not _NO_ADVICE.search(short):
        _keep(Event("advice", step, redacted(line.strip())[:_LONGEST]), facts)
        return
    if _WARNS.search(short) and not _NO_ADVICE.search(short):
        _keep(Event("remark", step, redacted(line.strip())[:_LONGEST]), facts)
        return
    score = _LONE_SCORE.search(short)
    if score is not None:
        _keep(Event("score", step, _lone(short, score)), facts)
    for kind, pattern in _SAYS:
        if kind not in facts.counts and pattern.search(short):
            _keep(Event(kind, step, redacted(line.strip())[:_LONGEST]), facts)
    for name, pattern in _SETTINGS:
        found = pattern.search(line)
        if found and len(found[1]) <= 20:
            digits = found[1].replace(",", "")
            if digits:
                facts.settings[name] = float(digits)


def _lone(line: str, score: re.Match[str]) -> str:
    """A score that a line tells, as "name: value"."""
    name = line[max(0, score.start() - _BEFORE) : score.start(1)]
    name = name.rstrip(" \t:=").replace(": ", " ").lstrip(" =>|-*#,;.")
    return f"{redacted(name.strip())}: {score[1]}"


def _named_step(line: str, step: int | None) -> int | None:
    """The step that a checkpoint's name holds ("checkpoint-3000"), where it has been passed."""
    named = [int(digits) for digits in _OF_STEP.findall(line)]
    passed = [n for n in named if step is not None and n <= step]
    return max(passed, default=step)


def planned(line: str) -> list[tuple[str, int]]:
    """What a trainer of the Hugging Face family says before it begins: "steps" or "epochs", n."""
    found = _PLAN.finditer(line) if " = " in line else ()
    return [(m["steps"] or "epochs", int(m["n"].replace(",", ""))) for m in found]


def _keep(event: Event, facts: Facts) -> None:
    facts.counts[event.kind] = facts.counts.get(event.kind, 0) + 1
    same = [old for old in facts.events if old.kind == event.kind]
    most = _KEPT_MOST.get(event.kind, _KEPT)
    if len(same) >= most:
        facts.events.remove(same[most // 2])
    facts.events.append(event)
