# /// script
# dependencies = ["optuna==5.0.0", "numpy"]
# [tool.zoo]
# tool = "Optuna"
# environment = "classic"
# train = "value"
# ///
"""A study that minimises: a line a trial, with its parameters and the best so far."""

import optuna
from zoo import Truth

truth = Truth()
study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))


def objective(trial):
    x = trial.suggest_float("x", -5, 5)
    return x**2 + trial.suggest_int("layers", 1, 4)


study.optimize(objective, 30, callbacks=[lambda _, one: truth.row(one.number, value=one.value)])
