# /// script
# dependencies = ["sentence-transformers==6.2.0", "transformers==5.24.0", "torch==2.13.0", "numpy"]
# [tool.zoo]
# tool = "sentence-transformers"
# environment = "hf"
# train = "loss"
# rate = "learning_rate"
# ends = "finished"
# also = ["train_.*", "total_flos"]
# ///
"""SentenceTransformerTrainer on a random BERT that was saved and loaded."""

from datasets import Dataset
from sentence_transformers import SentenceTransformer, SentenceTransformerTrainer
from sentence_transformers import SentenceTransformerTrainingArguments as Arguments
from sentence_transformers.losses import MultipleNegativesRankingLoss
from tiny import note, sentences, tokenizer
from transformers import BertConfig, BertModel
from zoo import Truth

BertModel(
    BertConfig(vocab_size=32, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
               intermediate_size=16, max_position_embeddings=64)
).save_pretrained("../base")  # fmt: skip
tokenizer().save_pretrained("../base")
model = SentenceTransformer("../base")
text = sentences(128)
data = Dataset.from_dict({"anchor": text[:64], "positive": text[64:]})
args = Arguments("out", num_train_epochs=4, per_device_train_batch_size=8, logging_steps=1,
                 use_cpu=True, report_to="none")  # fmt: skip
seen = note(Truth(), "loss", "learning_rate", "grad_norm")
SentenceTransformerTrainer(model, args, train_dataset=data, loss=MultipleNegativesRankingLoss(model),
                           callbacks=[seen]).train()  # fmt: skip
