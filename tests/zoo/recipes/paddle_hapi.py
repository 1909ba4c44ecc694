# /// script
# dependencies = ["paddlepaddle==3.3.1"]
# [tool.zoo]
# tool = "PaddlePaddle Model.fit"
# environment = "paddle"
# train = "loss"
# ends = "finished"
# pace_s = 0.15
# ///
"""`paddle.Model.fit(verbose=2)`: `Epoch 1/4`, then `step 5/15 - loss: ..`."""

import paddle
from zoo import Truth

paddle.seed(0)
truth = Truth()
x = paddle.randn([240, 6])
data = paddle.io.TensorDataset([x, x.sum(1, keepdim=True)])
net = paddle.nn.Linear(6, 1)
model = paddle.Model(net)
model.prepare(paddle.optimizer.SGD(0.02, net.parameters()), paddle.nn.MSELoss())
truth.plan(60)


class Note(paddle.callbacks.Callback):
    epoch = 0

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, step, logs=None):
        if (step + 1) % 5 == 0:
            truth.row(self.epoch * 15 + step + 1, loss=logs["loss"][0])


model.fit(data, epochs=4, batch_size=16, log_freq=5, verbose=2, callbacks=[Note()], num_workers=0)
