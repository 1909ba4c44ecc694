"""A variational autoencoder whose latent says nothing: its KL went to 0.

The decoder does without the code, as strong ones do; the reconstruction then stands where the mean
of the data is.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Limit, Limits
from lossmon.diagnosis.pattern import Example, Pattern
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.view import View
from lossmon.words import said

_KL = r"kld?(?:_?(?:loss|div(?:ergence)?|term))?|loss_kld?"
_REST = r"rec(?:on\w*)?(?:_?loss)?|loss_rec\w*|recon\w*|bce|mse(?:_loss)?|nll|elbo"
_NO_LATENT = ("rl", "rlhf", "preference", "gan", "diffusion")  # their KL is to another policy


class Bounds(Limits):
    """When it holds."""

    rows = Limit(6, "rows, of a log that has ended; twice as many, else", "runs")
    gone = Limit(0.001, "of the reconstruction that the KL is", "usual recipes")
    fell = Limit(0.1, "of its highest: it was there before", "usual recipes")


def find(view: View) -> Finding | None:
    """The KL is next to nothing beside the reconstruction, and does not come back."""
    if view.kind.id in _NO_LATENT or view.train is None:
        return None
    kl, rest = view.around.logged(_KL), view.around.logged(_REST)
    if kl is None or rest is None or kl.name == rest.name:
        return None
    if len(kl.value) < Bounds.rows * (1 if view.ended else 2) or not np.isfinite(kl.value).all():
        return None
    late, level = abs(kl.late()), abs(rest.late())
    highest = float(np.max(np.abs(kl.value)))
    if not late < Bounds.gone * level or late > Bounds.fell * highest:
        return None
    if st.median(np.abs(kl.value[-3:])) > 2 * float(np.min(np.abs(kl.value[1:]))) + 1e-12:
        return None  # it grows again, as behind an annealed weight
    return Finding(
        "posterior_collapse",
        "warning",
        0.85,
        kl.since(np.abs(kl.value) < Bounds.gone * level),
        kl.name,
        said(
            "{kl} went from {highest:.3g} to {late:.2g} while {rest} stands at {level:.4g}: the "
            "code holds nothing of the input",
            kl=kl.name,
            highest=highest,
            late=late,
            rest=rest.name,
            level=level,
        ),
        numbers={"level": late},
    )


def _causes(finding: Finding, view: View) -> Iterator[Reason]:
    yield Reason("kl_weight", said("the KL is at {level:.2g}", level=finding.numbers["level"]), 2.0)


PATTERN = Pattern(
    id="posterior_collapse",
    slot="beside",
    severity="warning",
    find=find,
    needs=("train",),
    logs=(_KL, _REST),
    hides=("healthy", "healthy_pair", "not_decreasing", "underfitting", "plateau"),
    looks=3,
    limits=Bounds,
    causes=_causes,
    typical=("kl_weight", "strong_decoder", "lr_too_high"),
    example=lambda of: Example({"recon": 0.6 + 0.3 * of.fall, "kl": np.exp(-14 * of.t)}),
)
