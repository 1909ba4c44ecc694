# /// script
# dependencies = ["flax==0.12.8", "optax==0.2.8", "jax==0.10.2"]
# [tool.zoo]
# tool = "Flax and Optax loop"
# environment = "jax"
# train = "train_loss"
# eval = "test_loss"
# ///
"""The loop of Flax's own examples: absl's logging of `epoch:% 3d, train_loss: %.4f, ...`."""

import flax.linen as nn
import jax
import optax
from absl import logging
from flax.training import train_state
from zoo import Truth

logging.set_verbosity(logging.INFO)
truth = Truth()
x = jax.random.normal(jax.random.PRNGKey(0), (320, 6))
y = x.sum(1)
net = nn.Dense(1)
state = train_state.TrainState.create(
    apply_fn=net.apply, params=net.init(jax.random.PRNGKey(1), x), tx=optax.sgd(0.02)
)


def loss_of(params, x, y):
    return ((net.apply(params, x)[:, 0] - y) ** 2).mean()


for epoch in range(1, 31):
    loss, grads = jax.value_and_grad(loss_of)(state.params, x[:256], y[:256])
    state = state.apply_gradients(grads=grads)
    test = loss_of(state.params, x[256:], y[256:])
    logging.info("epoch:% 3d, train_loss: %.4f, test_loss: %.4f", epoch, loss, test)
    truth.row(epoch, train_loss=loss, test_loss=test)
