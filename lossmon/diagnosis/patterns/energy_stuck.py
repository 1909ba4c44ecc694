"""An interatomic potential learns forces and not energies."""

from __future__ import annotations

from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Limit, Limits
from lossmon.diagnosis.pattern import Pattern
from lossmon.diagnosis.view import View
from lossmon.words import said

_ENERGY = r"(?:rmse|mae|l2)_e(?:_\w+)?|e_(?:rmse|mae)|(?:per_atom_)?energy_(?:rmse|mae)|loss_energy"
_FORCES = r"(?:rmse|mae|l2)_f(?:_\w+)?|f_(?:rmse|mae)|forces?_(?:rmse|mae)|loss_forces?"


class Bounds(Limits):
    """When it holds."""

    forces = Limit(0.5, "of its early error: forces were learned", "runs")
    energy = Limit(0.9, "of its early error: energies were not", "runs")
    points = Limit(20, "rows", "single batches scatter")


def find(view: View) -> Finding | None:
    """The error of the forces halved, that of the energies did not move."""
    energy, forces = view.around.logged(_ENERGY), view.around.logged(_FORCES)
    if energy is None or forces is None or len(energy.value) < Bounds.points:
        return None
    learned = forces.late() <= Bounds.forces * forces.early()
    if not learned or energy.late() < Bounds.energy * energy.early():
        return None
    return Finding(
        "energy_stuck",
        "warning",
        0.8,
        int(energy.step[0]),
        energy.name,
        said(
            "{forces_name} fell from {forces_early:.3g} to {forces_late:.3g}, but {energy_name} "
            "stands at {late:.3g} (start {energy_early:.3g})",
            forces_name=forces.name,
            forces_early=forces.early(),
            forces_late=forces.late(),
            energy_name=energy.name,
            late=energy.late(),
            energy_early=energy.early(),
        ),
        numbers={"early": energy.early(), "late": energy.late()},
    )


PATTERN = Pattern(
    id="energy_stuck",
    slot="beside",
    severity="warning",
    find=find,
    kinds=("potential",),
    logs=(_ENERGY, _FORCES),
    looks=4,
    limits=Bounds,
    typical=("reference_energies", "energy_weight"),
)
