# /// script
# dependencies = ["torch==2.13.0", "tensorboard==2.21.0", "numpy"]
# [tool.zoo]
# tool = "torch SummaryWriter"
# environment = "torch"
# train = "loss/train"
# eval = "loss/valid"
# rate = "lr"
# ///
"""torch.utils.tensorboard: an event file that is flushed at every row."""

import torch
from torch.utils.tensorboard import SummaryWriter
from zoo import Truth

torch.manual_seed(0)
truth = Truth()
net = torch.nn.Linear(6, 1)
optimizer = torch.optim.SGD(net.parameters(), 0.02)
x = torch.randn(320, 6)
y = x.sum(1)
writer = SummaryWriter("runs/a")
for step in range(1, 41):
    loss = torch.nn.functional.mse_loss(net(x)[:, 0], y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    row = {"loss/train": loss.item(), "lr": 0.02}
    if step % 10 == 0:
        row["loss/valid"] = loss.item() * 1.1
    for name, value in row.items():
        writer.add_scalar(name, value, step)
    truth.values(step, row)
writer.close()
