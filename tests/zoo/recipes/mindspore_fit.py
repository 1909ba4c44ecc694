# /// script
# dependencies = ["mindspore==2.10.0", "numpy<2"]
# [tool.zoo]
# tool = "MindSpore LossMonitor"
# environment = "mindspore"
# train = "loss"
# pace_s = 0.15
# note = "the step begins anew in each epoch"
# ///
"""`Model.train` with LossMonitor: `epoch: 1 step: 5, loss is ..`."""

import mindspore
import numpy as np
from mindspore import nn
from mindspore.dataset import NumpySlicesDataset
from mindspore.train import Callback, LossMonitor, Model
from zoo import Truth

mindspore.set_seed(0)
truth = Truth()
x = np.random.default_rng(0).normal(size=(240, 6)).astype("float32")
data = NumpySlicesDataset((x, x.sum(1, keepdims=True)), shuffle=False).batch(16)
net = nn.Dense(6, 1)
model = Model(net, nn.MSELoss(), nn.SGD(net.trainable_params(), 0.02))


class Note(Callback):
    def step_end(self, run_context):
        at = run_context.original_args()
        if at.cur_step_num % 5 == 0:
            truth.row(at.cur_step_num, loss=float(at.net_outputs.asnumpy()))


model.train(4, data, callbacks=[LossMonitor(5), Note()], dataset_sink_mode=False)
