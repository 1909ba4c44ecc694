# /// script
# dependencies = ["tensorboardX==2.6.5"]
# [tool.zoo]
# tool = "tensorboardX"
# environment = "torch"
# log = ""
# train = "loss/train"
# rate = "lr"
# pace_s = 0.4
# note = "flushed every 10 s here; by default every 120 s, till when its file is empty"
# ///
"""tensorboardX, which keeps what it is given until it flushes."""

from tensorboardX import SummaryWriter
from zoo import Truth, descent

truth = Truth()
writer = SummaryWriter("runs/a", flush_secs=10)
for step, loss, _ in descent(60):
    row = {"loss/train": loss, "lr": 0.05}
    for name, value in row.items():
        writer.add_scalar(name, value, step)
    truth.values(step, row)
writer.close()
