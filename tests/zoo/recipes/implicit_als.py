# /// script
# dependencies = ["implicit==0.7.3", "scipy==1.17.1", "numpy"]
# [tool.zoo]
# tool = "implicit ALS"
# environment = "classic"
# train = "loss"
# whole = false
# ends = "finished"
# pace_s = 0.3
# ///
"""AlternatingLeastSquares with its loss in the bar."""

import scipy.sparse
from implicit.cpu.als import AlternatingLeastSquares
from zoo import Truth

truth = Truth(plan=20)
rows = scipy.sparse.random(120, 80, 0.1, "csr", random_state=0)
model = AlternatingLeastSquares(
    factors=8, iterations=20, calculate_training_loss=True, random_state=0, num_threads=1
)
model.fit(rows, callback=lambda i, seconds, loss: truth.row(i + 1, loss=loss))
