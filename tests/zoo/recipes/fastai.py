# /// script
# dependencies = ["fastai==2.8.12", "torch==2.13.0", "numpy", "pandas"]
# [tool.zoo]
# tool = "fastai"
# environment = "torch"
# train = "train_loss"
# eval = "valid_loss"
# ends = "finished"
# pace_s = 0.6
# note = "prints epochs from 0, and its bar from 1"
# ///
"""`fit_one_cycle` of a tabular learner: fastai's table an epoch, and CSVLogger's history.csv."""

import numpy as np
import pandas as pd
from fastai.callback.progress import CSVLogger
from fastai.tabular.all import Callback, RegressionBlock, TabularDataLoaders, tabular_learner
from zoo import Truth

rng = np.random.default_rng(0)
frame = pd.DataFrame(rng.normal(size=(400, 4)), columns=list("abcd"))
frame["y"] = frame.a * 2 - frame.b
truth = Truth(plan=12)


class Note(Callback):
    order = 70

    def after_epoch(self):
        row = self.learn.recorder.values[-1]
        truth.row(self.epoch, train_loss=row[0], valid_loss=row[1])


loaders = TabularDataLoaders.from_df(
    frame, y_names="y", cont_names=list("abcd"), y_block=RegressionBlock(), bs=64, num_workers=0
)
tabular_learner(loaders, layers=[16], cbs=[CSVLogger(), Note()]).fit_one_cycle(12, 0.01)
