"""Small logs that once were misread or misjudged: what must and must not be said of each.

A case is a folder of `tests/data/cases` with a log, README.txt (what it is, what went wrong) and
expect.json (what is right).
"""

from __future__ import annotations

import csv
import json
import math
import os
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from lossmon.cli import cli

CASES = Path(__file__).parent / "data" / "cases"
SEVERITIES = ["info", "warning", "critical"]
Values = dict[str, Any]


@pytest.mark.parametrize("case", sorted(p.parent for p in CASES.rglob("expect.json")),
                         ids=lambda case: case.name)  # fmt: skip
def test_a_case_is_read_and_judged_right(
    case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expect: Values = json.loads((case / "expect.json").read_text(encoding="utf-8"))
    place = tmp_path / "case"
    shutil.copytree(case, place, ignore=shutil.ignore_patterns("expect.json", "README.txt"))
    written = time.time() - (86400 if expect.get("old") else 0)
    for path in place.rglob("*"):
        os.utime(path, (written, written))
    monkeypatch.chdir(tmp_path)
    target = str(Path("case") / expect.get("input", ""))
    ran = CliRunner().invoke(cli, ["check", "--json", *expect.get("args", "").split(), target])
    found = [json.loads(line) for line in ran.stdout.splitlines() if line.startswith("{")]
    assert found or expect.get("runs") == 0, ran.output[-300:]
    wrong = [*reading(expect, found), *diagnosis(expect, found[0])] if found else []
    wrong += [*of_runs(expect, found), *points(expect, target)]
    assert not wrong, expect.get("right", "")


def of_runs(expect: Values, found: list[Values]) -> Iterator[str]:
    """Which logs are together, and what their runs are called, otherwise than expected."""
    holds = [" ".join(log["path"] for log in run["logs"]) for run in found]
    for parts in expect.get("together", []):
        if not any(all(part in paths for part in parts) for paths in holds):
            yield f"{parts} are not one run"
    for part, state in expect.get("states", {}).items():
        told = {run["state"] for run, paths in zip(found, holds, strict=True) if part in paths}
        if told != {state}:
            yield f"{part} is {sorted(told)}, not {state}"
    if "no_name" in expect:
        yield from (run["run"] for run in found if re.search(expect["no_name"], run["run"]))


def points(expect: Values, target: str) -> Iterator[str]:
    """What is exported otherwise than expected."""
    if "points" not in expect:
        return
    rows = list(csv.DictReader(CliRunner().invoke(cli, ["export", target]).stdout.splitlines()))
    for metric, want in expect["points"].items():
        steps = [int(row["step"]) for row in rows if row["metric"] == metric]
        ends = {"n": len(steps), "first_step": min(steps), "last_step": max(steps), "steps": steps}
        yield from (f"{metric}: {k} {ends[k]}, not {want[k]}" for k in ends if k in want
                    and want[k] != ends[k])  # fmt: skip


def _close(one: Any, two: Any) -> bool:
    a, b = float(one), float(two)
    if not math.isfinite(a) or not math.isfinite(b):
        return str(a) == str(b)
    return abs(a - b) <= max(1e-3 * max(abs(a), abs(b)), 1e-9)


def reading(expect: Values, found: list[Values]) -> Iterator[str]:
    """What was read otherwise than expected."""
    report, metrics = found[0], found[0]["metrics"]
    train, evals = metrics.get("train_loss") or {}, metrics.get("eval_loss") or {}
    names = {one["name"]: one for one in metrics.values()}
    main_metric = expect.get("train_metric")
    if main_metric and train and train["name"] != main_metric:
        yield f"main metric {train['name']!r}"
    elif main_metric and not train:
        train = names.get(main_metric, {})
    for key, value in (
        ("n", train.get("n", 0)), ("last_step", report["step"]), ("eval_n", evals.get("n", 0)),
        ("total_steps", report["total_steps"]), ("state", report["state"]), ("runs", len(found)),
    ):  # fmt: skip
        if expect.get(key) is not None and expect[key] != value:
            yield f"{key} {value}"
    for key, value in (
        ("first", train.get("first")), ("last", train.get("last")), ("eval_last", evals.get("last")),
    ):  # fmt: skip
        if expect.get(key) is not None and (value is None or not _close(value, expect[key])):
            yield f"{key} {value}"
    if "metrics_at_most" in expect and len(metrics) > expect["metrics_at_most"]:
        yield f"{len(metrics)} metrics"
    if any(one["state"] == expect.get("no_state", "") for one in found):
        yield f"state {expect['no_state']}"
    missing = set(expect.get("metrics_named", [])) - names.keys()
    wrong = names.keys() & set(expect.get("no_metric", []))
    named = expect.get("metric_named")
    if named and not any(named == n or (named == "reward" and "reward" in n) for n in names):
        missing.add(named)
    if missing or wrong:
        yield f"metrics missing {missing}, wrong {wrong}"
    if "metric_last" in expect:
        name, last = expect["metric_last"]
        if name not in names or not _close(names[name]["last"], last):
            yield f"{name} does not end at {last}"
    if (metrics.get("grad_norm") or {}).get("name", "") == expect.get("not_grad_norm"):
        yield "a metric taken for the grad norm"


def diagnosis(expect: Values, report: Values) -> Iterator[str]:
    """What was said otherwise than expected."""
    findings = report["findings"]
    patterns = {f["pattern"] for f in findings}
    causes = {c["id"] for f in findings for c in f["causes"]}
    first_causes = {f["causes"][0]["id"] for f in findings if f["causes"]}
    remedies = [r for f in findings for r in f["remedies"]]
    first_remedies = [f["remedies"][0] for f in findings if f["remedies"]]
    evidence = [f["evidence"] for f in findings]
    words = [*evidence, *remedies, *(c[k] for f in findings for c in f["causes"]
                                     for k in ("why", "text"))]  # fmt: skip
    severities = {f["severity"] for f in findings}
    for key, said in (
        ("any_pattern", patterns), ("any_cause", causes), ("first_cause", first_causes),
    ):  # fmt: skip
        if key in expect and not said & set(expect[key]):
            yield f"none of {expect[key]}: {said}"
    for key, said in (
        ("no_pattern", patterns), ("no_severity", severities), ("no_cause", causes),
        ("not_first_cause", first_causes),
        ("never_shown", {entry["pattern"] for entry in report["timeline"]}),
    ):  # fmt: skip
        if said & set(expect.get(key, [])):
            yield f"{key}: {said & set(expect[key])}"
    if "no_only_pattern" in expect and patterns == {expect["no_only_pattern"]}:
        yield f"only {patterns}"
    if "not_both" in expect and set(expect["not_both"]) <= patterns:
        yield f"both {expect['not_both']}"
    least = expect.get("severity_at_least")
    if least and not severities & set(SEVERITIES[SEVERITIES.index(least) :]):
        yield f"no finding of {least}"
    for key, texts in (("no_remedy", remedies), ("no_first_remedy", first_remedies)):
        for expression in expect.get(key, []):
            yield from (f"{key}: {text}" for text in texts if re.search(expression, text))
    for pattern, step in expect.get("since_at_most", {}).items():
        yield from (
            f"{pattern} since {f['since_step']}"
            for f in findings
            if f["pattern"] == pattern and f["since_step"] > step
        )
    for key, texts in (("evidence", evidence), ("evidence_or_why", words)):
        if key in expect and not any(re.search(expect[key], text) for text in texts):
            yield f"nothing says /{expect[key]}/"
