# /// script
# dependencies = ["scvi-tools==1.4.2", "torch==2.13.0", "numpy"]
# [tool.zoo]
# tool = "scvi-tools"
# environment = "torch"
# train = "train_loss"
# whole = false
# ends = "finished"
# pace_s = 0.3
# note = "one bar over the epochs; nothing else is on disk"
# ///
"""A small SCVI on counts: one bar over the epochs."""

import numpy as np
import scvi
from anndata import AnnData
from lightning.pytorch.callbacks import Callback
from zoo import Truth

scvi.settings.seed = 0
truth = Truth(plan=20)


class Note(Callback):
    def on_train_epoch_end(self, trainer, module):
        truth.row(trainer.current_epoch + 1, train_loss=trainer.callback_metrics["train_loss"])


data = AnnData(np.random.default_rng(0).poisson(2, size=(300, 30)).astype("float32"))
scvi.model.SCVI.setup_anndata(data)
scvi.model.SCVI(data, n_hidden=8, n_latent=2).train(20, accelerator="cpu", callbacks=[Note()])
