"""Causes are what was measured to coincide, ranked, with the number shown; remedies name numbers."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from lossmon.diagnosis import failures
from lossmon.diagnosis.finding import Diagnosis, Finding
from lossmon.diagnosis.kind import KindId
from lossmon.diagnosis.knowledge import LANGUAGES, load
from lossmon.formats.lexicon import role
from lossmon.history.run import History
from tests.diagnosis import curves
from tests.diagnosis.curves import N, checked, evaluations

ROLES = {
    "loss": "train_loss", "eval_loss": "eval_loss", "lr": "learning_rate", "grad_norm": "grad_norm",
}  # fmt: skip
Columns = Mapping[str, np.ndarray]


def played(columns: Columns, prepare: Callable[[History], None] | None = None) -> Diagnosis:
    """What is said of a finished run with these metrics.

    NaN is no value, `epoch` and `time` are places; a column `step` gives the steps, else they are
    1..n.
    """
    return checked(lambda: _growing(columns, prepare))


def _growing(
    columns: Columns, prepare: Callable[[History], None] | None
) -> Iterator[tuple[History, Mapping[str, str]]]:
    """The history after each of its rows."""
    history = History(role)
    n = len(next(iter(columns.values())))
    steps = columns.get("step", np.arange(1, n + 1)).astype(int)
    history.plan.total_steps = int(steps[-1])
    if prepare is not None:
        prepare(history)
    chosen = {ROLES[name]: name for name in columns if name in ROLES}
    for i in range(n):
        values = {
            name: float(column[i])
            for name, column in columns.items()
            if name not in ("step", "epoch", "time") and not np.isnan(column[i])
        }
        epoch, time = (
            float(columns[name][i]) if name in columns else None for name in ("epoch", "time")
        )
        history.append(values, int(steps[i]), epoch, time)
        yield history, chosen


def of(diagnosis: Diagnosis, pattern: str) -> Finding:
    found = [finding for finding in diagnosis.findings if finding.pattern == pattern]
    assert found, f"no {pattern} among {[f.pattern for f in diagnosis.findings]}"
    return found[0]


def why(finding: Finding, cause: str) -> str:
    reasons = {one.id: one.why for one in finding.causes}
    assert cause in reasons, reasons
    return reasons[cause]


JUMP = int(0.6 * N)  # where the rebound of the test curve begins
STEPS = np.arange(1, N + 1)


def rebound(**columns: np.ndarray) -> Finding:
    return of(played({"loss": curves.rebound(), **columns}), "rebound")


def test_a_jump_of_the_rate_comes_first_with_its_size_step_and_distance() -> None:
    rate = np.where(STEPS > JUMP - 3, 1.2e-2, 1e-3)
    finding = rebound(lr=rate, grad_norm=np.ones(N))
    assert finding.causes[0].id == "lr_jump"
    assert finding.causes[0].why == (f"learning rate rose 12 x at step {JUMP - 2}, 3 points before")


def test_a_rate_that_never_moved_rules_itself_out_and_points_to_the_data() -> None:
    finding = rebound(lr=np.full(N, 1e-3), grad_norm=np.ones(N))
    assert finding.causes[0].id == "bad_batch"
    assert finding.causes[0].why == "learning rate did not rise there, it is 0.001"
    assert "lr_jump" not in {cause.id for cause in finding.causes}
    untold = rebound(lr=np.full(N, 1e-3)).causes  # no gradients that would speak against it
    assert [cause.id for cause in untold][:2] == ["lr_too_high", "bad_batch"]


def test_where_nothing_else_was_logged_causes_are_only_typical() -> None:
    assert all(not cause.why for cause in rebound().causes)


def test_a_loss_that_is_lost_at_once_is_told_from_one_that_grew() -> None:
    lost = np.nan_to_num(curves.diverged(), nan=np.inf)
    at_once = of(played({"loss": lost}), "diverged")
    assert at_once.causes[0].id == "numeric_overflow"
    assert "it came at once" in at_once.causes[0].why
    grew = curves.healthy()
    grew[300:312] = grew[300] * 3.0 ** np.arange(12)
    grew[312:] = np.inf
    finding = of(played({"loss": grew}), "diverged")
    assert finding.causes[0].id == "lr_too_high"
    assert "the loss grew from" in finding.causes[0].why


def test_a_burst_of_the_gradients_is_named() -> None:
    norm = np.where(np.abs(STEPS - JUMP - 1) < 2, 40.0, 0.5)
    text = why(rebound(grad_norm=norm), "exploding_gradients")
    assert text.startswith("grad norm reached 40, 80 x usual, at step ")


def test_an_epoch_that_begins_there_is_named_only_where_that_is_no_chance() -> None:
    boundary = (STEPS - 1) / JUMP  # two epochs, the second begins where the loss jumps
    assert "an epoch begins at step" in why(rebound(epoch=boundary), "epoch_boundary")
    often = (STEPS - 1) / 6  # a hundred epochs: one begins everywhere
    assert "epoch_boundary" not in {cause.id for cause in rebound(epoch=often).causes}


def test_a_change_of_the_batch_size_is_named() -> None:
    size = np.where(STEPS > JUMP, 32.0, 256.0)
    text = why(rebound(batch_size=size), "batch_changed")
    assert text.startswith("batch size went from 256 to 32 at step 36")


def test_a_restart_just_before_is_named() -> None:
    steps = np.where(STEPS > JUMP, STEPS - 20, STEPS)
    finding = of(played({"loss": curves.rebound(), "step": steps}), "rebound")
    assert "the step went back to 341" in why(finding, "resume_mismatch")
    assert "% higher" in why(finding, "resume_mismatch")


def test_what_the_text_of_the_log_says_near_the_onset_is_named() -> None:
    def said(at: int) -> Callable[[History], None]:
        def prepare(history: History) -> None:
            history.plan.counts = {"overflow": 12}
            history.plan.events = (("overflow", at, "Gradient overflow."),)

        return prepare

    near = of(played({"loss": curves.rebound()}, said(JUMP + 1)), "rebound")
    assert "12 overflows of the loss scale, one at step" in why(near, "loss_scale")
    far = of(played({"loss": curves.rebound()}, said(40)), "rebound")
    assert "loss_scale" not in {cause.id for cause in far.causes}


def test_other_data_shows_in_the_speed() -> None:
    seconds = np.cumsum(np.where(STEPS > JUMP, 3.0, 1.0))
    assert "3 x slower from there on" in why(rebound(time=seconds), "data_changed")


def test_a_plateau_after_a_fall_of_the_rate_is_a_warning_that_names_it() -> None:
    rate = np.where(STEPS > 40, 1e-6, 1e-3)
    finding = of(played({"loss": curves.plateau(), "lr": rate}), "plateau")
    assert finding.severity == "warning"
    assert "under 3% of its peak 0.001 since step 41" in why(finding, "lr_decayed")
    plain = of(played({"loss": curves.plateau(), "lr": np.full(N, 1e-3)}), "plateau")
    assert plain.severity == "info"


def test_a_rate_at_zero_is_told_with_its_fall_or_its_short_schedule() -> None:
    fell = np.where(STEPS > 200, 0.0, 1e-3)
    finding = of(played({"loss": curves.plateau(), "lr": fell}), "lr_zero")
    assert why(finding, "lr_decayed") == "learning rate fell to 0 at step 201"
    short = np.maximum(0.0, 1e-3 * (1 - STEPS / 300))
    finding = of(played({"loss": curves.plateau(), "lr": short}), "lr_zero")
    assert why(finding, "schedule_short") == "the schedule ended at step 300 of 600 planned (50%)"


def test_swings_that_repeat_with_the_epoch_are_the_order_of_the_data() -> None:
    wave = np.sin(2 * np.pi * STEPS / 60) + 0.5 * np.sin(4 * np.pi * STEPS / 60)
    loss = 2.0 + 0.8 * wave + curves.noise(N, 0.05)
    finding = of(played({"loss": loss, "epoch": (STEPS - 1) / 60}), "oscillating")
    assert "every 60 steps, the length of an epoch" in why(finding, "data_order")


def test_a_flat_loss_at_the_level_of_guessing_is_said_to_be() -> None:
    loss = np.log(10) + curves.noise(N, 0.01)
    finding = of(played({"loss": loss, "grad_norm": np.full(N, 0.7)}), "not_decreasing")
    assert "ln 10 = 2.303" in why(finding, "guessing")
    assert "grad norm is 0.7" in why(finding, "bad_labels")


@pytest.mark.parametrize(
    ("rate", "norm", "cause"),
    [
        (1e-9, 1.0, "lr_too_low"),
        (1e-6, 1.0, "lr_too_low"),
        (1e-6, 1e-9, "frozen_gradients"),
        (1e-3, 1e-9, "frozen_gradients"),
    ],
)
def test_a_flat_loss_has_the_cause_that_was_logged(rate: float, norm: float, cause: str) -> None:
    columns = {"lr": np.full(N, rate), "grad_norm": np.full(N, norm)}
    finding = of(played({"loss": curves.not_decreasing(), **columns}), "not_decreasing")
    assert finding.causes[0].id == cause
    assert finding.causes[0].why


@pytest.mark.parametrize("pattern", ["not_decreasing", "underfitting"])
def test_a_rate_far_below_any_recipe_is_named_first_and_raised_where_gradients_flow(
    pattern: str,
) -> None:
    """The demo's own cause: at 1e-6 it was sent to look at its labels."""
    evals = np.full(N, np.nan)
    evals[19::20] = 2.3 + curves.noise(N // 20, 0.01)
    columns = {"loss": curves.not_decreasing(), "lr": np.full(N, 1e-6), "eval_loss": evals}
    finding = of(played({**columns, "grad_norm": 1.1 + curves.noise(N, 0.05)}), pattern)
    assert finding.causes[0].id == "lr_too_low"
    assert "bad_labels" not in {cause.id for cause in finding.causes if cause.why}
    assert "Raise the learning rate" in load("en").remedies(finding)[0]
    silent = of(played(columns), pattern)  # it may be: what reaches the weights is not known
    assert silent.causes[0].id == "lr_too_low"
    assert not any("aise the learning rate" in text for text in load("en").remedies(silent))


def overfit(prepare: Callable[[History], None] | None = None, **columns: np.ndarray) -> Finding:
    train, evals = evaluations("overfitting")
    column = np.full(N, np.nan)
    column[N // len(evals) - 1 :: N // len(evals)] = evals
    return of(played({"loss": train, "eval_loss": column, **columns}, prepare), "overfitting")


def test_overfitting_counts_passes_and_examples() -> None:
    def prepare(history: History) -> None:
        history.plan.settings = {"examples": 1200.0}

    finding = overfit(prepare, epoch=STEPS / 100)
    assert why(finding, "memorising") == "6 passes over 1,200 examples, the best after 2.2"
    assert "1,200 training examples" in why(finding, "small_data")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_remedies_of_overfitting_name_step_value_and_epoch(lang: str) -> None:
    remedies = load(lang).remedies(overfit(epoch=STEPS / 100))
    assert "225" in remedies[0]
    assert "0.8984" in remedies[0]
    assert "2.2" in remedies[1]


def test_remedies_name_a_rate_to_try_and_a_step_to_resume_from() -> None:
    rate = np.where(STEPS > JUMP - 3, 1.2e-2, 1e-3)
    remedy = load("en").remedies(rebound(lr=rate))[0]
    assert remedy == (
        "Resume from a checkpoint at or before step 354, "
        "with the learning rate before the jump, 0.001 (0.012 after it)."
    )


def test_where_the_rate_did_not_jump_a_lower_one_is_named() -> None:
    remedy = load("en").remedies(rebound(lr=np.full(N, 0.012)))[0]
    assert remedy == (
        "Resume from a checkpoint at or before step 354, "
        "with a learning rate of 0.001 to 0.004 (0.012 when it rose)."
    )


@pytest.mark.parametrize(
    ("metrics", "setting"),
    [
        ({"rewards/margins": 1.0, "rewards/chosen": 0.1}, "preference"),
        ({"mean_token_accuracy": 0.5, "num_tokens": 100.0}, "llm"),
        ({"accuracy": 0.5}, "classifier"),
        ({"speed": 0.5}, ""),
    ],
)
def test_advice_speaks_the_language_of_what_is_trained(
    metrics: dict[str, float], setting: str
) -> None:
    finding = overfit(None, **{name: np.full(N, value) for name, value in metrics.items()})
    assert finding.setting == setting


def test_adapters_are_known_by_the_share_of_trained_weights() -> None:
    def prepare(history: History) -> None:
        history.plan.settings = {"trainable": 4e6, "parameters": 7e9}

    finding = overfit(prepare)
    assert finding.setting == "lora"
    assert any("LoRA rank" in remedy for remedy in load("en").remedies(finding))


DEATHS = {
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB": "out_of_memory",
    "slurmstepd: error: *** JOB 12 CANCELLED AT 2024-01-01 DUE TO TIME LIMIT ***": "killed",
    "Watchdog caught collective operation timeout: WorkNCCL(SeqNum=1)": "collective_timeout",
    "OSError: [Errno 28] No space left on device": "disk_full",
    "RuntimeError: CUDA error: device-side assert triggered": "bad_index",
    "RuntimeError: mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5)": "shape_mismatch",
    "FileNotFoundError: [Errno 2] No such file or directory: 'x.json'": "missing_file",
}


@pytest.mark.parametrize("line", DEATHS)
def test_the_last_error_line_names_its_cause(line: str) -> None:
    (cause,) = failures.causes_of_failure(line)
    assert cause.id == DEATHS[line]


def test_an_unknown_error_has_no_invented_cause() -> None:
    assert failures.causes_of_failure("ValueError: something of its own") == ()


def _named_in_code() -> set[str]:
    """Every identifier that the code gives to a cause."""
    named: set[str] = set()
    for path in Path(failures.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("Reason", "Cause"):
                if node.args and isinstance(node.args[0], ast.Constant):
                    named.add(node.args[0].value)
                named |= {
                    branch.value
                    for arg in node.args[:1]
                    if isinstance(arg, ast.IfExp)
                    for branch in (arg.body, arg.orelse)
                    if isinstance(branch, ast.Constant)
                }
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "_replace":
                ids = [key.value for key in node.keywords if key.arg == "id"]
                named |= {
                    n.value for id_ in ids for n in ast.walk(id_) if isinstance(n, ast.Constant)
                }
    return named | {id_ for id_, _ in failures._DEATHS}


def test_every_cause_of_the_code_has_a_text_in_each_language() -> None:
    named = _named_in_code()
    assert {"lr_jump", "data_order", "epoch_mean", "killed", "other_machine"} <= named
    for lang in LANGUAGES:
        knowledge = load(lang)
        assert named <= set(knowledge.causes)
        assert all(knowledge.cause(id_).text for id_ in named)


def test_texts_of_a_kind_are_of_one_that_exists() -> None:
    for text in load("en").patterns.values():
        assert {*text.special, *text.kinds} <= {*get_args(KindId), "goal"}


ANY = (0.0, 1.0, -1.0, 1e-300, 1e300, 1e-9, np.inf, -np.inf, 0.5, 2.0, 1e6)
NAMES = ("loss", "eval_loss", "lr", "grad_norm", "batch_size", "epoch", "time")


@pytest.mark.parametrize(
    "seed", [*range(8), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(8, 40))]
)
def test_whatever_was_logged_a_finding_is_explained(seed: int) -> None:
    random = np.random.default_rng(seed)
    n = int(random.integers(30, 120))
    t = np.arange(1.0, n + 1)
    columns = {"step": np.where(t > n // 2, t - 5, t)}
    for name in NAMES:
        columns[name] = [
            random.choice(ANY, n),
            np.full(n, random.choice(ANY)),
            1 / t + random.normal(0, 0.01, n),
            np.floor(t / 9),
            np.where(t > 0.7 * n, np.inf, 2 - t / n),
        ][random.integers(5)]
    for finding in played(columns).findings:
        assert all(np.isfinite(value) for value in finding.numbers.values())
        for lang in LANGUAGES:
            assert all("{" not in remedy for remedy in load(lang).remedies(finding))
