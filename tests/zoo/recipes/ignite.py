# /// script
# dependencies = ["pytorch-ignite==0.5.5", "torch==2.13.0", "numpy", "tqdm"]
# [tool.zoo]
# tool = "PyTorch-Ignite bar"
# environment = "torch"
# train = "loss"
# whole = false
# ends = "finished"
# ///
"""An Engine with ignite's own tqdm bar."""

import torch
from ignite.engine import Engine, Events
from ignite.handlers import ProgressBar
from zoo import Truth

torch.manual_seed(0)
net = torch.nn.Linear(6, 1)
optimizer = torch.optim.SGD(net.parameters(), 0.02)
x = torch.randn(320, 6)
y = x.sum(1)


def step(engine, at):
    loss = torch.nn.functional.mse_loss(net(x[at : at + 32])[:, 0], y[at : at + 32])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return {"loss": loss.item()}


truth = Truth(plan=60)
trainer = Engine(step)
ProgressBar(persist=True).attach(trainer, output_transform=lambda out: out)


@trainer.on(Events.ITERATION_COMPLETED)
def note(engine):
    truth.row(engine.state.iteration, **engine.state.output)


trainer.run(range(0, 320, 32), max_epochs=6)
