# /// script
# dependencies = ["pymoo==0.6.2", "numpy"]
# [tool.zoo]
# tool = "pymoo"
# environment = "pymoo"
# train = "f_min"
# also = ["n_eval", "f_avg", "f_gap", "cv_.*", "eps"]
# ///
"""A genetic algorithm of pymoo: the table of n_gen, n_eval, f_avg, f_min."""

from pymoo.algorithms.soo.nonconvex.ga import GA
from pymoo.core.callback import Callback
from pymoo.optimize import minimize
from pymoo.problems import get_problem
from zoo import Truth

truth = Truth()


class Note(Callback):
    def notify(self, algorithm):
        truth.row(algorithm.n_gen, f_min=float(algorithm.opt[0].F[0]))


minimize(
    get_problem("sphere", n_var=6),
    GA(pop_size=30),
    ("n_gen", 30),
    seed=1,
    verbose=True,
    callback=Note(),
)
