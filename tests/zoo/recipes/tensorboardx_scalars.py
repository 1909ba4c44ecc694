# /// script
# dependencies = ["tensorboardX==2.6.5"]
# [tool.zoo]
# tool = "tensorboardX add_scalars"
# environment = "torch"
# log = ""
# train = "train/loss"
# eval = "valid/loss"
# note = "a folder with an event file a curve; the tag stays the group's"
# ///
"""`add_scalars`: several curves in one picture, each in a folder of its own."""

from tensorboardX import SummaryWriter
from zoo import Truth, descent

truth = Truth()
writer = SummaryWriter("runs/a", flush_secs=1)
for step, loss, whole in descent(40):
    writer.add_scalars("loss", {"train": loss, "valid": whole}, step)
    truth.values(step, {"train/loss": loss, "valid/loss": whole})
writer.close()
