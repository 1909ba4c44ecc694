# /// script
# dependencies = ["gensim==4.4.0", "numpy"]
# [tool.zoo]
# tool = "gensim Word2Vec"
# environment = "classic"
# train = "loss"
# also = ["effective words/s"]
# note = "a callback of the user's prints the loss, as gensim's own lines have none"
# ///
"""Word2Vec with logging on and the callback that everybody writes to see a loss."""

import logging
import random

from gensim.models import Word2Vec
from gensim.models.callbacks import CallbackAny2Vec
from zoo import Truth

logging.basicConfig(format="%(asctime)s : %(levelname)s : %(message)s", level=logging.INFO)
random.seed(0)
words = [[f"w{t}{random.randint(0, 20)}" for _ in range(30)] for t in range(4) for _ in range(100)]
truth = Truth()


class Note(CallbackAny2Vec):
    def __init__(self):
        self.epoch, self.before = 0, 0.0

    def on_epoch_end(self, model):
        self.epoch += 1
        total = model.get_latest_training_loss()
        loss, self.before = total - self.before, total
        print(f"Epoch {self.epoch} loss: {loss}")
        truth.row(self.epoch, loss=loss)


Word2Vec(words, vector_size=8, epochs=20, workers=1, compute_loss=True, callbacks=[Note()])
