# /// script
# dependencies = ["gensim==4.4.0", "numpy"]
# [tool.zoo]
# tool = "gensim LDA"
# environment = "classic"
# eval = "eval_perplexity"
# also = ["per-word bound", "topic diff", "rho"]
# note = "says that it is of a held-out corpus (see findings); a pass each, which gensim counts from 0"
# ///
"""An LdaModel: the bound of a pass as a sentence of logging."""

import logging
import random

from gensim.corpora import Dictionary
from gensim.models import LdaModel
from zoo import Truth

logging.basicConfig(format="%(asctime)s : %(levelname)s : %(message)s", level=logging.INFO)
random.seed(0)
words = [[f"w{t}{random.randint(0, 20)}" for _ in range(30)] for t in range(4) for _ in range(40)]
book = Dictionary(words)
corpus = [book.doc2bow(one) for one in words]
truth = Truth()
count = 0


class Model(LdaModel):
    def log_perplexity(self, *args, **kwargs):
        global count
        bound = super().log_perplexity(*args, **kwargs)
        truth.row(count, eval_perplexity=2.0**-bound)
        count += 1
        return bound


Model(corpus, num_topics=4, id2word=book, passes=12, eval_every=1, random_state=0, chunksize=160)
