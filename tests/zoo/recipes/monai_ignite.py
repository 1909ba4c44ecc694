# /// script
# dependencies = ["monai==1.6.1", "pytorch-ignite==0.5.5", "torch==2.13.0", "numpy"]
# [tool.zoo]
# tool = "MONAI SupervisedTrainer"
# environment = "torch"
# train = "train_loss"
# ends = "finished"
# pace_s = 0.15
# ///
"""MONAI's trainer with its StatsHandler."""

import logging
import sys

import torch
from ignite.engine import Events
from monai.data import DataLoader
from monai.engines import SupervisedTrainer
from monai.handlers import StatsHandler
from zoo import Truth

logging.basicConfig(stream=sys.stdout, level=logging.INFO)
torch.manual_seed(0)
net = torch.nn.Linear(6, 1)
rows = [{"image": one, "label": one.sum(0, keepdim=True)} for one in torch.randn(160, 6)]
truth = Truth(plan=60)
trainer = SupervisedTrainer(
    device=torch.device("cpu"), max_epochs=6, train_data_loader=DataLoader(rows, batch_size=16),
    network=net, optimizer=torch.optim.SGD(net.parameters(), 0.02), loss_function=torch.nn.MSELoss(),
    train_handlers=[StatsHandler(tag_name="train_loss", output_transform=lambda out: out[0]["loss"])],
)  # fmt: skip


@trainer.on(Events.ITERATION_COMPLETED)
def note(engine):
    truth.row(engine.state.iteration, train_loss=engine.state.output[0]["loss"])


trainer.run()
