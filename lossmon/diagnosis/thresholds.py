"""Every threshold of the diagnosis, in one place, with its source.

"words" are the operational definitions of the practitioner's table; "runs" are real trainings
whose causes were injected on purpose, of which half were looked at when a number was chosen.
All are ratios: nothing changes when a loss is multiplied or logged more often.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Thresholds:
    """Thresholds; shares are of the drop, of the level or of the run, as said."""

    # -- enough to tell ------------------------------------------------------------------------
    min_points: int = 8  # fewer train points: too early for any pattern of one curve
    min_points_live: int = 20  # while a run goes on
    min_evals: int = 4  # fewer: too early for a pattern of two curves
    # -- diverged --------------------------------------------------------------------------------
    diverged_factor: float = 2.5  # x the start level, sustained (words: 2 to 3)
    diverged_far: float = 10.0  # x the start level: so far away it may swing as it likes
    diverged_share: float = 0.05  # newest part that must be up there
    nan_share: float = 0.02  # newest part that must be finite again before it counts as over
    # -- rebound ---------------------------------------------------------------------------------
    rebound_of_drop: float = 0.25  # words
    rebound_of_low: float = 0.10  # words
    rebound_fall: float = 0.10  # it must have fallen by so much of the start level first
    rebound_errors: float = 5.0  # standard errors
    rebound_errors_soon: float = 6.0  # likewise of the newest few points, which are looked at often
    rebound_stays: float = 0.85  # of the newest points beyond the threshold (prototype)
    # -- oscillating -----------------------------------------------------------------------------
    swing: float = 0.35  # P95 - P5 of the detrended last 60 %, over the level (words)
    swing_wild: float = 2.2  # whatever its shape (losses of single examples: CV 0.5, 1.6 to 2)
    swing_coloured: float = 3.45  # P95 - P5 in noise sigmas; white noise has 3.29
    swing_loud: float = 0.9  # whatever its shape, where there is no fall beneath it (runs: to 0.83)
    swing_of_drop: float = 0.45  # of the drop (words: half)
    swing_of_fall: float = 1.5  # of the drop where it is significant (runs: 3 and more)
    swing_room: float = 0.35  # of the start level: while noise leaves room for it, more is awaited
    # -- not_decreasing --------------------------------------------------------------------------
    flat_drop: float = 0.03  # of the start level (words: 2 %, grey to 10 %)
    flat_drop_noisy: float = 0.10  # where it is not significant either
    flat_room: float = 0.2  # of the start level: while noise leaves room for it, more is awaited
    flat_projected: float = 0.06  # of it at the end of the plan: likewise (words: grey to 10 %)
    flat_points: int = 1000  # likewise for a significant fall, however small, with no known plan
    flat_errors: float = 3.0  # standard errors that a drop must exceed (words: 3 to 5)
    # -- not_converged ---------------------------------------------------------------------------
    falling_share: float = 0.055  # of the drop made in the last fifth (words: 10 %, grey from 5 %)
    falling_of_level: float = 0.02  # and of the level: a curve next to its floor has converged
    falling_line: float = 0.075  # likewise by a straight line through the last 40 %, which bends up
    falling_errors: float = 2.5  # standard errors of that line's fall
    # -- plateau ---------------------------------------------------------------------------------
    plateau_level: float = 0.38  # end level over start level: a curve that fell far is healthy
    plateau_left: float = 0.03  # of the drop left at 40 % (words: 2 %, grey to 6 %)
    plateau_tail: float = 0.035  # fall over the last 60 %, over the level (words: 2 %, grey to 6 %)
    plateau_high: float = 0.60  # end level over start level that is high (runs); from there on
    plateau_left_high: float = 0.06  # all of the grey zone of the words counts,
    plateau_tail_high: float = 0.03  # if the level barely moved
    # -- train and eval --------------------------------------------------------------------------
    overfit_rise: float = 0.045  # over eval's minimum (words: 3 to 6 %)
    overfit_errors: float = 4.0  # standard errors (words); half of it where eval climbs steadily:
    overfit_climb: float = 2.5  # Mann-Kendall z since the minimum
    overfit_train: float = -0.01  # log drop of train since then: it must not rise (words)
    overfit_evals: int = 2  # evals after the minimum (words)
    underfit_fall: float = 0.08  # of each curve (words: 3 %, grey to 10 %)
    ahead_ratio: float = 0.62  # train's log drop over eval's (words: 1 / 1.4 grey, 1 / 2.5 plain)
    ahead_pace: float = 0.55  # steps for the same drop, eval's over train's (words: a half)
    ahead_lead: float = 0.05  # log drop by which it then leads
    ahead_fall: float = 0.14  # relative fall of eval (words: 15 %)
    train_stuck: float = 0.75  # log drop of train under which it may be stuck
    train_stuck_share: float = 0.24  # of its drop made after 40 %: still falling (runs)
    train_near_start: float = 0.05  # log drop of train that is none (words: 3 %)
    lead_gap: float = 0.10  # eval below train by so much throughout
    lead_share: float = 0.45  # eval reaches train's newest level in so much of the run
    # -- beyond the table ------------------------------------------------------------------------
    spike_errors: float = 8.0  # noise sigmas above its neighbours
    spike_of_level: float = 0.5  # and over the level there
    spike_of_drop: float = 0.1  # and over the whole fall of the run
    grad_explosion: float = 10.0  # x the usual grad norm, sustained
    grad_vanishing: float = 1e-3  # x its early level, sustained
    lr_zero: float = 1e-3  # of the peak, while 30 % of the steps remain or passed
    slowdown: float = 0.5  # of the former speed, for good (words)
    slowdown_share: float = 0.08  # of the run that it must have lasted
    chance_within: float = 0.02  # of ln C (words)
    chance_share: float = 0.5  # of the run, its newest part, that must be there
    stair_share: float = 0.6  # of the fall after the first epoch that is made at boundaries
    stair_drop: float = 0.03  # of the level, at a boundary
    stair_errors: float = 3.0  # standard errors
    restart_rise: float = 0.05  # of the level: the loss came back higher than it left
    # -- while a run goes on ---------------------------------------------------------------------
    hold_plan: float = 0.25  # of the plan before a slow pattern is said (prototype: 20 %)
    hold_points: int = 100  # where no plan is known
    hold_plateau_plan: float = 0.5  # of the plan (prototype)


DEFAULT = Thresholds()
