"""Few rows of what is known by heart, and of one answer for everything."""

from __future__ import annotations

import pytest

from lossmon.diagnosis.finding import Diagnosis
from tests.diagnosis.test_few_rows import judged

Columns = dict[str, list[float]]


def hinted(diagnosis: Diagnosis) -> list[tuple[str, str]]:
    """What the hints of the first finding are of, with their first cause."""
    hints = diagnosis.findings[0].hints if diagnosis.findings else ()
    return [(one.pattern, one.causes[0]) for one in hints if one.causes]


KNOWN: dict[str, tuple[Columns, tuple[str, str]]] = {
    "each word": (
        {"perplexity": [1.0, 1.01, 1.0], "eval_perplexity": [5e4, 3.6e4, 2.8e4]},
        ("memorised", "memorising"),
    ),
    "parted": (
        {"train_loss": [0.0481, 0.001], "val_loss": [0.0378, 0.0916]},
        ("overfitting", "memorising"),
    ),
    "the F1 of one answer": (
        {"loss": [1535.62, 1535.61, 1535.63], "accuracy": [0.59] * 3, "F1": [0.74214] * 3},
        ("worst_score", "one_answer"),
    ),
    "two scores that stand": (
        {"loss": [0.5, 0.41, 0.45], "val_acc": [0.7188] * 3, "val_auc": [0.512] * 3},
        ("worst_score", "one_answer"),
    ),
    "pass 60": (
        {"loss": [0.0036, 0.0026, 0.0035, 0.0034], "epoch": [60.0, 60.1, 60.2, 60.3]},
        ("memorised", "memorising"),
    ),
}


@pytest.mark.parametrize(("columns", "first"), KNOWN.values(), ids=list(KNOWN))
def test_few_rows_speak_for_it(columns: Columns, first: tuple[str, str]) -> None:
    assert first in hinted(judged(False, first=700, **columns))


@pytest.mark.parametrize(
    "columns",
    [
        {"perplexity": [1.4, 1.3, 1.25], "eval_perplexity": [1.6, 1.5, 1.4]},
        {"train_loss": [0.5, 0.1], "val_loss": [0.6, 0.5]},
        {"loss": [0.5, 0.41, 0.45], "accuracy": [0.59] * 3, "F1": [0.61] * 3},
        {"loss": [0.5, 0.41, 0.45], "val_acc": [0.5] * 3, "val_auc": [0.5] * 3},
        {"loss": [0.0036, 0.0026, 0.0035, 0.0034], "epoch": [2.0, 2.1, 2.2, 2.3]},
    ],
)
def test_usual_rows_do_not(columns: Columns) -> None:
    causes = {cause for _, cause in hinted(judged(False, first=700, **columns))}
    assert not causes & {"memorising", "one_answer"}


def test_an_accuracy_of_0_beside_a_perplexity_of_9_is_computed_wrongly() -> None:
    ppl = [11.9, 11.3, 11.1, 10.3, 9.8, 9.3, 8.8, 8.7]
    found = judged(True, ppl=ppl, acc=[0.0] * 8).findings[0]
    assert (found.pattern, found.causes[0].id) == ("worst_score", "metric_wrong")
    high = judged(True, ppl=[one * 100 for one in ppl], acc=[0.0] * 8)
    assert not any(one.id == "metric_wrong" for at in high.findings for one in at.causes)


def test_an_error_of_held_out_data_that_leaps_is_told() -> None:
    rows = [39.9, 48.4, 26.6, 592.6, 29932.6]
    assert ("rising", "lr_too_high") in hinted(judged(False, test_rmse=rows))


def test_an_accuracy_of_next_to_nothing_beside_a_small_loss_is_no_classification() -> None:
    rows: Columns = {
        "loss": [0.0201, 0.0192, 0.0198, 0.0174, 0.0185, 0.0179, 0.0213, 0.0172],
        "acc": [0.0056] * 8,
        "val_loss": [0.0078, 0.0078, 0.0079, 0.0079, 0.0078, 0.0079, 0.0081, 0.008],
        "val_acc": [0.0] * 8,
    }
    found = judged(True, **rows).findings[0]
    assert (found.pattern, found.causes[0].id) == ("worst_score", "metric_wrong")
