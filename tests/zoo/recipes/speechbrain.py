# /// script
# dependencies = ["speechbrain==1.1.2", "torch==2.13.0", "numpy"]
# [tool.zoo]
# tool = "SpeechBrain"
# environment = "torch"
# train = "train loss"
# eval = "valid loss"
# rate = "lr"
# pace_s = 0.6
# note = "train_log.txt of its FileTrainLogger"
# ///
"""A Brain with FileTrainLogger."""

import speechbrain as sb
import torch
from speechbrain.utils.train_logger import FileTrainLogger
from zoo import Truth

torch.manual_seed(0)
truth = Truth()
x = torch.randn(160, 6)
data = [(one, one.sum(0, keepdim=True)) for one in x]
file = FileTrainLogger("train_log.txt")


class Model(sb.Brain):
    def compute_forward(self, batch, stage):
        return self.modules.net(batch[0])

    def compute_objectives(self, out, batch, stage):
        return torch.nn.functional.mse_loss(out, batch[1])

    def on_stage_end(self, stage, stage_loss, epoch=None):
        if stage == sb.Stage.TRAIN:
            self.train_loss = stage_loss
            return
        file.log_stats(
            {"epoch": epoch, "lr": 0.02}, {"loss": self.train_loss}, {"loss": stage_loss}
        )
        truth.values(epoch, {"train loss": self.train_loss, "valid loss": stage_loss, "lr": 0.02})


brain = Model({"net": torch.nn.Linear(6, 1)}, lambda p: torch.optim.SGD(p, 0.02),
              run_opts={"device": "cpu"})  # fmt: skip
brain.fit(
    range(1, 16), torch.utils.data.DataLoader(data, 16), torch.utils.data.DataLoader(data, 32)
)
