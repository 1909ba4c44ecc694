# /// script
# dependencies = ["spacy==3.8.18"]
# [tool.zoo]
# tool = "spaCy train"
# environment = "spacy"
# train = "LOSS TEXTCAT"
# also = ["CATS_.*", "SCORE", "E"]
# pace_s = 0.2
# ///
"""`spacy train` of a text classifier: its table of E, #, LOSS and SCORE."""

import random

import spacy
from spacy.cli.init_config import init_config
from spacy.tokens import DocBin
from spacy.training.loop import train
from zoo import Truth

random.seed(0)
nlp = spacy.blank("en")


def corpus(path, n):
    docs = DocBin()
    for _ in range(n):
        good = random.random() < 0.5
        words = random.choices(["nice", "great", "fine"] if good else ["bad", "poor", "sad"], k=3)
        doc = nlp(" ".join([*words, *random.choices(["the", "it", "was"], k=5)]))
        doc.cats = {"good": float(good), "bad": float(not good)}
        docs.add(doc)
    docs.to_disk(path)


corpus("../train.spacy", 200)
corpus("../dev.spacy", 40)
config = init_config(lang="en", pipeline=["textcat"], optimize="efficiency")
config["paths"].update(train="../train.spacy", dev="../dev.spacy")
config["training"].update(max_steps=300, eval_frequency=20, patience=0)
truth = Truth()


@spacy.registry.loggers("zoo.Both.v1")
def both():
    console = spacy.registry.loggers.get("spacy.ConsoleLogger.v2")()

    def setup(nlp, stdout, stderr):
        log, finish = console(nlp, stdout, stderr)

        def step(info):
            log(info)
            if info:
                truth.values(info["step"], {"LOSS TEXTCAT": info["losses"]["textcat"]})

        return step, finish

    return setup


config["training"]["logger"] = {"@loggers": "zoo.Both.v1"}
from spacy.training.initialize import init_nlp  # noqa: E402

train(init_nlp(config), None, use_gpu=-1)
