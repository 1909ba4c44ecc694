# /// script
# dependencies = ["ngboost==0.5.11", "scikit-learn==1.9.1", "numpy"]
# [tool.zoo]
# tool = "NGBoost"
# environment = "classic"
# train = "loss"
# eval = "val_loss"
# also = ["scale", "norm"]
# pace_s = 0
# ///
"""NGBRegressor with a validation set: a row of `loss=`, `val_loss=`, `scale=`, `norm=`."""

import numpy as np
from ngboost import NGBRegressor
from zoo import Truth

rng = np.random.default_rng(0)
x = rng.normal(size=(300, 4))
y = x[:, 0] + x[:, 1] + rng.normal(size=300) / 4
model = NGBRegressor(n_estimators=60, verbose=True, verbose_eval=2, random_state=0)
model.fit(x[:200], y[:200], X_val=x[200:], Y_val=y[200:])
truth = Truth()
scores = model.evals_result
for i, (train, valid) in enumerate(
    zip(scores["train"]["LOGSCORE"], scores["val"]["LOGSCORE"], strict=True)
):
    if i % 2 == 0:
        truth.row(i, loss=train, val_loss=valid)
