# /// script
# dependencies = ["torch==2.13.0", "tensorboard==2.21.0", "numpy"]
# [tool.zoo]
# tool = "torch SummaryWriter new_style"
# environment = "torch"
# log = ""
# train = "loss"
# eval = "val_loss"
# ///
"""Scalars as tensors (`new_style=True`)."""

from torch.utils.tensorboard import SummaryWriter
from zoo import Truth, descent

truth = Truth()
writer = SummaryWriter("runs/a")
for step, loss, whole in descent(40):
    writer.add_scalar("loss", loss, step, new_style=True)
    writer.add_scalar("val_loss", whole, step, new_style=True)
    truth.row(step, loss=loss, val_loss=whole)
writer.close()
