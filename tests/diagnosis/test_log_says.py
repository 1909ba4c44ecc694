"""What a training's own program says of its fault comes first; and scores that one line tells."""

from __future__ import annotations

import os

import pytest

import lossmon
from lossmon.formats.decoder import Facts
from lossmon.formats.notes import note

STOP = (
    "Training has stopped (degenerate solution on iteration 60, probably too small "
    "l2-regularization, try to increase it)"
)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (STOP, "advice"),
        ("lbfgs failed to converge. Increase the number of iterations (max_iter).", "advice"),
        ("Warning: loss is not improving, consider a smaller learning rate", "advice"),
        ("FutureWarning: use of `x` is deprecated, you should use y", None),
        ("RuntimeWarning: divide by zero encountered in log", "remark"),
        ("you should see the first results soon", None),
        ("Validation Dice Coeff: 1.9720964431762695", "score"),
        ("=> lfw face verification accuracy:  0.8643 threshold:  0.98", "score"),
        ("accuracy matters", None),
    ],
)
def test_the_kind_of_a_line(line: str, kind: str | None) -> None:
    facts = Facts()
    note(line, 7, facts)
    assert [one.kind for one in facts.events] == ([] if kind is None else [kind])


def test_a_lone_score_keeps_its_name_and_value() -> None:
    facts = Facts()
    note("Validation Dice Coeff: 1.9720964431762695", 7, facts)
    assert facts.events[0].text == "Validation Dice Coeff: 1.9720964431762695"


def test_the_words_of_the_log_are_the_first_cause(tmp_path) -> None:  # type: ignore[no-untyped-def]
    rows = [f"{i}: learn: {0.64 * 0.97**i:.7f} total: {i}s" for i in range(20)]
    (tmp_path / "log.txt").write_text("\n".join([*rows, "20: learn: nan total: 20s", STOP, ""]))
    found = lossmon.diagnose(tmp_path / "log.txt").findings[0]
    assert (found.pattern, found.causes[0].id) == ("diverged", "log_says")
    assert STOP in found.causes[0].why


def test_masks_of_255_are_told_by_a_dice_that_one_line_tells(tmp_path) -> None:  # type: ignore[no-untyped-def]
    losses = [-1087, -2475, -2207, -1271, -2475, -1238, -1087, -1271, -2475, -2196, -2196, -2207]
    rows = [f"step {i} loss: {loss}.123" for i, loss in enumerate(losses)]
    (tmp_path / "log.txt").write_text("\n".join([*rows, "Validation Dice Coeff: 1.972", ""]))
    found = lossmon.diagnose(tmp_path / "log.txt").findings
    first = found[0]
    assert (first.pattern, first.causes[0].id) == ("impossible", "target_range")
    assert "not_decreasing" not in {one.pattern for one in found}


@pytest.mark.parametrize(
    ("said_before", "first"),
    [("Using 16-true precision", "numeric_overflow"), ("Building the tagger", "lr_too_high")],
)
def test_half_precision_comes_before_the_rate_where_it_is_named(
    said_before: str,
    first: str,
    tmp_path,  # type: ignore[no-untyped-def]
) -> None:
    rows = [f"step {i} loss: {x}" for i, x in enumerate([1.1, 1.5, 0.9, 1.3, 1.2, 1.1])]
    rows += [f"step {i} loss: nan" for i in range(6, 14)]
    (tmp_path / "log.txt").write_text("\n".join([said_before, *rows, ""]))
    found = lossmon.diagnose(tmp_path / "log.txt").findings[0]
    assert (found.pattern, found.causes[0].id) == ("diverged", first)


def test_a_value_glued_to_the_next_word_is_read(tmp_path) -> None:  # type: ignore[no-untyped-def]
    rows = [f"{i}:\tlearn {0.63 * 0.9**i:.7f}passed: 17.4 sec\ttotal: {i}m 13s" for i in range(9)]
    (tmp_path / "log.txt").write_text("\n".join([*rows, ""]))
    frame = lossmon.read(tmp_path / "log.txt")
    assert len(frame[frame["metric"] == "learn"]) == 9


@pytest.mark.parametrize(("last", "stalls"), [("Model saved to out.pt", False), ("", True)])
def test_a_log_that_ends_with_saving_has_not_stalled(last: str, stalls: bool, tmp_path) -> None:  # type: ignore[no-untyped-def]
    rows = [f"step {i}/60 loss: {2.3 * 0.9**i:.5f}" for i in range(30)]
    log = tmp_path / "log.txt"
    log.write_text("\n".join([*rows, last, ""]))
    os.utime(log, (1e9, 1e9))
    found = {one.pattern for one in lossmon.diagnose(log).findings}
    assert ("stalled" in found) == stalls
