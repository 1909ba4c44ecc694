#!/usr/bin/env bash
# Lightning 2.6.6 beside rich: its bar, whose output is a file, is written once, below "Trainer.fit stopped": while it trains, the log has no row.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install -q torch==2.13.0 lightning==2.6.6 rich numpy
env/bin/python - > log.txt 2>&1 <<'PY'
import lightning
import torch
from torch.utils.data import DataLoader, TensorDataset


class Model(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(1, 1)

    def training_step(self, batch, _):
        loss = ((self.layer(batch[0]) - 1) ** 2).mean()
        self.log("train_loss", loss, prog_bar=True)
        return loss

    def on_train_epoch_end(self):
        print("rows on disk:", open("log.txt").read().count("train_loss"), flush=True)

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.1)


data = DataLoader(TensorDataset(torch.ones(40, 1)), 8)
lightning.Trainer(
    max_epochs=3, logger=False, enable_checkpointing=False, accelerator="cpu", enable_model_summary=False
).fit(Model(), data)
PY
grep -E 'rows on disk|stopped|train_loss' log.txt | tee rows.txt
[ "$(grep -c 'rows on disk: 0' rows.txt)" = 3 ]
[ "$(grep -c train_loss rows.txt)" = 1 ]
tail -1 rows.txt | grep -q 'Epoch 2/2 .* 5/5 .*train_loss'
env/bin/pip freeze | grep -iE '^(lightning|rich)='
