# /// script
# dependencies = ["mmengine==0.10.7", "torch==2.13.0", "numpy", "setuptools<81"]
# [tool.zoo]
# tool = "MMEngine"
# environment = "torch"
# train = "loss"
# rate = "lr"
# also = ["data_time", "time", "memory", "grad_norm", "base_lr", "iter"]
# ///
"""A Runner of MMEngine: console, .log and JSON lines of one training."""

import torch
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch.utils.data import DataLoader, TensorDataset
from zoo import Truth

truth = Truth()


class Net(BaseModel):
    def __init__(self):
        super().__init__()
        self.net = torch.nn.Linear(6, 1)

    def forward(self, x, y, mode="loss"):
        return {"loss": torch.nn.functional.mse_loss(self.net(x)[:, 0], y)}


class Note(Hook):
    priority = "VERY_LOW"

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        if (runner.iter + 1) % 5 == 0:
            recent = runner.message_hub.get_scalar("train/loss").mean(5)
            truth.row(runner.iter + 1, loss=recent, lr=0.02)


torch.manual_seed(0)
x = torch.randn(160, 6)
Runner(
    Net(), "work", DataLoader(TensorDataset(x, x.sum(1)), 16),
    train_cfg={"by_epoch": True, "max_epochs": 6}, log_processor={"window_size": 5},
    optim_wrapper={"optimizer": {"type": "SGD", "lr": 0.02}}, custom_hooks=[Note()],
    default_hooks={"logger": {"type": "LoggerHook", "interval": 5}, "checkpoint": None},
).train()  # fmt: skip
