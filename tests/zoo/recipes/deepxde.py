# /// script
# dependencies = ["deepxde==1.15.0", "torch==2.13.0", "numpy", "scikit-learn", "scipy"]
# [tool.zoo]
# tool = "DeepXDE"
# environment = "torch"
# train = "Train loss"
# eval = "Test loss"
# also = ["Test metric"]
# pace_s = 0
# note = "lists of terms: the curve is their sum"
# ///
"""A physics-informed net on u' = -u: `Step  Train loss  Test loss  Test metric`, lists of terms."""

import os

os.environ["DDE_BACKEND"] = "pytorch"

import deepxde as dde
from zoo import Truth

dde.config.set_random_seed(0)
truth = Truth()
space = dde.geometry.TimeDomain(0, 1)
start = dde.icbc.IC(space, lambda x: 1, lambda _, first: first)
data = dde.data.PDE(space, lambda x, u: dde.grad.jacobian(u, x) + u, [start], 24, 2, num_test=20)
model = dde.Model(data, dde.nn.FNN([1, 12, 1], "tanh", "Glorot normal"))
model.compile("adam", lr=0.01)


history, _ = model.train(iterations=600, display_every=20)
for step, train, test in zip(history.steps, history.loss_train, history.loss_test, strict=True):
    shown = [sum(float(f"{term:.2e}") for term in terms) for terms in (train, test)]
    truth.values(step, {"Train loss": shown[0], "Test loss": shown[1]})
