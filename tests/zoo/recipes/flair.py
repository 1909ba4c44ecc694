# /// script
# dependencies = ["flair==0.15.1", "torch==2.13.0", "numpy"]
# [tool.zoo]
# tool = "flair"
# environment = "flair"
# train = "loss"
# eval = "DEV_LOSS"
# rate = "lr"
# also = ["time .*", "samples/sec", "epoch_.*", "eval_.*", "DEV_.*", "TRAIN_LOSS", "(micro|macro|weighted)?.*(precision|recall|f1-score|F-score|[Aa]ccuracy).*"]
# ends = "finished"
# pace_s = 0.1
# stored = ["train.log", "out/loss.tsv"]
# note = "its loss is the mean of the epoch so far; a line a batch, one an epoch, and a table"
# ///
"""A text classifier on words: lines of batches, of epochs, and of the held-out set."""

import random

import flair
from flair.data import Corpus, Sentence
from flair.datasets import FlairDatapointDataset
from flair.embeddings import DocumentPoolEmbeddings, OneHotEmbeddings
from flair.models import TextClassifier
from flair.trainers import ModelTrainer
from flair.trainers.plugins import TrainerPlugin
from zoo import Truth

flair.set_seed(0)
random.seed(0)
truth = Truth(plan=80)


losses = []


class Note(TrainerPlugin):
    @TrainerPlugin.hook
    def metric_recorded(self, record):
        if str(record.name) == "train/batch_loss":
            losses.append(float(record.value))
            shown = sum(losses) / len(losses)
            truth.row(record.global_step, loss=shown, lr=0.1)
        elif str(record.name) == "train/loss":
            losses.clear()
        elif str(record.name) == "dev/loss":
            truth.row(10 * record.global_step, DEV_LOSS=record.value)


def sentences(count):
    found = []
    for _ in range(count):
        word = random.choice(["good", "bad"])
        one = Sentence(" ".join([word, *random.choices(["this", "that", "it", "was"], k=4)]))
        found.append(one.add_label("mood", word) and one)
    return FlairDatapointDataset(found)


corpus = Corpus(train=sentences(160), dev=sentences(32), test=sentences(32))
words = corpus.make_vocab_dictionary(min_freq=1)
embeddings = DocumentPoolEmbeddings([OneHotEmbeddings(words, embedding_length=8)])
model = TextClassifier(
    embeddings, label_dictionary=corpus.make_label_dictionary("mood"), label_type="mood"
)
ModelTrainer(model, corpus).train(
    "out", learning_rate=0.1, mini_batch_size=16, max_epochs=8, plugins=[Note()]
)
