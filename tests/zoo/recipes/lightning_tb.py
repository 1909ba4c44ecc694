# /// script
# dependencies = ["lightning==2.6.6", "tensorboard==2.21.0", "torch==2.13.0", "numpy"]
# [tool.zoo]
# tool = "Lightning TensorBoardLogger"
# environment = "torch"
# log = ""
# train = "train_loss"
# eval = "val_loss"
# also = ["epoch", "hp_metric"]
# pace_s = 0.3
# ///
"""A LightningModule with a TensorBoardLogger."""

import lightning
import torch
from lightning.pytorch.loggers import Logger, TensorBoardLogger
from torch.utils.data import DataLoader, TensorDataset
from zoo import Truth

truth = Truth()


class Note(Logger):
    name, version = "note", 0

    def log_metrics(self, metrics, step=None):
        if row := {name: value for name, value in metrics.items() if name != "epoch"}:
            truth.values(step, row)

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
        self.log("train_loss", loss)
        return loss

    def validation_step(self, batch, _):
        self.log("val_loss", self.loss(batch))

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.05)


lightning.seed_everything(0)
x = torch.randn(320, 6)
data = TensorDataset(x, x @ torch.randn(6) + torch.randn(320) / 8)
trainer = lightning.Trainer(
    max_epochs=6, log_every_n_steps=2, accelerator="cpu", enable_model_summary=False,
    enable_progress_bar=False, logger=[TensorBoardLogger("."), Note()],
)  # fmt: skip
trainer.fit(Model(), DataLoader(data, 32), DataLoader(data, 64))
