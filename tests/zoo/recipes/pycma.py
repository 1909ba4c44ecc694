# /// script
# dependencies = ["cma==4.5.0"]
# [tool.zoo]
# tool = "pycma"
# environment = "classic"
# train = "function value"
# also = ["axis ratio", "sigma", "min&max std", "#Fevals"]
# whole = false
# note = "prints iterations 1 to 3, then by time; its own folder outcmaes has columns without a header"
# ///
"""CMA-ES on a bent valley: the table of `disp`, and its folder outcmaes."""

import cma
from zoo import Truth

truth = Truth()
es = cma.CMAEvolutionStrategy(6 * [0.5], 0.3, {"seed": 1, "maxiter": 60, "verb_disp": 5})
while not es.stop():
    points = es.ask()
    es.tell(points, [cma.ff.rosen(one) for one in points])
    es.logger.add()
    es.disp()
    truth.values(es.countiter, {"function value": min(es.fit.fit)})
