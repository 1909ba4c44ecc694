# /// script
# dependencies = ["lightning==2.6.6", "torch==2.13.0", "numpy"]
# [tool.zoo]
# tool = "Lightning TQDMProgressBar"
# environment = "torch"
# train = "train_loss"
# whole = false
# note = "the bar counts epochs from 0 and says no plan; one is over when max_epochs is said to be reached"
# ends = "finished"
# ///
"""A LightningModule whose only log is the bar of tqdm, in captured output."""

import lightning
import torch
from lightning.pytorch.callbacks import Callback, TQDMProgressBar
from torch.utils.data import DataLoader, TensorDataset
from zoo import Truth

truth = Truth()


class Note(Callback):
    def on_train_batch_end(self, trainer, module, outputs, batch, at):
        truth.row(trainer.global_step, train_loss=trainer.callback_metrics["train_loss"])


class Model(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = torch.nn.Linear(6, 1)

    def training_step(self, batch, _):
        loss = torch.nn.functional.mse_loss(self.net(batch[0])[:, 0], batch[1])
        self.log("train_loss", loss, prog_bar=True)
        return loss

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.05)


lightning.seed_everything(0)
x = torch.randn(320, 6)
data = TensorDataset(x, x @ torch.randn(6) + torch.randn(320) / 8)
lightning.Trainer(
    max_epochs=6, accelerator="cpu", enable_model_summary=False, logger=False,
    enable_checkpointing=False, callbacks=[TQDMProgressBar(), Note()],
).fit(Model(), DataLoader(data, 32))  # fmt: skip
