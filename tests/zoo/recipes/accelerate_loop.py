# /// script
# dependencies = ["accelerate==1.15.0", "torch==2.13.0", "tensorboard==2.21.0", "numpy"]
# [tool.zoo]
# tool = "accelerate tracker"
# environment = "hf"
# train = "train_loss"
# rate = "lr"
# ///
"""A loop with Accelerate and its TensorBoard tracker."""

import torch
from accelerate import Accelerator
from zoo import Truth

truth = Truth()
accelerator = Accelerator(cpu=True, log_with="tensorboard", project_dir="out")
accelerator.init_trackers("zoo")
torch.manual_seed(0)
net = torch.nn.Linear(6, 1)
net, optimizer = accelerator.prepare(net, torch.optim.SGD(net.parameters(), 0.02))
x = torch.randn(320, 6)
for step in range(1, 41):
    loss = torch.nn.functional.mse_loss(net(x)[:, 0], x.sum(1))
    optimizer.zero_grad()
    accelerator.backward(loss)
    optimizer.step()
    row = {"train_loss": loss.item(), "lr": 0.02}
    accelerator.log(row, step=step)
    truth.values(step, row)
accelerator.end_training()
