# /// script
# dependencies = ["chemprop==2.3.1", "lightning==2.6.6", "torch==2.13.0", "numpy"]
# [tool.zoo]
# tool = "chemprop"
# environment = "torch"
# train = "train_loss_step"
# eval = "val_loss"
# also = ["val/.*", "lr.*"]
# pace_s = 0.5
# ///
"""A message passing network on a few molecules, CSVLogger of Lightning."""

import lightning
from chemprop import data, models, nn
from lightning.pytorch.loggers import CSVLogger, Logger
from zoo import Truth

truth = Truth()


class Note(Logger):
    name, version = "note", 0

    def log_metrics(self, metrics, step=None):
        if row := {name: value for name, value in metrics.items() if "loss" in name}:
            truth.values(step, row)

    def log_hyperparams(self, *args, **kwargs):
        pass


molecules = ["C" * n + end for n in range(1, 30) for end in ("O", "N", "Cl")]
points = [data.MoleculeDatapoint.from_smi(one, [len(one) / 10]) for one in molecules]
loader = data.build_dataloader(data.MoleculeDataset(points), batch_size=16, num_workers=0)
model = models.MPNN(
    nn.BondMessagePassing(d_h=16), nn.MeanAggregation(), nn.RegressionFFN(input_dim=16)
)
lightning.seed_everything(0)
lightning.Trainer(
    max_epochs=12, accelerator="cpu", logger=[CSVLogger("."), Note()], enable_progress_bar=False,
    log_every_n_steps=1,
).fit(model, loader, loader)  # fmt: skip
