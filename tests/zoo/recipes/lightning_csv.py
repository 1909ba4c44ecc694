# /// script
# dependencies = ["lightning==2.6.6", "torch==2.13.0", "numpy"]
# [tool.zoo]
# tool = "Lightning CSVLogger"
# environment = "torch"
# train = "train_loss"
# eval = "val_loss"
# rate = "lr-SGD"
# also = ["train_loss_step", "v_num"]
# ends = "finished"
# stored = ["train.log", "lightning_logs/*/metrics.csv"]
# note = "its bar, which is written to the output when all is over, has the plan"
# ///
"""A LightningModule with a CSVLogger, the learning rate monitored; the bar goes to the output."""

import lightning
import torch
from lightning.pytorch.callbacks import LearningRateMonitor
from lightning.pytorch.loggers import CSVLogger, Logger
from torch.utils.data import DataLoader, TensorDataset
from zoo import Truth

truth = Truth(plan=60)


class Note(Logger):
    name, version = "note", 0

    def log_metrics(self, metrics, step=None):
        rows = {name: value for name, value in metrics.items() if name != "epoch"}
        truth.values(step, rows)

    def log_hyperparams(self, *args, **kwargs):
        pass


class Model(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = torch.nn.Linear(6, 1)

    def loss(self, batch):
        return torch.nn.functional.mse_loss(self.net(batch[0])[:, 0], batch[1])

    def training_step(self, batch, _):
        loss = self.loss(batch)
        self.log("train_loss", loss, prog_bar=True)
        return loss

    def validation_step(self, batch, _):
        self.log("val_loss", self.loss(batch), prog_bar=True)

    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), 0.05)
        return [optimizer], [torch.optim.lr_scheduler.StepLR(optimizer, 3)]


lightning.seed_everything(0)
x = torch.randn(320, 6)
data = TensorDataset(x, x @ torch.randn(6) + torch.randn(320) / 8)
trainer = lightning.Trainer(
    max_epochs=6, log_every_n_steps=5, accelerator="cpu", enable_model_summary=False,
    logger=[CSVLogger("."), Note()], callbacks=[LearningRateMonitor("step")],
)  # fmt: skip
trainer.fit(Model(), DataLoader(data, 32), DataLoader(data, 64))
