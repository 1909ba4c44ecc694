# /// script
# dependencies = ["lightning==2.6.6", "torch==2.13.0", "numpy"]
# [tool.zoo]
# tool = "Lightning Fabric CSVLogger"
# environment = "torch"
# train = "loss"
# ///
"""Fabric with its CSVLogger."""

import torch
from lightning.fabric import Fabric
from lightning.fabric.loggers import CSVLogger
from zoo import Truth

truth = Truth()
fabric = Fabric(accelerator="cpu", loggers=CSVLogger(".", flush_logs_every_n_steps=1))
fabric.launch()
torch.manual_seed(0)
net = torch.nn.Linear(6, 1)
net, optimizer = fabric.setup(net, torch.optim.SGD(net.parameters(), 0.02))
x = torch.randn(320, 6)
for step in range(40):
    loss = torch.nn.functional.mse_loss(net(x)[:, 0], x.sum(1))
    optimizer.zero_grad()
    fabric.backward(loss)
    optimizer.step()
    fabric.log("loss", loss.item(), step=step)
    truth.row(step, loss=loss.item())
fabric.logger.finalize("success")
