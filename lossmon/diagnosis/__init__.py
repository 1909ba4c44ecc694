"""What a curve means.

A run at one moment:
    view.py          what patterns look at          look.py      from a history to a view
    curve.py         the loss curve of it           age.py       how far the training has come
    around.py        what was logged beside         stages.py    where something else begins
    resumed.py       where the step went back
    kind.py          what is trained                measures.py  by which series it is judged
What holds:
    finding.py       what a diagnosis says: values only
    patterns/        one file a pattern, one declared object each
    pattern.py       what such an object holds      limits.py    thresholds with unit and source
    judge.py         what holds now, and why        engine.py    when to look, show, withdraw
    brief.py         the same for the end alone
    facts.py         rows that are alike            chance.py    levels of guessing
    contradictions.py   values that cannot both be right
    parts.py         parts that are no number       usual.py     what looks odd and is usual
    dials.py         a setting that was moved, by which a loss rises as it is meant to
    risen.py, pairs.py, flat.py   what several patterns measure of one curve and of two
    offset.py        a fall that a large constant hides      low_rate.py  a rate too low to learn
    gradients.py     the gradient norm's curve, and how it was before
    settled.py       how early a fall was made, by shapes fitted to all of it
    short.py         what the order of a few rows says      early.py  what fewer still speak for
    glimpse.py       all that few rows show already, in sentences that are true of them
    signs.py         values out of the range of their kind, however few
    held_alone.py    a loss of held-out data that turns, with no train loss beside it
    majority.py      an accuracy that its first evaluation had already
    known.py         examples known by heart, and one answer for all, in few rows
    thrown.py        rows that one update threw, or none
    unwon.py         rewards of episodes that are all lost alike
    rewards.py       levels of rewards, which single episodes leave by chance
    sawtooth.py      a fall within each epoch that the next takes back
    reported.py      what the way of reporting does to a curve
    statistics.py    the statistics                 confidence.py  how sure, calibrated
When to interrupt:
    alarm.py         a rise that asks for a look    evidence.py  a rise, proved by bets
    bets.py          bets, their odds and lines     past.py      whether looks on the way counted
Why, and what to do:
    reasons.py       a cause that coincides         coincidence.py, rates.py, lost.py  find them
    figures.py       numbers for remedies           outlook.py   what training on may bring
    advice.py        which advice is earned         amounts.py   figures a person can take in
    knowledge/       meanings, causes and remedies as data, one file a language
Beside the curve:
    lifecycle.py     stalled, failed, finished      failures.py  what the last error line says
    sweep.py         which setting goes with which ending        unjudged.py  what was not judged
"""
