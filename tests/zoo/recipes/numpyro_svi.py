# /// script
# dependencies = ["numpyro==0.22.0"]
# [tool.zoo]
# tool = "NumPyro SVI"
# environment = "jax"
# train = "avg. loss"
# also = ["init loss"]
# whole = false
# ends = "finished"
# pace_s = 0
# note = "the bar shows a mean over the steps since the last one"
# ///
"""SVI with its progress bar."""

import jax
import numpyro
import numpyro.distributions as dist
from numpyro.infer import SVI, Trace_ELBO
from numpyro.infer.autoguide import AutoNormal
from zoo import Truth

data = 2 + jax.random.normal(jax.random.PRNGKey(0), (100,))


def model(data):
    level = numpyro.sample("level", dist.Normal(0, 10))
    numpyro.sample("obs", dist.Normal(level, 1), obs=data)


steps = 2000
svi = SVI(model, AutoNormal(model), numpyro.optim.Adam(0.01), Trace_ELBO())
out = svi.run(jax.random.PRNGKey(1), steps, data)
truth = Truth(plan=steps)
batch = steps // 20
for end in range(batch, steps + 1, batch):
    truth.values(end, {"avg. loss": float(out.losses[end - batch : end].mean())})
