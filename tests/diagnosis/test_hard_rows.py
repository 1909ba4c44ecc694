"""Whatever a few rows hold, no pattern breaks: one that does ends the diagnosis of its run.

A fuzzer found a loss of 2^63 behind a restart: of three rows that were logged one counted.
"""

from __future__ import annotations

import math

from hypothesis import example, given, settings
from hypothesis import strategies as st

from lossmon.diagnosis.engine import Engine
from lossmon.formats.lexicon import role
from lossmon.history.run import History

NAMES = (
    "loss", "eval_loss", "loss_a", "loss_b", "total_loss", "num_tokens", "max_steps", "accuracy",
    "eval/wer", "grad_norm", "learning_rate", "reward", "kl", "entropy", "loss_scale", "d_loss",
    "step_time", "memory", "temperature", "ppl", "",
)  # fmt: skip
NUMBERS = (
    0.0, -0.0, 1.0, 2.0, -1.0, 0.5, 2.0**24, 2.0**63, 1e300, -1e300, 5e-324, 1e-12, math.log(10),
    math.nan, math.inf, -math.inf,
)  # fmt: skip
STEPS = st.one_of(st.integers(0, 5), st.sampled_from((2**62, 2**63 - 1)))
ROWS = st.tuples(
    STEPS, st.dictionaries(st.sampled_from(NAMES), st.sampled_from(NUMBERS), min_size=1)
)


@settings(max_examples=60)
@given(st.lists(ROWS, min_size=1, max_size=14), st.booleans())
@example([(0, {"loss": 1.0}), *((i, {"": 1.0}) for i in range(6))], False)
@example([(0, {"loss": 3.0}), (3, {"loss": 0.5}), (0, {"loss": 2.0**63})], False)
def test_no_pattern_breaks(rows: list[tuple[int, dict[str, float]]], ended: bool) -> None:
    history, engine = History(role), Engine()
    chosen: dict[str, str] = {}
    for step, values in rows:
        history.append(values, step)
        for name in values:
            chosen.setdefault(role(name), name)
        engine.observe(history, chosen)
    for finding in engine.conclude(history, chosen, ended).findings:
        assert finding.since_step <= 2**63
