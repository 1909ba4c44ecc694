# /// script
# dependencies = ["scikit-learn==1.9.1"]
# [tool.zoo]
# tool = "scikit-learn MLP"
# environment = "classic"
# train = "loss"
# also = ["Validation score"]
# ///
"""`MLPClassifier(verbose=True, early_stopping=True)`: a sentence an iteration, then its score."""

import numpy as np
from sklearn.neural_network import MLPClassifier
from zoo import Truth

rng = np.random.default_rng(0)
x = rng.normal(size=(400, 6))
y = x[:, 0] * x[:, 1] > 0
model = MLPClassifier((16,), verbose=True, max_iter=40, early_stopping=True, n_iter_no_change=40)
truth = Truth()
append = type(model)._update_no_improvement_count


def note(self, *args):
    append(self, *args)
    truth.row(self.n_iter_, loss=self.loss_curve_[-1])


type(model)._update_no_improvement_count = note  # called after the row of each iteration
model.fit(x, y)
