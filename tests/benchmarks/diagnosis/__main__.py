"""Print every figure: verdicts, live alarms, delays, calibration, cost, and the rules of others.

python -m tests.benchmarks.diagnosis [--part tune|held] [--quick] [--count N] [--jobs N] [--errors]

Minutes on two cores; --quick takes a part of the cases and one minute.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np

from tests.benchmarks.diagnosis import literal, pairs, peers, real, score, singles, traps
from tests.benchmarks.diagnosis.case import PAIR, SINGLE, Case, Outcome, replay, time_a_point

SEEDS = {"tune": 1, "held": 20_261_124}
HEALTHY = ("healthy", "healthy_pair")


def gather(part: str, count: int) -> list[Case]:
    """The cases of a part: whole families, tasks and seeds are in one part or the other."""
    found: list[Case] = []
    for module in (singles, pairs, traps, literal):
        cases = module.cases(count, SEEDS[part])
        if part == "tune":
            found += [case for case in cases if case.family not in module.HELD]
        elif module in (singles, traps):  # whole families; of the others, other seeds and kinds
            found += [case for case in cases if case.family in module.HELD]
        else:
            found += cases
    found += [c for c in real.runs() if (c.family in real.HELD_TASKS) == (part == "held")]
    histories = real.overfit_histories()
    found += [c for c in histories if (sum(map(ord, c.family)) % 2 == 1) == (part == "held")]
    return found


def run(cases: list[Case], jobs: int, plan: bool = True) -> list[Outcome]:
    """Replay all of them, in as many processes as there are cores."""
    with ProcessPoolExecutor(jobs) as pool:
        return list(pool.map(partial(replay, plan=plan), cases, chunksize=8))


def label_of(outcome: Outcome) -> tuple[str, str]:
    truth, said = outcome.case.label, outcome.final.train
    assert truth is not None
    if truth == "spike":
        return truth, truth if "spike" in {f.pattern for f in outcome.final.findings} else str(said)
    return truth, str(said)


def verdicts(outcomes: list[Outcome], errors: bool) -> None:
    print("\nwhole-run verdicts           macro-F1   right        errors (truth -> said)")
    rows: list[tuple[str, Callable[[Outcome], bool], bool]] = [
        ("generated, single", lambda o: o.case.source == "generated" and bool(o.case.label), True),
        ("generated, pair", lambda o: o.case.source == "generated" and bool(o.case.pair), False),
        (
            "by the letter, single",
            lambda o: o.case.source == "literal" and bool(o.case.label),
            True,
        ),
        ("by the letter, pair", lambda o: o.case.source == "literal" and bool(o.case.pair), False),
        ("real trainings, single", lambda o: o.case.source == "runs" and bool(o.case.label), True),
        ("real trainings, pair", lambda o: o.case.source == "runs" and bool(o.case.pair), False),
    ]
    for title, chosen, single in rows:
        some = [outcome for outcome in outcomes if chosen(outcome)]
        said = [label_of(o) if single else (str(o.case.pair), str(o.final.pair)) for o in some]
        found = score.classify(said, (*SINGLE, "spike") if single else PAIR)
        wrong = ", ".join(f"{t} -> {s} {n}" for (t, s), n in found.errors.most_common(9))
        print(f"  {title:26s} {found.macro:.3f}   {found.right:4d}/{found.count:<4d}   {wrong}")
        if errors:
            for outcome, (truth, got) in zip(some, said, strict=True):
                if truth != got:
                    print(f"      {outcome.case.name}: {truth} -> {got}")


def alarms(outcomes: list[Outcome], errors: bool) -> None:
    print("\nlive, runs that ever showed a warning")
    fine = [o for o in outcomes if _is_fine(o.case)]
    groups: dict[str, list[Outcome]] = {}
    for outcome in fine:
        case = outcome.case
        key = f"trap {case.family}" if case.source == "traps" else f"{case.source}, healthy"
        groups.setdefault(key, []).append(outcome)
    for key, some in sorted(groups.items()):
        bad, count, what = score.false_alarms(some)
        said = ", ".join(f"{p} {n}" for p, n in what.most_common())
        print(f"  {key:30s} {bad:4d}/{count:<4d} {bad / count:6.1%}   {said}")
        if errors:
            for outcome in some:
                if outcome.warned():
                    print(f"      {outcome.case.name}: {outcome.warned()}")


def _is_fine(case: Case) -> bool:
    if case.source == "traps" or case.pair == "not_overfitting":
        return True
    if case.source == "overfitguard":
        return False
    return case.label in (*HEALTHY, None) and case.pair in (*HEALTHY, None)


def timing(outcomes: list[Outcome]) -> None:
    print("\nlive, from the onset to the finding")
    for source in ("generated", "literal", "runs"):
        for label in ("rebound", "diverged"):
            some = [
                o
                for o in outcomes
                if o.case.source == source and o.case.label == label and o.case.onset is not None
            ]
            if some:
                found, early = score.delays(some, ("rebound", "diverged"))
                _print_delay(f"{source}, {label}", found, early, "points")
    for source in ("generated", "literal", "runs", "overfitguard"):
        some = [o for o in outcomes if o.case.source == source and o.case.pair == "overfitting"]
        if some:
            found, early = score.eval_delays(some)
            _print_delay(f"{source}, overfitting", found, early, "evals")


def _print_delay(title: str, found: list[int | None], early: int, unit: str) -> None:
    shown = [value for value in found if value is not None]
    middle = f"{np.median(shown):.0f}" if shown else "-"
    worst = f"{np.percentile(shown, 90):.0f}" if shown else "-"
    print(
        f"  {title:30s} recall {len(shown) / len(found):6.1%} of {len(found):4d}, median {middle} "
        f"{unit}, 90 % within {worst}; before it: {early}"
    )


def histories(outcomes: list[Outcome]) -> None:
    some = [o for o in outcomes if o.case.source == "overfitguard"]
    if not some:
        return
    print("\nlabelled histories, over-fitting       F1   false positives")
    truth = [o.case.pair == "overfitting" for o in some]
    rows = {"lossmon": [o.final.pair == "overfitting" for o in some]}
    for name, rule in peers.RULES.items():
        rows[name] = [_fires(rule, o.case) for o in some]
    for name, said in rows.items():
        hit = sum(t and s for t, s in zip(truth, said, strict=True))
        wrong = sum(s and not t for t, s in zip(truth, said, strict=True))
        f1 = 2 * hit / max(1, sum(truth) + sum(said))
        print(f"  {name:34s} {f1:.3f}   {wrong / max(1, len(truth) - sum(truth)):.3f}")


def _fires(rule: peers.Rule, case: Case) -> bool:
    assert case.evals is not None
    train = np.interp(case.evals[0], *case.train)
    return rule(train, case.evals[1]) is not None


def others(outcomes: list[Outcome]) -> None:
    """The rules of others on generated and real pairs: found over-fitting, and alarms on the rest."""
    print("\nover-fitting on generated and real pairs      F1   alarms on healthy pairs and traps")
    some = [o for o in outcomes if o.case.evals is not None and o.case.source != "overfitguard"]
    some = [o for o in some if o.case.pair in ("overfitting", "healthy_pair", None)]
    truth = [o.case.pair == "overfitting" for o in some]
    rows = {"lossmon": [_ever(o, "overfitting") for o in some]}
    for name, rule in peers.RULES.items():
        rows[name] = [_fires(rule, o.case) for o in some]
    for name, said in rows.items():
        hit = sum(t and s for t, s in zip(truth, said, strict=True))
        wrong = sum(s and not t for t, s in zip(truth, said, strict=True))
        f1 = 2 * hit / max(1, sum(truth) + sum(said))
        print(f"  {name:34s} {f1:.3f}   {wrong}/{len(truth) - sum(truth)}")
    flat = [o for o in outcomes if o.case.label in ("healthy", "not_decreasing")]
    rule = peers.sagemaker_not_decreasing
    fired = [rule(o.case.train[1], o.case.train[1]) is not None for o in flat]
    healthy = [f for f, o in zip(fired, flat, strict=True) if o.case.label == "healthy"]
    print(f"  SageMaker LossNotDecreasing alarms on {sum(healthy)}/{len(healthy)} healthy curves")


def _ever(outcome: Outcome, pattern: str) -> bool:
    return any(entry.pattern == pattern for entry in outcome.live.timeline)


def calibration(outcomes: list[Outcome]) -> None:
    print("\nconfidence of verdicts     count   said   holds")
    pairs_: list[tuple[float, bool]] = []
    for outcome in outcomes:
        case = outcome.case
        for finding in outcome.final.findings:
            if finding.pattern == outcome.final.train and case.label:
                pairs_.append((finding.confidence, label_of(outcome)[1] == case.label))
            elif finding.pattern == outcome.final.pair and case.pair in PAIR:
                pairs_.append((finding.confidence, finding.pattern == case.pair))
    for low, high, count, said, holds in score.reliability(pairs_):
        print(f"  {low:.2f} to {min(high, 1):.2f}            {count:5d}   {said:.2f}   {holds:.2f}")


def cost(outcomes: Iterable[Outcome], long: bool) -> None:
    """CPU time of the diagnosis a row, over the cases and over one healthy run of each length."""
    some = [o for o in outcomes if o.points >= 300]
    per = [1e6 * o.seconds / o.points for o in some]
    print(f"\ncost: median {np.median(per):.0f} us a row over {len(some)} runs of 300 rows or more")
    for n in (1_000, 10_000, 100_000, 1_000_000, *((10_000_000,) if long else ())):
        print(f"  {n:>10,d} points {time_a_point(n):6.2f} us a point")


def confusion(outcomes: list[Outcome]) -> None:
    """Which of the patterns of one curve are taken for which; rows are the truth."""
    some = [o for o in outcomes if o.case.source != "traps" and o.case.label in SINGLE]
    said = sorted({str(o.final.train) for o in some} | set(SINGLE))
    print("\nconfusion, all sources" + "".join(f"{name[:9]:>10s}" for name in said))
    for truth in SINGLE:
        row = [sum(o.case.label == truth and str(o.final.train) == s for o in some) for s in said]
        print(f"  {truth:20s}" + "".join(f"{count:10d}" for count in row))


def main() -> None:
    """Replay and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--part", choices=("tune", "held"), default="held")
    parser.add_argument("--count", type=int, default=60, help="generated curves a pattern")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="a part of the cases")
    parser.add_argument("--long", action="store_true", help="cost up to ten million points")
    parser.add_argument("--errors", action="store_true", help="name the curves that went wrong")
    parser.add_argument("--only", help="one source: generated, traps, runs, overfitguard")
    options = parser.parse_args()
    count = 12 if options.quick else options.count
    cases = [c for c in gather(options.part, count) if options.only in (None, c.source)]
    if options.quick:
        histories_ = [c for c in cases if c.source == "overfitguard"]
        cases = [c for c in cases if c.source != "overfitguard"] + histories_[::6]
    outcomes = run(cases, options.jobs)
    print(f"part {options.part}: {len(outcomes)} runs, the planned length known where it is logged")
    verdicts(outcomes, options.errors)
    confusion(outcomes)
    alarms(outcomes, options.errors)
    timing(outcomes)
    histories(outcomes)
    others(outcomes)
    calibration(outcomes)
    cost(outcomes, options.long)
    blind = [o.case for o in outcomes if _is_fine(o.case) and o.case.total is not None]
    bad, count, what = score.false_alarms(run(blind, options.jobs, plan=False))
    print(
        f"\nwithout the planned length: {bad}/{count} = {bad / max(1, count):.1%} fine runs warned"
    )
    print("  " + ", ".join(f"{p} {n}" for p, n in what.most_common()))


if __name__ == "__main__":
    main()
