#!/usr/bin/env bash
# gensim 4.4.0: LdaModel logs its perplexity as that of a held-out corpus, where none was held out: it is that of the chunk just trained on.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install -q gensim==4.4.0
env/bin/python - > log.txt 2>&1 <<'PY'
import logging
import random

import gensim
from gensim.corpora import Dictionary
from gensim.models import LdaModel

print("gensim", gensim.__version__)
logging.basicConfig(format="%(message)s", level=logging.INFO)
random.seed(0)
texts = [[f"w{random.randint(0, 20)}" for _ in range(30)] for _ in range(47)]
book = Dictionary(texts)
LdaModel([book.doc2bow(one) for one in texts], num_topics=2, id2word=book, eval_every=1, random_state=0)
PY
grep -E '^gensim|perplexity estimate' log.txt
grep -q 'perplexity estimate based on a held-out corpus of 47 documents with 1410 words' log.txt
