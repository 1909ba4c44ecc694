# /// script
# dependencies = ["python-crfsuite==0.9.12"]
# [tool.zoo]
# tool = "python-crfsuite"
# environment = "classic"
# train = "Loss"
# ends = "finished"
# also = ["Feature norm", "Error norm", "Active features", "Line search.*", "Seconds.*"]
# pace_s = 0.1
# ///
"""A CRF by L-BFGS: a block of lines an iteration."""

import random

import pycrfsuite
from zoo import Truth

random.seed(0)
truth = Truth(plan=30)


class Trainer(pycrfsuite.Trainer):
    def on_iteration(self, log, info):
        super().on_iteration(log, info)
        truth.row(info["num"], Loss=info["loss"])


trainer = Trainer(verbose=True)
trainer.set_params({"max_iterations": 30})
for _ in range(60):
    tags = [random.choice("abc") for _ in range(12)]
    trainer.append(
        [[f"w={t}{random.randint(0, 5)}", f"l={random.randint(0, 3)}"] for t in tags], tags
    )
trainer.train("model.crf")
