# /// script
# dependencies = ["pykeen==1.11.1", "torch==2.13.0", "numpy"]
# [tool.zoo]
# tool = "PyKEEN"
# environment = "torch"
# train = "loss"
# ends = "finished"
# whole = false
# pace_s = 0.3
# ///
"""A TransE on the nations that come with the package: a bar over the epochs."""

from pykeen.datasets import Nations
from pykeen.models import TransE
from pykeen.training import SLCWATrainingLoop, TrainingCallback
from torch.optim import Adam
from zoo import Truth

truth = Truth(plan=20)


class Note(TrainingCallback):
    def post_epoch(self, epoch, epoch_loss, **kwargs):
        truth.row(epoch, loss=epoch_loss)


data = Nations()
model = TransE(triples_factory=data.training, embedding_dim=8, random_seed=0)
SLCWATrainingLoop(
    model=model, triples_factory=data.training, optimizer=Adam(model.parameters())
).train(
    triples_factory=data.training,
    num_epochs=20,
    batch_size=256,
    callbacks=[Note()],
    use_tqdm_batch=False,
)
