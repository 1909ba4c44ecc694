# /// script
# dependencies = ["deap==1.4.4", "numpy"]
# [tool.zoo]
# tool = "DEAP"
# environment = "classic"
# also = ["nevals"]
# note = "no curve: nothing in the file says which of its statistics is sought, and whether it should fall"
# ///
"""`eaSimple` that minimises, with the logbook that its examples print."""

import random

import numpy as np
from deap import algorithms, base, creator, tools
from zoo import Truth

random.seed(0)
creator.create("Fit", base.Fitness, weights=(-1.0,))
creator.create("One", list, fitness=creator.Fit)
box = base.Toolbox()
box.register("attr", random.uniform, -3, 3)
box.register("individual", tools.initRepeat, creator.One, box.attr, 5)
box.register("population", tools.initRepeat, list, box.individual)
box.register("evaluate", lambda one: (sum(v * v for v in one),))
box.register("mate", tools.cxBlend, alpha=0.3)
box.register("mutate", tools.mutGaussian, mu=0, sigma=0.3, indpb=0.3)
box.register("select", tools.selTournament, tournsize=3)
truth = Truth()
stats = tools.Statistics(lambda one: one.fitness.values)
for name in ("avg", "std", "min", "max"):
    stats.register(name, {"avg": np.mean, "std": np.std, "min": np.min, "max": np.max}[name])


class Log(tools.Logbook):
    def record(self, **row):
        super().record(**row)
        truth.row(row["gen"], **{name: row[name] for name in ("avg", "std", "min", "max")})


tools.Logbook = Log
algorithms.tools.Logbook = Log
algorithms.eaSimple(box.population(30), box, 0.5, 0.2, 30, stats, verbose=True)
