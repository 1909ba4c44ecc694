#!/usr/bin/env bash
# spaCy 3.8.18: the LOSS columns of its training table are sums since the row before, so that half as many rows show twice the loss.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install -q spacy==3.8.18
env/bin/python - <<'PY'
import contextlib
import io
import random

import spacy
from spacy.cli.init_config import init_config
from spacy.tokens import DocBin
from spacy.training.initialize import init_nlp
from spacy.training.loop import train

random.seed(0)
nlp = spacy.blank("en")
for path, n in (("train.spacy", 200), ("dev.spacy", 20)):
    docs = DocBin()
    for _ in range(n):
        doc = nlp(" ".join(random.choices(["a", "b", "c", "d"], k=6)))
        good = random.random() < 0.5
        doc.cats = {"good": float(good), "bad": float(not good)}
        docs.add(doc)
    docs.to_disk(path)


def losses(every):
    config = init_config(lang="en", pipeline=["textcat"], optimize="efficiency")
    config["paths"].update(train="train.spacy", dev="dev.spacy")
    config["training"].update(max_steps=120, eval_frequency=every, patience=0, seed=0)
    out = io.StringIO()
    train(init_nlp(config), None, use_gpu=-1, stdout=out)
    rows = [line.split() for line in out.getvalue().splitlines()]
    return [float(row[2]) for row in rows if len(row) >= 4 and row[0].isdigit()]


few, many = losses(40), losses(20)
print(f"spacy {spacy.__version__}: LOSS at every 40 steps {few}, at every 20 {many}")
ratio = sum(few[1:]) / len(few[1:]) / (sum(many[1:]) / len(many[1:]))
print(f"mean of a row: {ratio:.2f} times as much")
assert 1.7 < ratio < 2.3
PY
